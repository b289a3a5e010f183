package lossy

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// More planted bugs (see planted_test.go), in the richer models of loss.

var plantedElliott = GilbertElliott{P: 0.02, R: 0.2, Bad: 0.7, Good: 0.01}

// plantedChain runs a chain of two states whose packets are lost as fate says.
func plantedChain(n int, fate func(i uint64, bad *bool) bool) []bool {
	fates := make([]bool, n)
	bad := false
	for i := range fates {
		fates[i] = fate(uint64(i), &bad)
	}
	return fates
}

// sch_netem of about 2012 lacked a break: in the good state it went on to what
// is meant for the bad one.
func TestChecksCatchGilbertElliottThatFallsThrough(t *testing.T) {
	g := plantedElliott
	moves, fates := planted(drawElliottMove), planted(drawElliottLoss)
	run := func(falls bool) []bool {
		return plantedChain(plantedPackets, func(i uint64, bad *bool) bool {
			if !*bad {
				if moves.hits(i, g.P) {
					*bad = true
				}
				if fates.hits(i, g.Good) {
					return true
				}
				if !falls {
					return false
				}
			}
			lost := fates.hits(i, g.Bad)
			if moves.hits(i, g.R) {
				*bad = false
			}
			return lost
		})
	}
	report(t, "the planted chain without a bug", chainMean(run(false), g).wrong)
	wantCaught(t, "Gilbert-Elliott that falls through to the bad state, as in sch_netem of 2012", chainMean(run(true), g).wrong)
}

// The same version took h, the share kept in the bad state, for the share lost.
func TestChecksCatchGilbertElliottWithInvertedH(t *testing.T) {
	inverted := plantedElliott
	inverted.Bad = 1 - inverted.Bad
	fates := fatesOf(Profile{LossModel: inverted}, 31, plantedPackets)
	wantCaught(t, "Gilbert-Elliott with h for 1-h, as in sch_netem of 2012", chainMean(fates, plantedElliott).wrong)
	// With p made to fit the mean is right, and the runs of losses are not.
	fitted := inverted
	mean, run, _ := elliottForms(plantedElliott)
	fitted.P = fitted.R * (mean - fitted.Good) / (fitted.Bad - mean)
	fates = fatesOf(Profile{LossModel: fitted}, 31, plantedPackets)
	report(t, "mean with p made to fit", chainMean(fates, fitted).wrong)
	wantCaught(t, "Gilbert-Elliott with h for 1-h and p made to fit: runs", meanRun(fates, run).wrong)
}

// An interval by the binomial variance is too narrow for a chain.
func TestChecksCatchBinomialVarianceForGilbertElliott(t *testing.T) {
	binomial := func(e Estimate) bool {
		low, high := wilson(e.Observed, float64(e.Trials), z99)
		return low <= e.Configured && e.Configured <= high
	}
	wantCaught(t, "binomial variance for Gilbert-Elliott", coverage(Profile{LossModel: plantedElliott}, binomial).wrong)
	wantCaught(t, "binomial variance for correlated losses",
		coverage(Profile{LossModel: CorrelatedLoss{P: 0.1, Rho: 0.9}}, binomial).wrong)
}

// checkNextState wants every number from 0 to 1 to lead to the state that the
// cumulative probabilities say, also where one range ends and the next begins.
func checkNextState(f FourState, next func(s int, u float64) int) error {
	type move struct {
		end float64
		to  int
	}
	ends := map[int][]move{
		1: {{f.P14, 4}, {f.P14 + f.P13, 3}, {1, 1}},
		2: {{f.P23, 3}, {1, 2}},
		3: {{f.P32, 2}, {f.P32 + f.P31, 1}, {1, 3}},
		4: {{1, 1}},
	}
	for s := 1; s <= 4; s++ {
		var numbers []float64
		for _, e := range ends[s] {
			numbers = append(numbers, math.Nextafter(e.end, 0), e.end, math.Nextafter(e.end, 1))
		}
		for _, u := range append(numbers, 0, 0.5) {
			i := slices.IndexFunc(ends[s], func(m move) bool { return u < m.end })
			if u >= 1 {
				continue
			}
			if got := next(s, u); got != ends[s][i].to {
				return fmt.Errorf("from state %d the number %v leads to %d, want %d", s, u, got, ends[s][i].to)
			}
		}
	}
	return nil
}

