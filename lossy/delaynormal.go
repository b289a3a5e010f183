package lossy

import "time"

// NormalDelay is a normal distribution of mean Delay and standard deviation
// Jitter. What it would have below zero is zero: nothing worth mentioning if
// Jitter is a quarter of Delay or less; at Jitter = Delay the mean is 8.3 % of
// Jitter higher, and the standard deviation 0.867 of it.
type NormalDelay struct{}

// String is the law as ParseDistribution reads it.
func (NormalDelay) String() string { return "normal" }

func (NormalDelay) validate(*Profile) error { return nil }

func (NormalDelay) start(p *Profile, of streams) delayLaw {
	return &normalDelay{of(drawNormal), float64(p.Delay), float64(p.Jitter)}
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
