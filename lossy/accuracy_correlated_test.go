package lossy

import (
	"math"
	"testing"
)

// The Gaussian copula loses exactly what it should, with the memory it should.
func TestCorrelatedLoss(t *testing.T) {
	for _, text := range []string{"correlated:p=5%,rho=0.25", "correlated:p=1%,rho=0.5", "correlated:p=10%,rho=0.9", "correlated:p=30%,rho=0"} {
		t.Run(text, func(t *testing.T) {
			c := modelFrom(t, text).(CorrelatedLoss)
			judge := lossJudge(t, Profile{LossModel: c}, 39)
			fates := fatesOf(Profile{LossModel: c}, 39, aMillion())
			n := float64(len(fates))
			judge("mean, batch means", batched("mean loss", numbers(fates), c.P))
			judge("mean, variance by Hermite series", deviation("mean loss", len(fates), float64(count(fates))/n, c.P,
				math.Sqrt(c.P*(1-c.P)*c.inflation()/n)))
			judge("tetrachoric correlation", tetrachoric(fates, c.P, c.Rho, 1))
			judge("the same, three packets apart", tetrachoric(fates, c.P, math.Pow(c.Rho, 3), 3))
			if c.Rho == 0 {
				judge("neighbours", neighbours(fates))
			} else {
				judge("not independent", bursty(fates))
			}
		})
	}
}

// bothBelow is the chance that two standard normal deviates of correlation r are
// both below z: z's quantile squared, and the integral of the density over r
// (Plackett, 1954).
func bothBelow(z, r float64) float64 {
	const steps = 2000 // Simpson's rule
	f := func(s float64) float64 {
		return math.Exp(-z*z/(1+s)) / (2 * math.Pi * math.Sqrt(1-s*s))
	}
	h := r / steps
	sum := f(0) + f(r)
	for i := 1; i < steps; i++ {
		sum += float64(2+2*(i%2)) * f(float64(i)*h)
	}
	return square(math.Erfc(-z/math.Sqrt2)/2) + sum*h/3
}

// tetrachoric estimates the correlation behind losses so many packets apart from
// how often both are lost, with the variance of batches.
func tetrachoric(fates []bool, p, rho float64, lag int) finding {
	z := wichura(p)
	both := make([]float64, len(fates)-lag)
	for i := range both {
		both[i] = float64(digit(fates[i] && fates[i+lag]))
	}
	correlation := func(share float64) float64 {
		low, high := -0.9, 0.9999
		for range 40 {
			if middle := (low + high) / 2; bothBelow(z, middle) < share {
				low = middle
			} else {
				high = middle
			}
		}
		return low
	}
	seen, sd, _ := batchMeans(both)
	f := batched("both lost", both, bothBelow(z, rho))
	f.estimate, f.expected = figure(correlation(seen)), figure(rho)
	f.interval = span(correlation(seen-zAlpha*sd), correlation(seen+zAlpha*sd))
	return f
}
