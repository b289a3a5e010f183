package lossy

import "time"

// ParetoDelay is a Pareto distribution of shape 3, moved and scaled to mean Delay
// and standard deviation Jitter. It begins at Delay - 0.577 Jitter and has no
// end: one packet in 1000 is late by more than 9.8 Jitter. (netem's table of that
// name ends at 4, and has a standard deviation of 0.82.)
type ParetoDelay struct{}

// String is the law as ParseDistribution reads it.
func (ParetoDelay) String() string { return "pareto" }

func (ParetoDelay) validate(*Profile) error { return nil }

func (ParetoDelay) start(p *Profile, of streams) delayLaw {
	return &paretoDelay{of(drawPareto), float64(p.Delay), float64(p.Jitter)}
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
