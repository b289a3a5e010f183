package lossy

import (
	"math"
	"testing"
	"time"
)

// More planted bugs (see planted_test.go), in the laws of delay. Each wrong
// law is given in standard deviations about its mean.

// plantedDelays are delays of mean 100 ms and jitter 20 ms by a wrong law.
func plantedDelays(z func(i uint64) float64) []time.Duration {
	delays := make([]time.Duration, plantedPackets)
	for i := range delays {
		delays[i] = delayOf(100e6 + 20e6*z(uint64(i)))
	}
	return delays
}

// checkLaw is what TestDelayLaws judges by.
func checkLaw(delays []time.Duration, cdf func(z float64) float64) error {
	return kolmogorov(delays, func(d time.Duration) float64 { return cdf((float64(d) - 100e6) / 20e6) }).wrong
}

// netem's table of the Pareto distribution ends at four standard deviations,
// and so has only 0.82 of the one asked for.
func TestChecksCatchParetoThatIsClipped(t *testing.T) {
	draws := planted(drawPareto)
	report(t, "the planted law without a bug", checkLaw(plantedDelays(draws.pareto), paretoCDF))
	delays := plantedDelays(func(i uint64) float64 { return min(4, draws.pareto(i)) })
	values := milliseconds(delays)
	wantCaught(t, "Pareto table that ends at 4 jitter, as netem's: law", checkLaw(delays, paretoCDF))
	wantCaught(t, "Pareto table that ends at 4 jitter, as netem's: tail", beyond(values, 100+20*20, 1-paretoCDF(20)).wrong)
	wantCaught(t, "Pareto table that ends at 4 jitter, as netem's: variance", paretoVariance(values, 100, 20).wrong)
}

// netem's correlation of jitter is a moving mean, which shrinks it: at 25 % to
// 0.775 of what was asked for.
func TestChecksCatchJitterThatCorrelationShrinks(t *testing.T) {
	draws := planted(drawNormal)
	const rho = 0.25
	last := 0.0
	delays := plantedDelays(func(i uint64) float64 {
		last = rho*last + (1-rho)*normalQuantile(draws.open(i))
		return last
	})
	long := make([]bool, len(delays))
	for i, d := range delays {
		long[i] = d > 100*time.Millisecond
	}
	wantCaught(t, "jitter shrunk by its correlation, as in netem: standard deviation", sdDelay(milliseconds(delays), 20, 3).wrong)
	wantCaught(t, "jitter shrunk by its correlation, as in netem: memory", ljungBox(long).wrong)
	wantCaught(t, "jitter shrunk by its correlation, as in netem: law", checkLaw(delays, normalCDF))
}

// Mean and standard deviation of these are right, and the law is not.
func TestChecksCatchNormalThatIsNot(t *testing.T) {
	draws := planted(drawNormal)
	delays := plantedDelays(func(i uint64) float64 {
		return (draws.unit(4*i) + draws.unit(4*i+1) + draws.unit(4*i+2) + draws.unit(4*i+3) - 2) * math.Sqrt(3)
	})
	values := milliseconds(delays)
	report(t, "mean of four", meanDelay(values, 100, 20).wrong)
	report(t, "sd of four", sdDelay(values, 20, 3).wrong)
	wantCaught(t, "four uniform draws for a normal one: law", checkLaw(delays, normalCDF))
	wantCaught(t, "four uniform draws for a normal one: Anderson-Darling",
		anderson(delays, func(d time.Duration) float64 { return normalCDF((float64(d) - 100e6) / 20e6) }).wrong)
	wantCaught(t, "four uniform draws for a normal one: tail", beyond(values, 100+3.5*20, 1-normalCDF(3.5)).wrong)
}

// Go timers of old, and tools that count in milliseconds, round delays.
func TestChecksCatchDelaysInWholeMilliseconds(t *testing.T) {
	draws := planted(drawNormal)
	delays := plantedDelays(func(i uint64) float64 { return normalQuantile(draws.open(i)) })
	report(t, "the planted law without a bug", checkLaw(delays, normalCDF))
	for i, d := range delays {
		delays[i] = d.Truncate(time.Millisecond)
	}
	wantCaught(t, "delays in whole milliseconds", checkLaw(delays, normalCDF))
}

// exp of a normal deviate about ln(mean) has its median at the mean asked for.
func TestChecksCatchLogNormalAboutItsMedian(t *testing.T) {
	draws := planted(drawNormal)
	s := math.Sqrt(math.Log(1 + square(0.2)))
	delays := make([]time.Duration, plantedPackets)
	for i := range delays {
		delays[i] = delayOf(100e6 * math.Exp(s*normalQuantile(draws.open(uint64(i)))))
	}
	wantCaught(t, "lognormal with the delay for its median", meanDelay(milliseconds(delays), 100, 20).wrong)
}

// Drawing anew what is below zero moves the mean further than zero does.
func TestChecksCatchDelaysDrawnAnew(t *testing.T) {
	draws := planted(drawNormal)
	values := make([]float64, plantedPackets)
	next := uint64(0)
	for i := range values {
		for values[i] = -1; values[i] < 0; next++ {
			values[i] = 20 + 20*normalQuantile(draws.open(next))
		}
	}
	density := math.Exp(-0.5) / math.Sqrt(2*math.Pi)
	wantCaught(t, "delays below zero drawn anew", meanDelay(values, 20*(normalCDF(1)+density), 20).wrong)
}

// The points of a distribution taken for all there is.
func TestChecksCatchCDFWithoutInterpolation(t *testing.T) {
	draws := planted(drawCDF)
	delays := make([]time.Duration, plantedPackets)
	for i := range delays {
		delays[i] = time.Duration(1+draws.below(uint64(i), 100)) * time.Millisecond
	}
	wantCaught(t, "a distribution in steps", checkUniform(delays, 0, 100*time.Millisecond))
}
