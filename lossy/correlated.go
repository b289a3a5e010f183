package lossy

import (
	"fmt"
	"math"
)

// CorrelatedLoss loses packets by a Gaussian copula: behind the packets runs
//
//	x(i) = Rho*x(i-1) + sqrt(1-Rho^2)*e(i)      e(i) independent, standard normal
//
// and the packet is lost if x(i) is below the P-quantile of the normal
// distribution. As x(i) is standard normal whatever Rho is, the mean loss is
// exactly P; netem's correlation, a mixture of uniform draws, loses far less.
// It starts in its stationary distribution.
type CorrelatedLoss struct {
	P   float64 // mean loss
	Rho float64 // correlation of x(i) and x(i+1), 0 to MaxRho
}

// MaxRho is the largest correlation of CorrelatedLoss.
const MaxRho = 0.999

func parseCorrelatedLoss(t *terms) LossModel {
	return CorrelatedLoss{P: require(t, "p", ParseProbability), Rho: require(t, "rho", parseFloat)}
}

// String is the model as ParseLossModel reads it.
func (c CorrelatedLoss) String() string {
	return fmt.Sprintf("correlated:p=%s,rho=%s", FormatProbability(c.P), formatFloat(c.Rho))
}

func (c CorrelatedLoss) validate() error {
	if !(c.Rho >= 0 && c.Rho <= MaxRho) {
		return fmt.Errorf("rho %v: must be between 0 and %v", c.Rho, MaxRho)
	}
	return checkProbabilities(namedProbability{"p", c.P})
}

func (c CorrelatedLoss) start(of streams, before lossProcess) lossProcess {
	p := &correlated{
		draws: of(drawCorrelated), model: c, fresh: math.Sqrt(1 - float64(c.Rho*c.Rho)),
		below: c.quantile(), expects: inBursts(c.P, c.inflation()),
	}
	if b, same := before.(*correlated); same {
		p.begun, p.x = b.begun, b.x
	}
	return p
}

// quantile is infinite where nothing or everything is lost.
func (c CorrelatedLoss) quantile() float64 {
	switch c.P {
	case 0:
		return math.Inf(-1)
	case 1:
		return math.Inf(1)
	}
	return wichura(c.P)
}

// inflation is 1 + 2 * sum of the correlations of the losses k packets apart. In
// Hermite polynomials h, normalized, the covariance at a correlation r of x is
// sum(phi(z)^2 * h(j-1)(z)^2 / j * r^j, j = 1, 2, ...) (Pearson's tetrachoric
// series); r = Rho^k is summed over k first.
func (c CorrelatedLoss) inflation() float64 {
	z := c.quantile()
	if c.Rho == 0 || math.IsInf(z, 0) {
		return 1
	}
	density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
	var sum float64
	before, h, power := 0.0, 1.0, c.Rho
	for j := 1.0; power > 1e-5; j++ { // the terms left are a share of about that much
		sum += h * h / j * power / (1 - power)
		before, h = h, (z*h-math.Sqrt(j-1)*before)/math.Sqrt(j)
		power *= c.Rho
	}
	return 1 + 2*density*density*sum/(c.P*(1-c.P))
}

type correlated struct {
	draws        stream
	model        CorrelatedLoss
	fresh, below float64 // sqrt(1-Rho^2); the quantile of P
	x            float64
	begun        bool
	ahead        batchOf[float64] // e
	expects      expectation
}

func (c *correlated) takes(index uint64) bool {
	if c.ahead.lacks(index) {
		c.draws.normals(c.ahead.begin(index), &c.ahead.values)
	}
	e := c.ahead.at(index)
	if c.begun {
		c.x = float64(c.model.Rho*c.x) + float64(c.fresh*e)
	} else {
		c.begun, c.x = true, e
	}
	return c.x < c.below
}

func (c *correlated) odds() expectation { return c.expects }
