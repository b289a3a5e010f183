package lossy

import "time"

// ParetoNormalDelay is a quarter of a normal deviate and three quarters of a
// Pareto one, scaled to mean Delay and standard deviation Jitter, below zero zero.
type ParetoNormalDelay struct{}

// String is the law as ParseDistribution reads it.
func (ParetoNormalDelay) String() string { return "paretonormal" }

func (ParetoNormalDelay) validate(*Profile) error { return nil }

func (ParetoNormalDelay) start(p *Profile, of streams) delayLaw {
	return &paretoNormalDelay{of(drawNormal), of(drawPareto), float64(p.Delay), float64(p.Jitter)}
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
