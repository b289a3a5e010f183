package lossy

import (
	"math"
	"time"
)

// moments are what a law of delay promises, in nanoseconds: the mean, the
// variance, and the variance of the squared distance from the mean, which is
// infinite where single packets outweigh all others.
type moments struct{ mean, variance, fourth float64 }

// expectDelay is what the profile's delays are held to. Nothing is said, by nil,
// of a delay that does not vary, of traces, in which there is no chance, of netem's
// arithmetic, and where so many delays are cut off at zero that the law is another.
func expectDelay(p *Profile) *moments {
	if p.Netem.On {
		return nil
	}
	if d, is := p.Distribution.(DelayCDF); is {
		return d.expect(p)
	}
	mean, sd := float64(p.Delay), float64(p.Jitter)
	if p.Jitter == 0 {
		return nil
	}
	m := &moments{mean: mean, variance: sd * sd}
	switch d := p.Distribution.(type) {
	case nil: // uniform over 2*Jitter+1 nanoseconds
		m.variance = sd * (sd + 1) / 3
		m.fourth = 0.8 * m.variance * m.variance
		return m
	case NormalDelay:
		m.fourth = 2 * m.variance * m.variance
		return m.unlessCut(p, 4)
	case LogNormalDelay:
		w := 1 + m.variance/(mean*mean)
		m.fourth = (w*w*w*w + 2*w*w*w + 3*w*w - 4) * m.variance * m.variance
		return m.unlessCut(p, 1) // beyond, few packets make the mean
	case ParetoDelay:
		m.fourth = math.Inf(1)
		return m.unlessCut(p, 0.578)
	case ParetoNormalDelay:
		m.fourth = math.Inf(1)
		return m.unlessCut(p, 2)
	case DelayTable:
		return d.promises.expect(p)
	case NetemTable:
		return d.promises.expect(p)
	}
	return nil
}

// unlessCut is nil if the delay is less than so many times the jitter.
func (m *moments) unlessCut(p *Profile, times float64) *moments {
	if float64(p.Delay) < times*float64(p.Jitter) {
		return nil
	}
	return m
}

// expect is what the law promises with the profile's Delay, unless it is all but
// constant.
func (d DelayCDF) expect(p *Profile) *moments {
	n := (len(d.points) - 2*guides) / 16
	if n < 1 || d.promises.variance < 1 || time.Duration(word(d.points, 2*(n-1)))+p.Delay > MaxDelay {
		return nil
	}
	m := d.promises
	m.mean += float64(p.Delay)
	return &m
}

// momentsOfCDF are those of delays, in whole nanoseconds, that are alike from one
// point up to, and without, the next: of the first point's share they are all its own.
func momentsOfCDF(delays []time.Duration, probabilities []float64) moments {
	part := func(i int) (weight, mean, variance, fourth float64) {
		if i == 0 {
			return probabilities[0], float64(delays[0]), 0, 0
		}
		weight = probabilities[i] - probabilities[i-1]
		values := float64(delays[i] - delays[i-1])
		if values == 0 {
			return weight, float64(delays[i]), 0, 0
		}
		square := values * values
		return weight, float64(delays[i-1]) + (values-1)/2, (square - 1) / 12, (square - 1) * (3*square - 7) / 240
	}
	var m moments
	for i := range delays {
		weight, mean, _, _ := part(i)
		m.mean += weight * mean
	}
	fourth := 0.0
	for i := range delays {
		weight, mean, variance, own := part(i)
		off := (mean - m.mean) * (mean - m.mean)
		m.variance += weight * (variance + off)
		fourth += weight * (own + 6*off*variance + off*off)
	}
	m.fourth = max(0, fourth-m.variance*m.variance)
	return m
}

// tableMoments are those of the samples of a table, of which Jitter makes a delay.
type tableMoments struct {
	moments
	least, most float64
}

// leastSpread is the standard deviation, in nanoseconds, below which it matters to the
// mean of very many packets that a table's delays are rounded to nanoseconds.
const leastSpread = 1e4

func (t *tableMoments) expect(p *Profile) *moments {
	mean, unit := float64(p.Delay), float64(p.Jitter)/tableScale
	if unit*math.Sqrt(t.variance) < leastSpread || mean+unit*t.least < 0 || mean+unit*t.most > float64(MaxDelay) {
		return nil
	}
	square := unit * unit
	return &moments{mean + unit*t.mean, square * t.variance, square * square * t.fourth}
}

// momentsOfTable reads samples of 2 bytes.
func momentsOfTable(samples []byte) tableMoments {
	n := float64(len(samples) / 2)
	t := tableMoments{least: math.Inf(1), most: math.Inf(-1)}
	each := func(f func(x float64)) {
		for i := 0; i < len(samples); i += 2 {
			f(float64(int16(uint16(samples[i])<<8 | uint16(samples[i+1]))))
		}
	}
	each(func(x float64) {
		t.least, t.most = min(t.least, x), max(t.most, x)
		t.mean += x / n
	})
	fourth := 0.0
	each(func(x float64) {
		off := (x - t.mean) * (x - t.mean)
		t.variance += off / n
		fourth += off * off / n
	})
	t.fourth = max(0, fourth-t.variance*t.variance)
	return t
}
