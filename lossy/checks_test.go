package lossy

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// The checks of accuracy, which return what is wrong instead of failing a test,
// so that planted_test.go can show on deliberately wrong models that each of
// them can fail. Most are a finding (finding_test.go) without its figures.
//
// Every bound has a false alarm rate of one in a million per check; as all
// seeds are fixed, a check that passes once passes always.

const (
	alpha  = 1e-6
	zAlpha = 4.89  // two-sided quantile of the normal distribution
	ksOver = 2.693 // Kolmogorov-Smirnov: D > ksOver/sqrt(n) has that chance
)

// checkRate wants the probability inside the Wilson interval of what was seen.
func checkRate(events, trials int, probability float64) error {
	return proportion(events, trials, probability).wrong
}

// checkIndependent looks for memory in a sequence: each packet's fate against
// its predecessor's, and the number of runs.
func checkIndependent(fates []bool) error {
	return cmp.Or(neighbours(fates).wrong, runs(fates).wrong)
}

func checkGeometric(lengths []int, p float64) error { return geometric(lengths, p).wrong }

// checkEven wants all cells equally likely.
func checkEven(seen []int) error { return even(seen).wrong }

// gilbertMoves gives the chain's two probabilities.
func gilbertMoves(mean, burst float64) (p, r float64) {
	r = 1 / burst
	return mean * r / (1 - mean), r
}

// gilbertMean judges the mean by the variance of a Markov chain, which for
// bursts is several times that of independent losses.
func gilbertMean(fates []bool, mean, burst float64) finding {
	p, r := gilbertMoves(mean, burst)
	lambda := 1 - p - r
	n := float64(len(fates))
	variance := mean * (1 - mean) * (1 + 2*lambda/(1-lambda)) / n
	return deviation("mean loss", len(fates), float64(count(fates))/n, mean, math.Sqrt(variance))
}

func checkGilbertMean(fates []bool, mean, burst float64) error {
	return gilbertMean(fates, mean, burst).wrong
}

// checkGilbertMoves reads the chain's two probabilities off the sequence, and
// compares the lengths of bursts and gaps with their laws.
func checkGilbertMoves(fates []bool, mean, burst float64) error {
	p, r := gilbertMoves(mean, burst)
	t := transitionsOf(fates)
	if err := checkRate(t[0][1], t[0][0]+t[0][1], p); err != nil {
		return fmt.Errorf("good to bad: %w", err)
	}
	if err := checkRate(t[1][0], t[1][0]+t[1][1], r); err != nil {
		return fmt.Errorf("bad to good: %w", err)
	}
	good, bad := runLengths(fates)
	if err := checkGeometric(bad, r); err != nil {
		return fmt.Errorf("bursts: %w", err)
	}
	if err := checkGeometric(good, p); err != nil {
		return fmt.Errorf("gaps: %w", err)
	}
	return nil
}

func checkBursty(fates []bool) error { return bursty(fates).wrong }

func checkUniform(samples []time.Duration, low, high time.Duration) error {
	return uniform(samples, low, high).wrong
}

// checkOrder wants numbers that never go down.
func checkOrder[T cmp.Ordered](numbers []T) error { return ordered(numbers).wrong }

func checkPaced(times []time.Duration, sizes []int, rate float64) error {
	return paced(times, sizes, rate).wrong
}

// transitionsOf counts [from][to] over neighbours; 1 is lost.
func transitionsOf(fates []bool) (t [2][2]int) {
	for i := 1; i < len(fates); i++ {
		t[digit(fates[i-1])][digit(fates[i])]++
	}
	return t
}

// runLengths returns the lengths of the runs of kept and of lost packets,
// without the first and last run, which the sequence may have cut.
func runLengths(fates []bool) (kept, lost []int) {
	start, first := 0, true
	for i := 1; i < len(fates); i++ {
		if fates[i] == fates[i-1] {
			continue
		}
		switch {
		case first:
			first = false
		case fates[i-1]:
			lost = append(lost, i-start)
		default:
			kept = append(kept, i-start)
		}
		start = i
	}
	return kept, lost
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func count(fates []bool) (n int) {
	for _, b := range fates {
		n += digit(b)
	}
	return n
}

func square(x float64) float64 { return x * x }

func xLogX(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(x)
}

// chiSquareTail is the chance that a chi-square of that many degrees of
// freedom exceeds x: the regularized upper incomplete gamma function of
// (degrees/2, x/2), by its series or by Lentz's continued fraction.
func chiSquareTail(x float64, degrees int) float64 {
	a, x := float64(degrees)/2, x/2
	logGamma, _ := math.Lgamma(a)
	scale := math.Exp(a*math.Log(x) - x - logGamma)
	if x <= 0 {
		return 1
	}
	if x < a+1 {
		term, sum := 1/a, 1/a
		for n := a + 1; term > sum*1e-16; n++ {
			term *= x / n
			sum += term
		}
		return 1 - sum*scale
	}
	b := x + 1 - a
	c, d := 1e300, 1/b
	h := d
	for i := 1.0; i < 10000; i++ {
		k := -i * (i - a)
		b += 2
		d = 1 / (k*d + b)
		c = b + k/c
		h *= c * d
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	return scale * h
}
