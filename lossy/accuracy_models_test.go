package lossy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// modelFrom reads a loss model as users write it.
func modelFrom(t testing.TB, text string) LossModel {
	t.Helper()
	m, err := ParseLossModel(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// batched judges the mean of a sequence with memory by the variance of the
// means of batches much longer than the memory.
func batched(what string, values []float64, expected float64) finding {
	mean, sd, batches := batchMeans(values)
	f := deviation(what, len(values)/batches*batches, mean, expected, sd)
	f.statistic += fmt.Sprintf(", of %d batches", batches)
	return f
}

func batchMeans(values []float64) (mean, sd float64, batches int) {
	batches = min(500, len(values)/2)
	size := len(values) / batches
	var sum, squares float64
	n := float64(batches)
	for b := range batches {
		var batch float64
		for _, v := range values[b*size : (b+1)*size] {
			batch += v
		}
		batch /= float64(size)
		sum += batch
		squares += square(batch)
	}
	mean = sum / n
	return mean, math.Sqrt((squares - n*square(mean)) / (n - 1) / n), batches
}

func numbers(fates []bool) []float64 {
	values := make([]float64, len(fates))
	for i, lost := range fates {
		values[i] = float64(digit(lost))
	}
	return values
}

// lossJudge judges one model.
func lossJudge(t *testing.T, p Profile, seed uint64) func(property string, f finding) {
	model := strings.TrimPrefix(p.String(), "loss ")
	return func(property string, f finding) {
		t.Helper()
		row{"Loss", model, property, seed}.judge(t, f)
	}
}

// chainMean judges the mean loss by the formula for the model's variance.
func chainMean(fates []bool, m chained) finding {
	c := m.chain()
	mean, n := c.mean(), float64(len(fates))
	sd := math.Sqrt(mean * (1 - mean) * c.inflation() / n)
	return deviation("mean loss", len(fates), float64(count(fates))/n, mean, sd)
}

// The closed forms of Gilbert and Elliott, against which the solver of chains
// is held too.
func elliottForms(g GilbertElliott) (mean, run, inflation float64) {
	pi, lambda := g.P/(g.P+g.R), 1-g.P-g.R
	mean = g.Bad*pi + g.Good*(1-pi)
	spread := square(g.Bad-g.Good) * pi * (1 - pi) * lambda
	return mean, mean / (mean - mean*mean - spread), 1 + 2*spread/(1-lambda)/(mean*(1-mean))
}

func TestGilbertElliott(t *testing.T) {
	for _, text := range []string{
		"gilbert-elliott:p=1%,r=25%,bad=100%,good=0%",
		"gilbert-elliott:p=2%,r=20%,bad=70%,good=1%",
		"gilbert-elliott:p=0.1%,r=5%,bad=50%,good=0.1%",
		"gilbert-elliott:p=90%,r=70%,bad=100%,good=20%", // it alternates: lambda is negative
	} {
		t.Run(text, func(t *testing.T) {
			g := modelFrom(t, text).(GilbertElliott)
			judge := lossJudge(t, Profile{LossModel: g}, 31)
			m := NewModel(31, 0, Up, Profile{LossModel: g})
			fates, bad := make([]bool, aMillion()), make([]bool, aMillion())
			state := m.losses.(*elliott)
			var lostGood, lostBad int
			for i := range fates {
				before := *state
				fates[i] = m.Decide(1).Drop == CauseLoss
				bad[i] = before.bad
				if i == 0 { // it was drawn with the packet
					continue
				}
				lostBad += digit(fates[i] && bad[i])
				lostGood += digit(fates[i] && !bad[i])
			}
			mean, run, inflation := elliottForms(g)
			if c := g.chain(); math.Abs(c.mean()-mean) > 1e-12 || math.Abs(c.inflation()/inflation-1) > 1e-9 {
				t.Errorf("the chain has mean %v, inflation %v; the closed forms %v, %v", c.mean(), c.inflation(), mean, inflation)
			}
			judge("mean, Markov variance", deviation("mean loss", len(fates), float64(count(fates))/float64(len(fates)), mean,
				math.Sqrt(mean*(1-mean)*inflation/float64(len(fates)))))
			bad = bad[1:]
			moves := transitionsOf(bad)
			judge("good to bad", proportion(moves[0][1], moves[0][0]+moves[0][1], g.P))
			judge("bad to good", proportion(moves[1][0], moves[1][0]+moves[1][1], g.R))
			judge("loss in the bad state", share(lostBad, count(bad), g.Bad))
			judge("loss in the good state", share(lostGood, len(bad)-count(bad), g.Good))
			good, burst := runLengths(bad)
			judge("stays in the bad state", geometric(burst, g.R))
			judge("stays in the good state", geometric(good, g.P))
			judge("mean run of losses", meanRun(fates, run))
			judge("not independent", bursty(fates))
		})
	}
}

// share is proportion, but exact where the probability is 0 or 1.
func share(events, trials int, probability float64) finding {
	if probability > 0 && probability < 1 {
		return proportion(events, trials, probability)
	}
	f := finding{n: trials, estimate: figure(float64(events) / float64(trials)), expected: figure(probability), statistic: "exact"}
	if events != int(probability)*trials {
		f.wrong = fmt.Errorf("%d of %d, want all or none", events, trials)
	}
	return f
}

// meanRun judges the mean length of runs of losses: the reciprocal of the
// chance that a loss is the last of its run.
func meanRun(fates []bool, want float64) finding {
	_, runs := runLengths(fates)
	lengths := make([]float64, len(runs))
	for i, r := range runs {
		lengths[i] = float64(r)
	}
	return batched("mean run", lengths, want)
}

func TestFourStateLoss(t *testing.T) {
	for _, text := range []string{
		"four-state:p13=1%,p31=20%,p32=30%,p23=60%,p14=0.5%",
		"four-state:p13=5%",
		"four-state:p13=0%,p14=10%",
	} {
		f := modelFrom(t, text).(FourState)
		t.Run(text, func(t *testing.T) {
			judge := lossJudge(t, Profile{LossModel: f}, 32)
			fates, states := fourStates(f, 32, aMillion())
			judge("mean, Markov variance", chainMean(fates, f))
			judgeMoves(judge, f, states)
		})
	}
}

// fourStates runs the chain and tells the state that each packet met.
func fourStates(m LossModel, seed uint64, n int) (fates []bool, states []int) {
	model := NewModel(seed, 0, Up, Profile{LossModel: m})
	chain := model.losses.(*fourState)
	fates, states = make([]bool, n), make([]int, n+1)
	for i := range fates {
		fates[i] = model.Decide(1).Drop == CauseLoss
		states[i+1] = chain.state // that of the next packet
	}
	return fates[1:], states[1:n]
}

// judgeMoves holds the moves out of each state to their probabilities.
func judgeMoves(judge func(string, finding), f FourState, states []int) {
	moves := f.chain().moves
	var seen [4][]int
	for i := range seen {
		seen[i] = make([]int, 4)
	}
	for i := 1; i < len(states); i++ {
		seen[states[i-1]-1][states[i]-1]++
	}
	for from := range 4 {
		if slices.Max(seen[from]) == 0 {
			continue // a state that these parameters never lead to
		}
		judge(fmt.Sprintf("moves out of state %d", from+1), moveFinding(seen[from], moves[from]))
	}
}

// moveFinding is pearson over the moves that there are; others must not occur.
func moveFinding(seen []int, probabilities [4]float64) finding {
	n, only := 0, -1
	var cells []int
	var expected []float64
	for to, count := range seen {
		n += count
		if probabilities[to] > 1e-12 {
			cells = append(cells, count)
			only = to
		} else if count > 0 {
			return finding{n: n, wrong: fmt.Errorf("%d moves to state %d, which there are none", count, to+1)}
		}
	}
	for to := range seen {
		if probabilities[to] > 1e-12 {
			expected = append(expected, float64(n)*probabilities[to])
		}
	}
	if len(cells) == 1 {
		return finding{n: n, estimate: "only to " + fmt.Sprint(only+1), expected: "only to " + fmt.Sprint(only+1), statistic: "exact"}
	}
	f := pearson(cells, expected)
	f.estimate, f.expected = fmt.Sprint(cells), fmt.Sprintf("%.1f", expected)
	return f
}

// What goes in as loss, burst, density, isolated loss and gap is what is seen.
func TestGilbertIntuitive(t *testing.T) {
	for _, text := range []string{
		"gi:loss=5%,burst=10,density=80%,isolated=1%,gap=1.5",
		"gi:loss=1%,burst=4",
	} {
		t.Run(text, func(t *testing.T) {
			g := modelFrom(t, text).(GilbertIntuitive)
			judge := lossJudge(t, Profile{LossModel: g}, 33)
			fates, states := fourStates(g, 33, aMillion())
			judge("mean, Markov variance", chainMean(fates, g))
			judgeMoves(judge, g.fourState(), states)
			if c := g.chain(); math.Abs(c.mean()-g.Loss) > 1e-12 {
				t.Errorf("the chain loses %v, want %v", c.mean(), g.Loss)
			}
			var bursts, lost, excess []float64
			var gaps []int
			var inBurst, outside, alone int
			gap := 0
			for _, s := range states {
				if s == 2 {
					gap++
				} else if gap > 0 {
					gaps, gap = append(gaps, gap), 0
				}
				if s == 2 || s == 3 {
					if inBurst == 0 {
						bursts, lost = append(bursts, 0), append(lost, 0)
					}
					inBurst++
					bursts[len(bursts)-1]++
					lost[len(lost)-1] += float64(s - 2)
					continue
				}
				inBurst = 0
				outside++
				alone += digit(s == 4)
			}
			for i := range bursts {
				excess = append(excess, lost[i]-g.Density*bursts[i])
			}
			judge("mean burst", batched("mean burst", bursts, g.Burst))
			if g.Density < 1 {
				judge("lost less density · length, of a burst", batched("excess", excess, 0))
				judge("gaps within bursts", geometric(gaps, 1/g.Gap))
				judge("isolated", proportion(alone, outside, g.Isolated))
			}
		})
	}
}

func TestEveryNthLoss(t *testing.T) {
	for text, first := range map[string]int{"every:20": 19, "every:20,first=3": 3, "every:1": 0, "every:7,first=100": 100} {
		m := modelFrom(t, text).(EveryNth)
		fates := fatesOf(Profile{LossModel: m}, 34, 100_000)
		f := finding{n: len(fates), expected: "index " + fmt.Sprintf("%d + %d·k", first, m.N), statistic: "exact"}
		for i, lost := range fates {
			if lost != (i >= first && (i-first)%int(m.N) == 0) {
				f.wrong = fmt.Errorf("packet %d: lost %v", i, lost)
			}
		}
		f.estimate = fmt.Sprintf("%d lost", count(fates))
		lossJudge(t, Profile{LossModel: m}, 34)("which packets", f)
	}
}

// exactlyBlocks wants k lost of every block, and returns the blocks as sets of bits.
func exactlyBlocks(fates []bool, k, of int) (finding, []int) {
	f := finding{n: len(fates) / of, estimate: fmt.Sprintf("%d of %d in every block", k, of), expected: fmt.Sprintf("%d of %d", k, of), statistic: "exact"}
	var sets []int
	for b := 0; b+of <= len(fates); b += of {
		block := fates[b : b+of]
		if count(block) != k && f.wrong == nil {
			f.wrong = fmt.Errorf("%d lost of block %d, want %d", count(block), b/of, k)
		}
		set := 0
		for i, lost := range block {
			if i < 10 {
				set |= digit(lost) << i
			}
		}
		sets = append(sets, set)
	}
	return f, sets
}

func TestExactlyKOfN(t *testing.T) {
	big := Profile{LossModel: ExactlyOf{K: 3, Of: 100}}
	fates := fatesOf(big, 35, aMillion())
	exact, _ := exactlyBlocks(fates, 3, 100)
	places := make([]int, 100)
	for i, lost := range fates {
		places[i%100] += digit(lost)
	}
	judge := lossJudge(t, big, 35)
	judge("lost in each block", exact)
	judge("place in the block", even(places))

	small := Profile{LossModel: ExactlyOf{K: 3, Of: 10}}
	fates = fatesOf(small, 36, aMillion())
	exact, sets := exactlyBlocks(fates, 3, 10)
	judge = lossJudge(t, small, 36)
	judge("lost in each block", exact)
	ways := map[int]int{}
	again := 0
	for i, set := range sets {
		ways[set]++
		again += digit(i > 0 && set == sets[i-1])
	}
	seen := slices.Sorted(maps.Values(ways)) // sums of floats depend on the order
	if len(seen) != 120 {
		t.Errorf("%d choices of 3 of 10 occur, want all 120", len(seen))
	}
	judge("all 120 choices", even(seen))
	judge("same choice as in the block before", proportion(again, len(sets)-1, 1.0/120))
}

// Switched on within a block, it loses what it would have lost of the rest.
func TestExactlySwitchedOnWithinABlock(t *testing.T) {
	p := Profile{LossModel: ExactlyOf{K: 40, Of: 100}}
	want := fatesOf(p, 37, 1000)
	m := NewModel(37, 0, Up, Profile{})
	for i := range 1000 {
		switch i {
		case 250, 777:
			m.SetProfile(p)
		case 613:
			m.SetProfile(Profile{})
		}
		lost := m.Decide(1).Drop == CauseLoss
		if on := i >= 250 && i < 613 || i >= 777; on && lost != want[i] {
			t.Fatalf("packet %d: lost %v, want %v", i, lost, want[i])
		}
	}
}

func TestDropListAndTrace(t *testing.T) {
	list := Profile{LossModel: modelFrom(t, "list:3 10-12 7 11-14 15 100000")}
	trace, err := ParseLossModel("trace:t", func(string) ([]byte, error) { return []byte("0,1 # two\n\n0010\r\n1"), nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		profile Profile
		lost    func(i int) bool
	}{
		{list, func(i int) bool { return i == 3 || i == 7 || i >= 10 && i <= 15 || i == 100_000 }},
		{Profile{LossModel: trace}, func(i int) bool { return "0100101"[i%7] == '1' }},
	} {
		for _, from := range []int{0, 11} {
			m := NewModel(38, 0, Up, Profile{})
			f := finding{n: 200_000, expected: "as listed", statistic: "exact"}
			lost := 0
			for i := range 200_000 {
				if i == from {
					m.SetProfile(c.profile)
				}
				got := m.Decide(1).Drop == CauseLoss
				lost += digit(got)
				if got != (i >= from && c.lost(i)) {
					f.wrong = fmt.Errorf("packet %d: lost %v", i, got)
				}
			}
			f.estimate = fmt.Sprintf("%d lost", lost)
			lossJudge(t, c.profile, 38)(fmt.Sprintf("which packets, from index %d on", from), f)
		}
	}
}

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
	z := normalQuantile(p)
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

// No more than so many in a row, and the mean that is left.
func TestLossBurstCap(t *testing.T) {
	elliott := GilbertElliott{P: 0.02, R: 0.2, Bad: 0.9, Good: 0.01}
	for _, c := range []struct {
		profile Profile
		mean    float64 // by a closed form, where there is one
	}{
		{Profile{Loss: 0.3, LossBurstCap: 3}, 0.3 * (1 - math.Pow(0.3, 3)) / (1 - math.Pow(0.3, 4))},
		{Profile{Loss: 0.05, Burst: 8, LossBurstCap: 5}, 0.05 * (1 - math.Pow(7.0/8, 5)/8/(1-math.Pow(7.0/8, 6)))},
		{Profile{Loss: 1, LossBurstCap: 4}, 0.8},
		{Profile{LossModel: elliott, LossBurstCap: 2}, 0},
		{Profile{LossModel: FourState{P13: 0.02, P31: 0.2, P32: 0.3, P23: 0.6, P14: 0.01}, LossBurstCap: 1}, 0},
	} {
		t.Run(c.profile.String(), func(t *testing.T) {
			judge := lossJudge(t, c.profile, 40)
			fates := fatesOf(c.profile, 40, aMillion())
			chain := c.profile.lossChain()
			mean := chain.cappedMean(c.profile.LossBurstCap)
			if c.mean > 0 && math.Abs(mean-c.mean) > 1e-12 {
				t.Errorf("the chain loses %v, the closed form %v", mean, c.mean)
			}
			if c.profile.Loss < 1 {
				judge("mean, batch means", batched("mean loss", numbers(fates), mean))
			}
			judge("longest run", longestRun(fates, c.profile.LossBurstCap))
			m := NewModel(40, 0, Up, c.profile)
			if p, _ := m.losses.odds(); p != mean {
				t.Errorf("the estimate expects %v, want %v", p, mean)
			}
		})
	}
}

func longestRun(fates []bool, most int) finding {
	row, longest := 0, 0
	for _, lost := range fates {
		row = (row + 1) * digit(lost)
		longest = max(longest, row)
	}
	f := finding{n: len(fates), estimate: fmt.Sprint(longest), expected: fmt.Sprint(most), statistic: "exact"}
	if longest != most {
		f.wrong = fmt.Errorf("the longest run of losses is %d, want %d", longest, most)
	}
	return f
}

// The intervals of estimates hold for every model.
func TestEstimateCoversEveryModel(t *testing.T) {
	for _, p := range []Profile{
		{LossModel: GilbertElliott{P: 0.02, R: 0.2, Bad: 0.7, Good: 0.01}},
		{LossModel: FourState{P13: 0.02, P31: 0.2, P32: 0.3, P23: 0.6, P14: 0.01}},
		{LossModel: CorrelatedLoss{P: 0.1, Rho: 0.6}},
		{LossModel: ExactlyOf{K: 3, Of: 100}},
		{LossModel: EveryNth{N: 20, First: 19}},
		{Loss: 0.3, LossBurstCap: 3},
		{Loss: 0.05, Burst: 4, LossBurstCap: 6},
	} {
		row{"Seeds", p.String(), "99 % interval misses", 0}.judge(t, coverage(p, func(e Estimate) bool { return e.Holds() }))
	}
}
