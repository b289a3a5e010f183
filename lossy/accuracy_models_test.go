package lossy

import (
	"fmt"
	"math"
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

// cappedMean is the share lost if no more than most packets in a row may be:
// the one after them is kept, and a new row begins. v is how often the chain is
// in each state at the packet after a kept one; those that are lost after it
// take v to v*lose, v*lose^2 and so on.
func (c *chain) cappedMean(most int) float64 {
	var lose, keep, back, power matrix
	for from := range c.states {
		for to := range c.states {
			lose[from][to] = c.loses[from] * c.moves[from][to]
			keep[from][to] = (1 - c.loses[from]) * c.moves[from][to]
		}
		power[from][from] = 1
	}
	for range most {
		back = back.plus(power.times(keep))
		power = power.times(lose)
	}
	v := back.plus(power.times(c.moves)).stationary(c.states)
	lost := 0.0
	for range most {
		v = v.times(lose)
		lost += v.dot(vector{1, 1, 1, 1})
	}
	return lost / (1 + lost)
}

func (m matrix) plus(o matrix) matrix {
	for i := range m {
		for j := range m {
			m[i][j] += o[i][j]
		}
	}
	return m
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
