package lossy

import "math"

// NetemRate is what netem's arithmetic makes of a probability with a
// correlation, in the long run. See NetemCorrelated.
type NetemRate struct {
	Mean float64 // share of packets that it happens to
	Run  float64 // mean length of a run of them in packets, 0 if there are none
	// Inflation is the factor by which the variance of an observed mean exceeds
	// that of independent events.
	Inflation float64

	again float64 // chance of a hit behind a hit
	runs  []float64
}

// RunLonger returns the share of runs that are longer than n packets, 1 <= n <=
// 20.
func (r NetemRate) RunLonger(n int) float64 {
	if n < 1 || n > len(r.runs) {
		return 0
	}
	return r.runs[n-1]
}

const (
	// Cells of the grid, on which functions are taken as linear between points.
	// What is computed again and again need not be as fine.
	lawCells    = 4096
	coarseCells = 512

	longRuns  = 20
	mostSteps = 300 // beyond that what is left is taken for geometric
	lawError  = 1e-6
)

// NetemCorrelated returns the long-run behaviour of an event of probability p
// that netem draws with a correlation (get_crandom; see MODEL.md). It is
// computed from the law of the mixture x(i) = (1-c)u(i) + c*x(i-1), which its
// distribution function F solves,
//
//	F(x) = integral of F(y) dy from (x-(1-c))/c to x/c, times c/(1-c)
//
// on a grid, and not by simulation. The error of Mean is below 1e-6 for
// correlations up to 0.99, and the kernel's rounding to 2^-32 is left out. Both
// arguments lie between 0 and 1. A correlation of 1 never changes what was first
// drawn: then Mean is over many flows.
func NetemCorrelated(p, correlation float64) NetemRate {
	return netemCorrelated(p, correlation, lawCells)
}

func netemCorrelated(p, correlation float64, cells int) NetemRate {
	switch {
	case p == 0:
		return NetemRate{Inflation: 1}
	case p == 1:
		return NetemRate{Mean: 1, Run: math.Inf(1), Inflation: 1, again: 1}
	case correlation == 0:
		return independentRate(p)
	case correlation == 1:
		return NetemRate{Mean: p, Run: math.Inf(1), Inflation: 1, again: 1}
	}
	m := mixture{c: correlation, cells: cells, area: make([]float64, cells+1)}
	stationary := m.stationary()
	mean := at(stationary, p)
	if mean < lawError*1e-3 {
		return NetemRate{Mean: max(mean, 0), Run: 1, Inflation: 1}
	}
	r := NetemRate{Mean: mean}
	hit := m.restrict(stationary, p)
	r.runs = make([]float64, longRuns)
	left := mean // mass of those that were hits all along
	for n := range r.runs {
		hit = m.restrict(m.step(hit), p)
		now := hit[cells]
		if n == 0 {
			r.again = now / mean
		}
		// Runs longer than n+1 begin behind a packet that is no hit.
		r.runs[n] = max(0, left-now)
		left = now
	}
	begins := r.runs[0] // as many end as begin
	for n := range r.runs {
		if n+1 < len(r.runs) {
			r.runs[n] = min(1, r.runs[n+1]/begins)
		} else {
			r.runs = r.runs[:n]
		}
	}
	r.Run = mean / begins
	r.Inflation = m.inflation(stationary, p, mean)
	return r
}

func independentRate(p float64) NetemRate {
	r := NetemRate{Mean: p, Run: 1 / (1 - p), Inflation: 1, again: p}
	for longer := p; len(r.runs) < longRuns; longer *= p {
		r.runs = append(r.runs, longer)
	}
	return r
}

// mixture moves measures on [0, 1] by one step of x' = (1-c)u + c*x. A measure
// is its distribution function at the points of the grid.
type mixture struct {
	c     float64
	cells int
	area  []float64 // scratch: the integral of the function moved
}

// stationary begins with the normal distribution of the right mean and variance,
// so that only higher cumulants are left to settle, which they do with c^4.
func (m *mixture) stationary() []float64 {
	sd := math.Sqrt((1 - m.c) / (1 + m.c) / 12)
	f := make([]float64, m.cells+1)
	for i := range f {
		f[i] = math.Erfc(-(float64(i)/float64(m.cells)-0.5)/(sd*math.Sqrt2)) / 2
	}
	f[0], f[m.cells] = 0, 1
	steps := int(min(math.Log(1e-12)/(4*math.Log(m.c)), mostSteps)) + 8
	for range steps {
		f = m.step(f)
		for i := range f {
			f[i] /= f[m.cells]
		}
	}
	return f
}

// step returns where one step moves a measure.
func (m *mixture) step(f []float64) []float64 {
	for i := range m.cells {
		m.area[i+1] = m.area[i] + (f[i]+f[i+1])/float64(2*m.cells)
	}
	cells := float64(m.cells)
	upTo := func(x float64) float64 { // the integral of f from below
		switch place := x * cells; {
		case place <= 0:
			return 0
		case place >= cells:
			return m.area[m.cells] + f[m.cells]*(x-1)
		default:
			i := int(place)
			part := place - float64(i)
			return m.area[i] + part/cells*(f[i]+part/2*(f[i+1]-f[i]))
		}
	}
	moved := make([]float64, m.cells+1)
	for i := range moved {
		x := float64(i) / cells
		moved[i] = m.c / (1 - m.c) * (upTo(x/m.c) - upTo((x-(1-m.c))/m.c))
	}
	return moved
}

// restrict returns the part of a measure below p.
func (m *mixture) restrict(f []float64, p float64) []float64 {
	part, top := make([]float64, m.cells+1), at(f, p)
	for i := range part {
		part[i] = min(f[i], top)
		if float64(i)/float64(m.cells) > p {
			part[i] = top
		}
	}
	return part
}

// inflation is 1 + 2 * sum of the correlations of hits k packets apart.
func (m *mixture) inflation(stationary []float64, p, mean float64) float64 {
	moved := m.restrict(stationary, p)
	var sum float64
	for k := range mostSteps {
		moved = m.step(moved)
		covariance := at(moved, p) - mean*mean
		if covariance < 1e-4*mean*(1-mean) {
			break
		}
		sum += covariance
		if k == mostSteps-1 {
			sum += covariance * m.c / (1 - m.c)
		}
	}
	return 1 + 2*sum/(mean*(1-mean))
}

// at is a function of the grid at x.
func at(f []float64, x float64) float64 {
	place := x * float64(len(f)-1)
	i := min(int(place), len(f)-2)
	return f[i] + (place-float64(i))*(f[i+1]-f[i])
}
