package lossy

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

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
func moveFinding(seen []int, probabilities vector) finding {
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
