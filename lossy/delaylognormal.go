package lossy

import (
	"math"
	"time"
)

// LogNormalDelay is a lognormal distribution of mean Delay and standard
// deviation Jitter, both exact: it is never below zero.
type LogNormalDelay struct{}

// String is the law as ParseDistribution reads it.
func (LogNormalDelay) String() string { return "lognormal" }

func (LogNormalDelay) validate(*Profile) error { return nil }

// With s^2 = ln(1 + (sd/mean)^2), the logarithm has mean ln(mean) - s^2/2 and
// standard deviation s.
func (LogNormalDelay) start(p *Profile, of streams) delayLaw {
	if p.Jitter == 0 { // also if there is no delay, of which there is no logarithm
		return fixedDelay(p.Delay)
	}
	mean, sd := float64(p.Delay), float64(p.Jitter)
	ss := logarithm(1 + float64(sd/mean*(sd/mean)))
	return &logNormalDelay{of(drawNormal), logarithm(mean) - ss/2, math.Sqrt(ss)}
}

type fixedDelay time.Duration

func (d fixedDelay) fill(_ uint64, delays *[batch]time.Duration) {
	for i := range delays {
		delays[i] = time.Duration(d)
	}
}

type logNormalDelay struct {
	draws    stream
	mean, sd float64 // of the logarithm of nanoseconds
}

func (d *logNormalDelay) fill(first uint64, delays *[batch]time.Duration) {
	var z [batch]float64
	d.draws.normals(first, &z)
	for i := range z {
		delays[i] = delayOf(exponential(d.mean + float64(d.sd*z[i])))
	}
}
