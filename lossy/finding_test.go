package lossy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// finding is what a check saw and what it makes of it: the figures of one row
// of ACCURACY.md. The functions that return one judge observations, not code.
type finding struct {
	n                  int
	estimate, expected string
	interval           string // for the true value, given the estimate
	statistic          string // with its p-value, where there is one
	wrong              error  // why it does not hold; nil if it does
}

// figure writes a number as the page shows it.
func figure(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

func span(low, high float64) string { return figure(low) + " to " + figure(high) }

// pNormal is the chance that a normal deviate is as far out as z on either side.
func pNormal(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

func withP(name string, value, p float64) string {
	return fmt.Sprintf("%s = %.2f, p = %.2g", name, value, p)
}

// proportion wants the probability inside the Wilson interval of what was seen.
func proportion(events, trials int, probability float64) finding {
	n := float64(trials)
	share := float64(events) / n
	low, high := wilson(share, n, zAlpha)
	z := (share - probability) / math.Sqrt(probability*(1-probability)/n)
	f := finding{
		n: trials, estimate: figure(share), expected: figure(probability),
		interval: span(low, high), statistic: withP("z", z, pNormal(z)),
	}
	if probability < low || probability > high {
		f.wrong = fmt.Errorf("rate %d/%d = %.6f, interval [%.6f, %.6f] misses %.6f",
			events, trials, share, low, high, probability)
	}
	return f
}

// deviation judges an estimate by its standard deviation, which the caller
// derives from the law that is tested.
func deviation(what string, n int, estimate, expected, sd float64) finding {
	z := (estimate - expected) / sd
	f := finding{
		n: n, estimate: figure(estimate), expected: figure(expected),
		interval: span(estimate-zAlpha*sd, estimate+zAlpha*sd), statistic: withP("z", z, pNormal(z)),
	}
	if !(math.Abs(z) <= zAlpha) {
		f.wrong = fmt.Errorf("%s %.5g, want %.5g: z = %.2f", what, estimate, expected, z)
	}
	return f
}

// neighbours is a chi-square of each packet's fate against its predecessor's.
func neighbours(fates []bool) finding {
	t := transitionsOf(fates)
	n := float64(len(fates) - 1)
	var chi float64
	for from := range 2 {
		for to := range 2 {
			expected := float64(t[from][0]+t[from][1]) * float64(t[0][to]+t[1][to]) / n
			chi += square(float64(t[from][to])-expected) / expected
		}
	}
	p := chiSquareTail(chi, 1)
	f := finding{n: len(fates), expected: "independent", statistic: withP("chi² (1)", chi, p)}
	if p < alpha {
		f.wrong = fmt.Errorf("fate depends on the predecessor's: chi-square %.1f, p = %.2g", chi, p)
	}
	return f
}

// runs is the test of Wald and Wolfowitz.
func runs(fates []bool) finding {
	t := transitionsOf(fates)
	lost := float64(count(fates))
	kept := float64(len(fates)) - lost
	total := lost + kept
	mean := 2*lost*kept/total + 1
	variance := (mean - 1) * (mean - 2) / (total - 1)
	seen := float64(1 + t[0][1] + t[1][0])
	f := deviation("runs", len(fates), seen, mean, math.Sqrt(variance))
	if f.wrong != nil {
		f.wrong = fmt.Errorf("%v runs, want about %.0f: z = %.2f", seen, mean, (seen-mean)/math.Sqrt(variance))
	}
	return f
}

// geometric wants lengths 1, 2, 3... with probability p(1-p)^(length-1), by a
// chi-square over bins of about equal weight.
func geometric(lengths []int, p float64) finding {
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
	sum := 0
	for _, length := range lengths {
		bin, _ := slices.BinarySearch(ends, length)
		seen[bin]++
		sum += length
	}
	f := pearson(seen, expected)
	f.estimate, f.expected = "mean "+figure(float64(sum)/n), "geometric, mean "+figure(1/p)
	return f
}

// even wants all cells equally likely.
func even(seen []int) finding {
	var sum int
	for _, n := range seen {
		sum += n
	}
	expected := make([]float64, len(seen))
	for i := range expected {
		expected[i] = float64(sum) / float64(len(seen))
	}
	f := pearson(seen, expected)
	f.expected = fmt.Sprintf("%d cells alike", len(seen))
	return f
}

// pearson is Pearson's chi-square test; cells that expect less than ten are
// counted together with the next.
func pearson(seen []int, expected []float64) finding {
	var chi, saw, want float64
	cells, n := 0, 0
	for i := range seen {
		n += seen[i]
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
		return finding{wrong: fmt.Errorf("only %d cells: the test has no power", cells)}
	}
	p := chiSquareTail(chi, cells-1)
	f := finding{n: n, statistic: withP(fmt.Sprintf("chi² (%d)", cells-1), chi, p)}
	if p < alpha {
		f.wrong = fmt.Errorf("chi-square %.1f over %d cells, p = %.2g", chi, cells, p)
	}
	return f
}

// bursty wants a chain of two states to explain the sequence far better than
// independent losses do: twice the log likelihood ratio over 25.
func bursty(fates []bool) finding {
	t := transitionsOf(fates)
	logLikelihood := func(a, b int) float64 {
		x, y := float64(a), float64(b)
		return xLogX(x) + xLogX(y) - xLogX(x+y)
	}
	chain := logLikelihood(t[0][0], t[0][1]) + logLikelihood(t[1][0], t[1][1])
	independent := logLikelihood(t[0][0]+t[1][0], t[0][1]+t[1][1])
	ratio := 2 * (chain - independent)
	f := finding{n: len(fates), expected: "not independent", statistic: fmt.Sprintf("2 ln ratio = %.1f > 25", ratio)}
	if ratio <= 25 {
		f.wrong = fmt.Errorf("likelihood ratio %.1f, want over 25: these losses are independent", ratio)
	}
	return f
}

// kolmogorov is the one-sample test of Kolmogorov and Smirnov against a
// distribution. It sorts the samples.
func kolmogorov(samples []time.Duration, cdf func(time.Duration) float64) finding {
	slices.Sort(samples)
	n := float64(len(samples))
	var d float64
	for i, s := range samples {
		at := cdf(s)
		d = max(d, at-float64(i)/n, float64(i+1)/n-at)
	}
	limit := ksOver / math.Sqrt(n)
	f := finding{
		n: len(samples), estimate: "D = " + figure(d), expected: "D ≤ " + figure(limit),
		statistic: withP("√n·D", d*math.Sqrt(n), pKolmogorov(d*math.Sqrt(n))),
	}
	if d > limit {
		f.wrong = fmt.Errorf("Kolmogorov-Smirnov distance %.5f, want at most %.5f", d, limit)
	}
	return f
}

// pKolmogorov is the chance of a distance over x/sqrt(n), for large n.
func pKolmogorov(x float64) float64 {
	if x < 0.3 {
		return 1 // to ten digits, and the series converges slowly
	}
	var p float64
	for k, sign := 1.0, 2.0; k < 30; k, sign = k+1, -sign {
		p += sign * math.Exp(-2*square(k*x))
	}
	return min(1, p)
}

// anderson is the one-sample test of Anderson and Darling, which weighs the tails
// as much as the middle. It wants sorted samples. For the chance of a statistic
// beyond x see V. M. Zolotarev (1961): of the weights 1/(j(j+1)) the first
// decides, and the others make a factor of sqrt(3); good below 5 %.
func anderson(sorted []time.Duration, cdf func(time.Duration) float64) finding {
	n := len(sorted)
	var sum float64
	for i, s := range sorted {
		at := cdf(s)
		// What weighs little below weighs much above: together 2n.
		sum += float64(2*i+1)*math.Log(at) + float64(2*(n-i)-1)*math.Log1p(-at)
	}
	a := -float64(n) - sum/float64(n)
	p := min(1, math.Sqrt(3)*chiSquareTail(2*a, 1))
	f := finding{n: n, estimate: "A² = " + figure(a), expected: "A² ≤ 12.5", statistic: withP("A²", a, p)}
	if !(p >= alpha) {
		f.wrong = fmt.Errorf("Anderson-Darling statistic %.2f, p = %.2g", a, p)
	}
	return f
}

// exact is a property that has no tolerance: what is wrong, if anything is.
func exact(n int, expected string, wrong error) finding {
	return finding{n: n, estimate: "so for all", expected: expected, statistic: "exact", wrong: wrong}
}

// uniform is kolmogorov for durations spread evenly from low to high.
func uniform(samples []time.Duration, low, high time.Duration) finding {
	return kolmogorov(samples, func(s time.Duration) float64 { return float64(s-low) / float64(high-low) })
}

// ordered wants numbers that never go down.
func ordered[T cmp.Ordered](numbers []T) finding {
	f := finding{n: len(numbers), expected: "0 inversions", statistic: "exact"}
	inversions := 0
	for i := 1; i < len(numbers); i++ {
		if numbers[i] < numbers[i-1] {
			inversions++
			f.wrong = cmp.Or(f.wrong, fmt.Errorf("place %d: %v after %v", i, numbers[i], numbers[i-1]))
		}
	}
	f.estimate = fmt.Sprint(inversions)
	return f
}

// paced wants no window of time, wherever it begins and however long it is, to
// hold more than rate allows: exactly, but for the rounding to whole nanoseconds
// at either end.
func paced(times []time.Duration, sizes []int, rate float64) finding {
	earliest := math.Inf(-1)
	var sent, most float64
	f := finding{n: len(times), expected: "at most 2 ns too soon", statistic: "exact"}
	for i, at := range times {
		sent += float64(sizes[i]) * 8 * 1e9 / rate
		// How far this datagram is behind the schedule of a busy link.
		slack := float64(at) - sent
		if i > 0 {
			most = max(most, earliest-slack)
		}
		if slack < earliest-2 {
			f.wrong = cmp.Or(f.wrong, fmt.Errorf("datagram %d comes %.1f ns too soon for %v bit/s", i, earliest-slack, rate))
		}
		earliest = max(earliest, slack)
	}
	f.estimate = fmt.Sprintf("%.1f ns", most)
	return f
}

// ljungBox looks for memory over 20 packets: the statistic of Ljung and Box over
// the autocorrelations at lags 1 to 20.
func ljungBox(fates []bool) finding {
	const lags = 20
	n := float64(len(fates))
	mean := float64(count(fates)) / n
	// With x of 0 and 1, the products are counts of losses that far apart.
	var together [lags + 1]int
	var lost []int
	for i, l := range fates {
		if !l {
			continue
		}
		for j := len(lost) - 1; j >= 0 && i-lost[j] <= lags; j-- {
			together[i-lost[j]]++
		}
		lost = append(lost, i)
	}
	head, tail := 0, 0 // losses among the first and among the last so many packets
	var q, largest float64
	for lag := 1; lag <= lags; lag++ {
		head += digit(fates[lag-1])
		tail += digit(fates[len(fates)-lag])
		sum := float64(together[lag]) - mean*float64(2*len(lost)-head-tail) + (n-float64(lag))*square(mean)
		r := sum / (n * mean * (1 - mean))
		q += square(r) / (n - float64(lag))
		if math.Abs(r) > math.Abs(largest) {
			largest = r
		}
	}
	q *= n * (n + 2)
	p := chiSquareTail(q, lags)
	f := finding{
		n: len(fates), estimate: "largest " + figure(largest), expected: "0 at lags 1 to 20",
		statistic: withP("Ljung-Box (20)", q, p),
	}
	if p < alpha {
		f.wrong = fmt.Errorf("autocorrelation: Ljung-Box %.1f over %d lags, p = %.2g", q, lags, p)
	}
	return f
}