// netem's ranges were open at both ends until 2026: a number that is just the
// end of one led nowhere, and a burst of losses let a packet through.
func TestChecksCatchFourStateWithGaps(t *testing.T) {
	f := FourState{P13: 0.25, P31: 0.25, P32: 0.125, P23: 0.5, P14: 0.125}
	report(t, "the model", checkNextState(f, f.next))
	wantCaught(t, "four states with gaps between ranges, as in netem until 2026", checkNextState(f, func(s int, u float64) int {
		switch {
		case s == 1 && u == f.P14, s == 3 && u == f.P32:
			return s
		}
		return f.next(s, u)
	}))
}

// With p31 and p32 exchanged the bursts have too many gaps.
func TestChecksCatchFourStateWithExchangedMoves(t *testing.T) {
	f := FourState{P13: 0.01, P31: 0.2, P32: 0.3, P23: 0.6, P14: 0.005}
	wrong := f
	wrong.P31, wrong.P32 = f.P32, f.P31
	fates, states := fourStates(wrong, 32, plantedPackets)
	wantCaught(t, "four states with p31 and p32 exchanged: mean", chainMean(fates, f).wrong)
	var err error
	judgeMoves(func(_ string, m finding) {
		if err == nil {
			err = m.wrong
		}
	}, f, states)
	wantCaught(t, "four states with p31 and p32 exchanged: moves", err)
}

// k draws with repeats, or one for each packet, do not lose exactly k.
func TestChecksCatchBlocksThatAreNotExact(t *testing.T) {
	draws := planted(drawExactly)
	const k, of = 3, 10
	repeats, each := make([]bool, plantedPackets), make([]bool, plantedPackets)
	for i := range plantedPackets {
		each[i] = draws.hits(uint64(i), float64(k)/of)
		if i%of < k {
			repeats[i/of*of+int(draws.below(uint64(i), of))] = true
		}
	}
	for bug, fates := range map[string][]bool{"k draws with repeats for exactly k": repeats, "one draw a packet for exactly k": each} {
		exact, _ := exactlyBlocks(fates, k, of)
		wantCaught(t, bug, exact.wrong)
	}
	// The first k of each block, or the same k in each: exact, and no chance.
	first := make([]bool, plantedPackets)
	places := make([]int, of)
	for i := range first {
		first[i] = i%of < k
		places[i%of] += digit(first[i])
	}
	wantCaught(t, "the first k of each block", checkEven(places))
}

// An autoregression without sqrt(1-rho^2) is too wide, and loses too much.
func TestChecksCatchCopulaOfTheWrongVariance(t *testing.T) {
	c := CorrelatedLoss{P: 0.05, Rho: 0.5}
	draws := planted(drawCorrelated)
	wide, uncorrelated := make([]bool, plantedPackets), make([]bool, plantedPackets)
	x := 0.0
	for i := range wide {
		e := normalQuantile(draws.open(uint64(i)))
		x = c.Rho*x + e
		wide[i] = x < c.quantile()
		uncorrelated[i] = e < c.quantile()
	}
	wantCaught(t, "copula without sqrt(1-rho²)", batched("mean loss", numbers(wide), c.P).wrong)
	wantCaught(t, "copula without memory", tetrachoric(uncorrelated, c.P, c.Rho, 1).wrong)
}

// A cap that begins to count anew before its run is full, and a mean that
// forgets the cap.
func TestChecksCatchBurstCaps(t *testing.T) {
	const most = 3
	p := Profile{Loss: 0.3, LossBurstCap: most}
	fates := fatesOf(p, 40, plantedPackets)
	wantCaught(t, "the mean of a capped model without its cap", batched("mean loss", numbers(fates), p.Loss).wrong)
	late := fatesOf(Profile{Loss: 0.3, LossBurstCap: most + 1}, 40, plantedPackets)
	wantCaught(t, "a cap that is one too late", longestRun(late, most).wrong)
}
