package lossy

import "math"

// chain is a Markov chain of up to four states, in each of which a packet is
// lost with a probability of its own. It gives what the loss models that are
// such chains promise in the long run. It decides nothing.
type chain struct {
	states int
	moves  matrix // from, to
	loses  vector
}

// stationary is the share of packets that each state meets: the solution of
// pi = pi * moves, sum(pi) = 1. There must be one set of states that is never left.
func (c *chain) stationary() vector { return c.moves.stationary(c.states) }

func (moves matrix) stationary(states int) vector {
	var a matrix
	var b vector
	for to := range states {
		for from := range states {
			a[to][from] = moves[from][to]
		}
		a[to][to]--
	}
	for from := range states { // one of the equations says nothing new
		a[states-1][from] = 1
	}
	b[states-1] = 1
	return a.solve(states, b)
}

// mean is the share of packets lost.
func (c *chain) mean() float64 { return c.stationary().dot(c.loses) }

// inflation is by how much the variance of the mean of many packets exceeds
// that of independent losses, L(1-L)/n:
//
//	1 + 2*sum(cov(0, k), k = 1, 2, ...) / (L(1-L))
//
// The sum is solved for and not added up: with x the losses less their mean and
// Z = (I - moves + 1*pi)^-1, it is sum(pi * x * (Z*x - x)) (Kemeny and Snell,
// Finite Markov Chains, 1960, chapter 4).
func (c *chain) inflation() float64 {
	pi, mean := c.stationary(), c.mean()
	if mean <= 0 || mean >= 1 {
		return 1
	}
	var a matrix
	var x vector
	for from := range c.states {
		x[from] = c.loses[from] - mean
		for to := range c.states {
			a[from][to] = pi[to] - c.moves[from][to]
		}
		a[from][from]++
	}
	z := a.solve(c.states, x)
	var sum float64
	for s := range c.states {
		sum += pi[s] * x[s] * (z[s] - x[s])
	}
	return 1 + 2*sum/(mean*(1-mean))
}

type (
	vector [4]float64
	matrix [4][4]float64
)

func (v vector) dot(w vector) (s float64) {
	for i := range v {
		s += v[i] * w[i]
	}
	return s
}

// times takes the vector for a row.
func (v vector) times(m matrix) (out vector) {
	for i := range v {
		for j := range v {
			out[j] += v[i] * m[i][j]
		}
	}
	return out
}

func (m matrix) times(o matrix) (out matrix) {
	for i := range m {
		out[i] = vector(m[i]).times(o)
	}
	return out
}

// solve is the x of a*x = b, by Gauss' elimination with the largest pivot. First
// states are drawn from it, so no product is fused (see elementary.go).
func (a matrix) solve(n int, b vector) (x vector) {
	for col := range n {
		pivot := col
		for row := col + 1; row < n; row++ {
			if math.Abs(a[row][col]) > math.Abs(a[pivot][col]) {
				pivot = row
			}
		}
		a[col], a[pivot] = a[pivot], a[col]
		b[col], b[pivot] = b[pivot], b[col]
		for row := col + 1; row < n; row++ {
			f := a[row][col] / a[col][col]
			for k := col; k < n; k++ {
				a[row][k] -= float64(f * a[col][k])
			}
			b[row] -= float64(f * b[col])
		}
	}
	for row := n - 1; row >= 0; row-- {
		x[row] = b[row]
		for k := row + 1; k < n; k++ {
			x[row] -= float64(a[row][k] * x[k])
		}
		x[row] /= a[row][row]
	}
	return x
}
