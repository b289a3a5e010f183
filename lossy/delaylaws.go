package lossy

import (
	"math"
	"time"
)

// NormalDelay is a normal distribution of mean Delay and standard deviation
// Jitter. What it would have below zero is zero: nothing worth mentioning if
// Jitter is a quarter of Delay or less; at Jitter = Delay the mean is 8.3 % of
// Jitter higher, and the standard deviation 0.867 of it.
type NormalDelay struct{}

// ParetoDelay is a Pareto distribution of shape 3, moved and scaled to mean Delay
// and standard deviation Jitter. It begins at Delay - 0.577 Jitter and has no
// end: one packet in 1000 is late by more than 9.8 Jitter. (netem's table of that
// name ends at 4, and has a standard deviation of 0.82.)
type ParetoDelay struct{}

// ParetoNormalDelay is a quarter of a normal deviate and three quarters of a
// Pareto one, scaled to mean Delay and standard deviation Jitter, below zero zero.
type ParetoNormalDelay struct{}

// LogNormalDelay is a lognormal distribution of mean Delay and standard
// deviation Jitter, both exact: it is never below zero.
type LogNormalDelay struct{}

// String is the law as ParseDistribution reads it.
func (NormalDelay) String() string { return "normal" }

// String is the law as ParseDistribution reads it.
func (ParetoDelay) String() string { return "pareto" }

// String is the law as ParseDistribution reads it.
func (ParetoNormalDelay) String() string { return "paretonormal" }

// String is the law as ParseDistribution reads it.
func (LogNormalDelay) String() string { return "lognormal" }

func (NormalDelay) validate(*Profile) error       { return nil }
func (ParetoDelay) validate(*Profile) error       { return nil }
func (ParetoNormalDelay) validate(*Profile) error { return nil }
func (LogNormalDelay) validate(*Profile) error    { return nil }

func (NormalDelay) start(p *Profile, of streams) delayLaw {
	return &normalDelay{of(drawNormal), float64(p.Delay), float64(p.Jitter)}
}

func (ParetoDelay) start(p *Profile, of streams) delayLaw {
	return &paretoDelay{of(drawPareto), float64(p.Delay), float64(p.Jitter)}
}

func (ParetoNormalDelay) start(p *Profile, of streams) delayLaw {
	return &paretoNormalDelay{of(drawNormal), of(drawPareto), float64(p.Delay), float64(p.Jitter)}
}

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

type normalDelay struct {
	draws    stream
	mean, sd float64 // nanoseconds
}

func (d *normalDelay) fill(first uint64, delays *[batch]time.Duration) {
	var z [batch]float64
	d.draws.normals(first, &z)
	for i := range z { // a second variable would be a copy of the array
		delays[i] = delayOf(d.mean + float64(d.sd*z[i]))
	}
}

type paretoDelay struct {
	draws    stream
	mean, sd float64
}

func (d *paretoDelay) fill(first uint64, delays *[batch]time.Duration) {
	for i := range delays {
		delays[i] = delayOf(d.mean + float64(d.sd*d.draws.pareto(first+uint64(i))))
	}
}

// pareto is a deviate of mean 0 and standard deviation 1. The largest of three
// uniform numbers is at most u with probability u^3, so its reciprocal is Pareto
// of shape 3, of which the mean is 3/2 and the variance 3/4.
func (s stream) pareto(index uint64) float64 {
	largest := opened(max(s.at(3*index), s.at(3*index+1), s.at(3*index+2)))
	return float64((1/largest - 1.5) * 1.1547005383792515)
}

type paretoNormalDelay struct {
	normal, pareto stream
	mean, sd       float64
}

func (d *paretoNormalDelay) fill(first uint64, delays *[batch]time.Duration) {
	var z [batch]float64
	d.normal.normals(first, &z)
	for i := range z {
		z[i] = float64(0.25*z[i]) + float64(0.75*d.pareto.pareto(first+uint64(i)))
	}
	for i := range z {
		delays[i] = delayOf(d.mean + float64(d.sd*float64(z[i]*1.2649110640673518))) // 1/sqrt(0.25^2 + 0.75^2)
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

// delayOf rounds to the nearest nanosecond within the bounds.
func delayOf(nanoseconds float64) time.Duration {
	if d := time.Duration(nanoseconds + 0.5); uint64(d) <= uint64(MaxDelay) {
		return d
	}
	return time.Duration(min(max(nanoseconds, 0), float64(MaxDelay)) + 0.5) // seldom, and dear
}
