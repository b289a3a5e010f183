package lossy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// The checks of accuracy. They judge observations, not code, and return what
// is wrong instead of failing a test, so that planted_test.go can show on
// deliberately wrong models that each of them can fail.
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
	low, high := wilson(float64(events)/float64(trials), float64(trials), zAlpha)
	if probability < low || probability > high {
		return fmt.Errorf("rate %d/%d = %.6f, interval [%.6f, %.6f] misses %.6f",
			events, trials, float64(events)/float64(trials), low, high, probability)
	}
	return nil
}

// checkIndependent looks for memory in a sequence: a chi-square of each
// packet's fate against its predecessor's, and the Wald-Wolfowitz runs test.
func checkIndependent(fates []bool) error {
	t := transitionsOf(fates)
	n := float64(len(fates) - 1)
	var chi float64
	for from := range 2 {
		for to := range 2 {
			expected := float64(t[from][0]+t[from][1]) * float64(t[0][to]+t[1][to]) / n
			chi += square(float64(t[from][to])-expected) / expected
		}
	}
	if p := chiSquareTail(chi, 1); p < alpha {
		return fmt.Errorf("fate depends on the predecessor's: chi-square %.1f, p = %.2g", chi, p)
	}
	lost := float64(count(fates))
	kept := float64(len(fates)) - lost
	total := lost + kept
	mean := 2*lost*kept/total + 1
	variance := (mean - 1) * (mean - 2) / (total - 1)
	runs := float64(1 + t[0][1] + t[1][0])
	if z := (runs - mean) / math.Sqrt(variance); math.Abs(z) > zAlpha {
		return fmt.Errorf("%v runs, want about %.0f: z = %.2f", runs, mean, z)
	}
	return nil
}

// checkGeometric wants lengths 1, 2, 3... with probability p(1-p)^(length-1),
// by a chi-square over bins of about equal weight.
func checkGeometric(lengths []int, p float64) error {
	n := float64(len(lengths))
	weight := max(10, n/200)
	beyond := func(length int) float64 { return n * math.Pow(1-p, float64(length)) }
	var ends []int // the last length of each bin but the last, which is open
	var expected []float64
	end := 0
	for beyond(end) >= 2*weight {
		next := max(end+1, int(math.Ceil(math.Log((beyond(end)-weight)/n)/math.Log(1-p))))
		if beyond(next) < 10 {
			break
		}
		ends, expected = append(ends, next), append(expected, beyond(end)-beyond(next))
		end = next
	}
	expected = append(expected, beyond(end))
	seen := make([]int, len(expected))
	for _, length := range lengths {
		bin, _ := slices.BinarySearch(ends, length)
		seen[bin]++
	}
	return checkExpected(seen, expected)
}

// checkEven wants all cells equally likely.
func checkEven(seen []int) error {
	var sum int
	for _, n := range seen {
		sum += n
	}
	expected := make([]float64, len(seen))
	for i := range expected {
		expected[i] = float64(sum) / float64(len(seen))
	}
	return checkExpected(seen, expected)
}

// checkExpected is Pearson's chi-square test; cells that expect less than ten
// are counted together with the next.
func checkExpected(seen []int, expected []float64) error {
	var chi, saw, want float64
	cells := 0
	for i := range seen {
		saw += float64(seen[i])
		want += expected[i]
		if want < 10 && i < len(seen)-1 {
			continue
		}
		if want > 0 {
			chi += square(saw-want) / want
			cells++
		}
		saw, want = 0, 0
	}
	if cells < 2 {
		return fmt.Errorf("only %d cells: the test has no power", cells)
	}
	if p := chiSquareTail(chi, cells-1); p < alpha {
		return fmt.Errorf("chi-square %.1f over %d cells, p = %.2g", chi, cells, p)
	}
	return nil
}

// checkGilbertMean judges the mean by the variance of a Markov chain, which
// for bursts is several times that of independent losses.
func checkGilbertMean(fates []bool, mean, burst float64) error {
	r := 1 / burst
	p := mean * r / (1 - mean)
	lambda := 1 - p - r
	n := float64(len(fates))
	variance := mean * (1 - mean) * (1 + 2*lambda/(1-lambda)) / n
	seen := float64(count(fates)) / n
	if z := (seen - mean) / math.Sqrt(variance); math.Abs(z) > zAlpha {
		return fmt.Errorf("mean loss %.5f, want %.5f: z = %.2f", seen, mean, z)
	}
	return nil
}

// checkGilbertMoves reads the chain's two probabilities off the sequence.
func checkGilbertMoves(fates []bool, mean, burst float64) error {
	r := 1 / burst
	p := mean * r / (1 - mean)
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

// checkBursty wants a chain of two states to explain the sequence far better
// than independent losses do: twice the log likelihood ratio over 25.
func checkBursty(fates []bool) error {
	t := transitionsOf(fates)
	logLikelihood := func(a, b int) float64 {
		x, y := float64(a), float64(b)
		return xLogX(x) + xLogX(y) - xLogX(x+y)
	}
	chain := logLikelihood(t[0][0], t[0][1]) + logLikelihood(t[1][0], t[1][1])
	independent := logLikelihood(t[0][0]+t[1][0], t[0][1]+t[1][1])
	if ratio := 2 * (chain - independent); ratio <= 25 {
		return fmt.Errorf("likelihood ratio %.1f, want over 25: these losses are independent", ratio)
	}
	return nil
}

// checkUniform is the one-sample Kolmogorov-Smirnov test against the uniform
// distribution of durations from low to high.
func checkUniform(samples []time.Duration, low, high time.Duration) error {
	slices.Sort(samples)
	n := float64(len(samples))
	var d float64
	for i, s := range samples {
		cdf := float64(s-low) / float64(high-low)
		d = max(d, cdf-float64(i)/n, float64(i+1)/n-cdf)
	}
	if limit := ksOver / math.Sqrt(n); d > limit {
		return fmt.Errorf("Kolmogorov-Smirnov distance %.5f, want at most %.5f", d, limit)
	}
	return nil
}

// checkOrder wants numbers that never go down.
func checkOrder[T cmp.Ordered](numbers []T) error {
	for i := 1; i < len(numbers); i++ {
		if numbers[i] < numbers[i-1] {
			return fmt.Errorf("place %d: %v after %v", i, numbers[i], numbers[i-1])
		}
	}
	return nil
}

// checkPaced wants no window of time, wherever it begins and however long it
// is, to hold more than rate allows: exactly, but for the rounding to whole
// nanoseconds at either end.
func checkPaced(times []time.Duration, sizes []int, rate float64) error {
	earliest := math.Inf(-1)
	var sent float64
	for i, at := range times {
		sent += float64(sizes[i]) * 8 * 1e9 / rate
		// How far this datagram is behind the schedule of a busy link.
		slack := float64(at) - sent
		if slack < earliest-2 {
			return fmt.Errorf("datagram %d comes %.1f ns too soon for %v bit/s", i, earliest-slack, rate)
		}
		earliest = max(earliest, slack)
	}
	return nil
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
