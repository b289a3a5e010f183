package lossy

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// lawFrom reads a law of delay as users write it; a file has the content given.
func lawFrom(t testing.TB, text, content string) Distribution {
	t.Helper()
	d, err := ParseDistribution(text, func(string) ([]byte, error) { return []byte(content), nil })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// drawnDelays are the delays of n packets.
func drawnDelays(p Profile, seed uint64, n int) []time.Duration {
	m := NewModel(seed, 0, Up, p)
	delays := make([]time.Duration, n)
	for i := range delays {
		delays[i] = m.Decide(1).Delay
	}
	return delays
}

func milliseconds(delays []time.Duration) []float64 {
	values := make([]float64, len(delays))
	for i, d := range delays {
		values[i] = float64(d) / 1e6
	}
	return values
}

// meanDelay and sdDelay judge by the standard deviation of the law and, for the
// latter, its kurtosis. In milliseconds.
func meanDelay(values []float64, mean, sd float64) finding {
	seen, _ := momentsOf(values)
	return deviation("mean", len(values), seen, mean, sd/math.Sqrt(float64(len(values))))
}

func sdDelay(values []float64, sd, kurtosis float64) finding {
	_, seen := momentsOf(values)
	return deviation("standard deviation", len(values), seen, sd, sd/2*math.Sqrt((kurtosis-1)/float64(len(values))))
}

func momentsOf(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	var squares float64
	for _, v := range values {
		squares += square(v - mean)
	}
	return mean, math.Sqrt(squares / float64(len(values)))
}

// beyond judges how many values exceed the point that a share of them should.
func beyond(values []float64, point, share float64) finding {
	n := 0
	for _, v := range values {
		n += digit(v > point)
	}
	return proportion(n, len(values), share)
}

func delayJudge(t *testing.T, p Profile, seed uint64) func(property string, f finding) {
	return func(property string, f finding) {
		t.Helper()
		row{"Delay and order", p.String(), property, seed}.judge(t, f)
	}
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// paretoCDF is that of shape 3 in units of its standard deviation about its mean.
func paretoCDF(z float64) float64 {
	v := z*math.Sqrt(0.75) + 1.5
	if v < 1 {
		return 0
	}
	return 1 - math.Pow(v, -3)
}

// paretoNormalCDF folds the two: the mean of the normal one's over the Pareto
// one's quantiles, those of the steep end taken closer together.
func paretoNormalCDF(z float64) float64 {
	const steps = 400
	scale := math.Sqrt(0.25*0.25 + 0.75*0.75)
	var sum float64
	for i := range steps {
		// 1-u = w^3, so that the quantile is 1/w and the weight 3*w^2.
		w := (float64(i) + 0.5) / steps
		p := (1/w - 1.5) / math.Sqrt(0.75)
		sum += 3 * w * w / steps * normalCDF((z*scale-0.75*p)/0.25)
	}
	return sum
}

// onGrid tabulates a function that is costly, and reads it between the lines.
func onGrid(f func(float64) float64, low, high float64) func(float64) float64 {
	const steps = 4000
	var table [steps + 1]float64
	for i := range table {
		table[i] = f(low + (high-low)*float64(i)/steps)
	}
	return func(x float64) float64 {
		at := (x - low) / (high - low) * steps
		if at < 0 || at >= steps {
			return f(x)
		}
		i := int(at)
		return table[i] + (at-float64(i))*(table[i+1]-table[i])
	}
}

// The laws at a delay of 100 ms and a jitter of 20 ms, where next to nothing
// would be below zero.
func TestDelayLaws(t *testing.T) {
	const mean, sd = 100.0, 20.0
	ss := math.Log(1 + square(sd/mean))
	w := math.Exp(ss)
	for _, law := range []struct {
		text string
		cdf  func(z float64) float64 // of (delay - mean) / sd
		tail float64                 // a point far out, in sd
		tune func(judge func(string, finding), values []float64)
	}{
		{"normal", normalCDF, 3.5, func(judge func(string, finding), values []float64) {
			judge("standard deviation, ms", sdDelay(values, sd, 3))
		}},
		{"lognormal", func(z float64) float64 {
			return normalCDF((math.Log(mean+sd*z) - math.Log(mean) + ss/2) / math.Sqrt(ss))
		}, 4.5, func(judge func(string, finding), values []float64) {
			judge("standard deviation, ms", sdDelay(values, sd, math.Pow(w, 4)+2*math.Pow(w, 3)+3*w*w-3))
		}},
		{"pareto", paretoCDF, 20, func(judge func(string, finding), values []float64) {
			judge("variance below the 99.9 % point, ms²", paretoVariance(values, mean, sd))
			judge("index of the tail (Hill)", paretoIndex(values, mean, sd))
		}},
		{"paretonormal", onGrid(paretoNormalCDF, -4, 12), 16, func(func(string, finding), []float64) {}},
	} {
		t.Run(law.text, func(t *testing.T) {
			p := Profile{Delay: mean * time.Millisecond, Jitter: sd * time.Millisecond, Distribution: lawFrom(t, law.text, "")}
			judge := delayJudge(t, p, 41)
			delays := drawnDelays(p, 41, aMillion())
			long := make([]bool, len(delays))
			for i, d := range delays {
				long[i] = d > p.Delay
			}
			judge("long after long", ljungBox(long))
			values := milliseconds(delays)
			judge("mean, ms", meanDelay(values, mean, sd))
			law.tune(judge, values)
			judge("share beyond "+figure(law.tail)+" jitter", beyond(values, mean+law.tail*sd, 1-law.cdf(law.tail)))
			cdf := func(d time.Duration) float64 { return law.cdf((float64(d)/1e6 - mean) / sd) }
			judge("delay drawn", kolmogorov(delays, cdf))
			judge("delay drawn, tails", anderson(delays, cdf))
		})
	}
}

// paretoVariance is the second moment about the mean of what lies below the
// 99.9 % point; that of all has no variance of its own to judge by.
func paretoVariance(values []float64, mean, sd float64) finding {
	const c = 10 // in units of the smallest: c^-3 is 0.1 %
	below := make([]float64, len(values))
	for i, v := range values {
		if z := (v - mean) / sd; z*math.Sqrt(0.75)+1.5 <= c {
			below[i] = square(v - mean)
		}
	}
	want := 3 * ((1 - 1.0/c) - 1.5*(1-1.0/c/c) + 0.75*(1-1.0/c/c/c)) / 0.75 * sd * sd
	return batched("variance", below, want)
}

// paretoIndex is 1 over the mean of the logarithms, which are exponential.
func paretoIndex(values []float64, mean, sd float64) finding {
	var sum float64
	for _, v := range values {
		sum += math.Log((v-mean)/sd*math.Sqrt(0.75) + 1.5)
	}
	n := float64(len(values))
	return deviation("index", len(values), n/sum, 3, 3/math.Sqrt(n))
}

// Below zero is zero: what that does where the jitter is as large as the delay.
func TestDelayBelowZeroIsZero(t *testing.T) {
	p := Profile{Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Distribution: NormalDelay{}}
	judge := delayJudge(t, p, 42)
	values := milliseconds(drawnDelays(p, 42, aMillion()))
	zero := 0
	for _, v := range values {
		zero += digit(v == 0)
		if v < 0 {
			t.Fatalf("a delay of %v ms", v)
		}
	}
	density := math.Exp(-0.5) / math.Sqrt(2*math.Pi)
	mean, squares := 20*(normalCDF(1)+density), 400*(2*normalCDF(1)+density)
	judge("share at zero", proportion(zero, len(values), normalCDF(-1)))
	judge("mean, ms", meanDelay(values, mean, math.Sqrt(squares-mean*mean)))
	deviations := make([]float64, len(values))
	for i, v := range values {
		deviations[i] = square(v - mean)
	}
	judge("variance, ms²", batched("variance", deviations, squares-mean*mean))
}

// A table is judged by itself: each of its samples is as likely as the others.
func TestDelayTable(t *testing.T) {
	var content strings.Builder
	content.WriteString("# a table like netem's\n")
	samples := make([]float64, 1000)
	for i := range samples {
		sample := int(math.Round(8192 * normalQuantile((float64(i)+0.5)/1000)))
		samples[i] = 100 + float64(sample)/1000
		fmt.Fprintf(&content, "%d%c", sample, " \n"[digit(i%8 == 7)])
	}
	p := Profile{Delay: 100 * time.Millisecond, Jitter: 8192 * time.Microsecond, Distribution: lawFrom(t, "table:t.dist", content.String())}
	judge := delayJudge(t, p, 43)
	values := milliseconds(drawnDelays(p, 43, aMillion()))
	seen := make([]int, len(samples))
	for _, v := range values {
		i, _ := slices.BinarySearch(samples, v-1e-9)
		seen[i]++
	}
	judge("each sample of the table", even(seen))
	mean, sd := momentsOf(samples)
	judge("mean of the table, ms", meanDelay(values, mean, sd))
	judge("standard deviation of the table, ms", sdDelay(values, sd, 3))
}

// The kernel computes in two parts what we compute in one (tabledist in
// net/sched/sch_netem.c): the same to the nanosecond.
func TestDelayTableRoundsAsTheKernel(t *testing.T) {
	for _, sigma := range []int64{1, 7, 8191, 8192, 123_456_789, int64(MaxDelay)} {
		for _, sample := range []int64{-32768, -8193, -4097, -1, 0, 1, 4096, 12345, 32767} {
			x := sigma % tableScale * sample
			if x >= 0 {
				x += tableScale / 2
			} else {
				x -= tableScale / 2
			}
			want := time.Duration(x/tableScale + sigma/tableScale*sample)
			const mean = 20 * time.Minute
			law := lawFrom(t, "table:t", fmt.Sprint(sample))
			var got [batch]time.Duration
			law.start(&Profile{Delay: mean, Jitter: time.Duration(sigma)}, func(purpose) stream { return stream{} }).fill(0, &got)
			if want := min(max(mean+want, 0), MaxDelay); got[0] != want {
				t.Errorf("sigma %d, sample %d: %v, want %v", sigma, sample, got[0], want)
			}
		}
	}
}

func TestDelayCDF(t *testing.T) {
	p := Profile{Delay: time.Millisecond, Distribution: lawFrom(t, "cdf:c.csv", "ms\n10,0\n20, 0.5\n20.5 0.5001\n40 0.9\n300 100%\n")}
	judge := delayJudge(t, p, 44)
	delays := drawnDelays(p, 44, aMillion())
	points := []struct{ ms, p float64 }{{11, 0}, {21, 0.5}, {21.5, 0.5001}, {41, 0.9}, {301, 1}}
	judge("delay drawn", kolmogorov(delays, func(d time.Duration) float64 {
		ms := float64(d) / 1e6
		for i := 1; i < len(points); i++ {
			if a, b := points[i-1], points[i]; ms < b.ms {
				return a.p + max(0, ms-a.ms)/(b.ms-a.ms)*(b.p-a.p)
			}
		}
		return 1
	}))

	atoms := Profile{Distribution: lawFrom(t, "cdf:atoms.csv", "5ms 20%\n10ms 20%\n10ms 70%\n20ms 100%\n")}
	judge = delayJudge(t, atoms, 45)
	var five, ten, more int
	delays = drawnDelays(atoms, 45, aMillion())
	for _, d := range delays {
		five += digit(d == 5*time.Millisecond)
		ten += digit(d == 10*time.Millisecond)
		more += digit(d > 10*time.Millisecond && d < 20*time.Millisecond)
	}
	judge("share at the first point, 5 ms", proportion(five, len(delays), 0.2))
	judge("share at 10 ms, given twice", proportion(ten, len(delays), 0.5))
	judge("share between 10 and 20 ms", proportion(more, len(delays), 0.3))
}

func TestDelayTrace(t *testing.T) {
	p := Profile{Delay: time.Millisecond, Loss: 0.3, Distribution: lawFrom(t, "trace:t.csv", "# rtt/2\n20ms, 21.5ms\nms\n3 0\n")}
	want := []time.Duration{21 * time.Millisecond, 22500 * time.Microsecond, 4 * time.Millisecond, time.Millisecond}
	m := NewModel(46, 0, Up, p)
	f := finding{n: aMillion(), estimate: "as in the file", expected: "as in the file", statistic: "exact"}
	for i := range f.n {
		if v := m.Decide(1); v.Drop == CauseNone && v.Delay != want[i%4] {
			f.wrong = fmt.Errorf("packet %d is delayed by %v, want %v", i, v.Delay, want[i%4])
		}
	}
	delayJudge(t, p, 46)("every delay", f)
}

// Whatever the law, order is kept, or each packet has its own delay.
func TestDelayLawsKeepOrder(t *testing.T) {
	for _, text := range []string{"normal", "pareto", "lognormal"} {
		p := Profile{Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Distribution: lawFrom(t, text, "")}
		n := aMillion()
		numbers, times := sendNumbered(NewLink(47, 0, Up, p), n, 10*time.Microsecond)
		if len(numbers) != n {
			t.Fatalf("%s: %d of %d datagrams came out", text, len(numbers), n)
		}
		delayJudge(t, p, 47)("order kept, packets 10 µs apart", ordered(numbers))
		report(t, text+": order of times", checkOrder(times))
	}
	p := Profile{Delay: 40 * time.Millisecond, Jitter: 8 * time.Millisecond, Distribution: NormalDelay{}, JitterReorder: true}
	delays, _ := delaysSeen(NewLink(48, 0, Up, p), aMillion(), 10*time.Microsecond)
	delayJudge(t, p, 48)("delay seen, packets 10 µs apart",
		kolmogorov(delays, func(d time.Duration) float64 { return normalCDF((float64(d) - 40e6) / 8e6) }))
}
