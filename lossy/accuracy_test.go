package lossy

import (
	"fmt"
	"math"
	"testing"
)

// aMillion is the number of packets most properties are judged on: enough to
// tell 1 % from 1.05 %. With -short it is a fifth of that.
func aMillion() int {
	if testing.Short() {
		return 200_000
	}
	return 1_000_000
}

// fatesOf runs a model and says of each packet whether it was lost.
func fatesOf(p Profile, seed uint64, n int) []bool {
	m := NewModel(seed, 0, Up, p)
	fates := make([]bool, n)
	for i := range fates {
		fates[i] = m.Decide(100).Drop == CauseLoss
	}
	return fates
}

func report(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestBernoulliLoss(t *testing.T) {
	for _, p := range []float64{0.001, 0.01, 0.1, 0.5, 0.9} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			fates := fatesOf(Profile{Loss: p}, 1, aMillion())
			report(t, "rate", checkRate(count(fates), len(fates), p))
			report(t, "independence", checkIndependent(fates))
			gaps, bursts := runLengths(fates)
			report(t, "gaps", checkGeometric(gaps, p))
			if p >= 0.01 { // rarer losses hardly ever meet, so there is nothing to compare
				report(t, "bursts", checkGeometric(bursts, 1-p))
			}
			if checkBursty(fates) == nil {
				t.Error("independent losses look bursty")
			}
		})
	}
}

func TestLossOfNothingAndOfEverything(t *testing.T) {
	for _, burst := range []float64{0, 1, 8} {
		if got := count(fatesOf(Profile{Loss: 0, Burst: burst}, 1, 1000)); got != 0 {
			t.Errorf("loss 0, burst %v lost %d packets", burst, got)
		}
		if got := count(fatesOf(Profile{Loss: 1, Burst: burst}, 1, 1000)); got != 1000 {
			t.Errorf("loss 1, burst %v lost %d of 1000 packets", burst, got)
		}
	}
}

func TestGilbertLoss(t *testing.T) {
	for _, c := range []struct{ mean, burst float64 }{
		{0.01, 4}, {0.05, 4}, {0.05, 1.5}, {0.2, 10}, {0.5, 3}, {0.001, 5},
	} {
		t.Run(fmt.Sprintf("%v in bursts of %v", c.mean, c.burst), func(t *testing.T) {
			fates := fatesOf(Profile{Loss: c.mean, Burst: c.burst}, 2, aMillion())
			report(t, "mean", checkGilbertMean(fates, c.mean, c.burst))
			report(t, "moves", checkGilbertMoves(fates, c.mean, c.burst))
			report(t, "burstiness", checkBursty(fates))
		})
	}
}

// The chain starts in its stationary distribution, so that a short flow loses
// as much as a long one: judged on the first packets of many flows.
func TestGilbertMeanHoldsFromTheFirstPacket(t *testing.T) {
	const flows = 200_000
	var first, third int
	for flow := range uint64(flows) {
		m := NewModel(3, flow, Down, Profile{Loss: 0.1, Burst: 20})
		first += digit(m.Decide(1).Drop == CauseLoss)
		m.Decide(1)
		third += digit(m.Decide(1).Drop == CauseLoss)
	}
	report(t, "first packet", checkRate(first, flows, 0.1))
	report(t, "third packet", checkRate(third, flows, 0.1))
}

// Different flows, directions and seeds share nothing: the losses of one tell
// nothing about the losses of another at the same packet.
func TestFlowsAreIndependent(t *testing.T) {
	const p, n = 0.3, 300_000
	loses := func(seed, flow uint64, dir Direction) *Model { return NewModel(seed, flow, dir, Profile{Loss: p}) }
	for what, pair := range map[string][2]*Model{
		"flows":      {loses(1, 0, Up), loses(1, 1, Up)},
		"directions": {loses(1, 0, Up), loses(1, 0, Down)},
		"seeds":      {loses(1, 0, Up), loses(2, 0, Up)},
		"seed, flow": {loses(1, 2, Up), loses(2, 1, Up)},
	} {
		var both int
		for range n {
			a, b := pair[0].Decide(1).Drop, pair[1].Decide(1).Drop
			both += digit(a == CauseLoss && b == CauseLoss)
		}
		report(t, "lost together by two "+what, checkRate(both, n, p*p))
	}
}

// The interval of Estimate must hold the configured rate 99 times in a
// hundred, also for bursts, where the binomial one would not.
func TestEstimateCoversTheConfiguredRate(t *testing.T) {
	for _, p := range []Profile{{Loss: 0.05}, {Loss: 0.05, Burst: 4}, {Loss: 0.2, Burst: 10}} {
		t.Run(p.String(), func(t *testing.T) {
			report(t, "coverage", checkCoverage(p, func(e Estimate) bool { return e.Holds() }))
		})
	}
}

// checkCoverage judges an interval by how often it holds over many runs. The
// normal approximation behind it is not exact, so 1.5 % misses are granted
// where 1 % is nominal.
func checkCoverage(p Profile, holds func(Estimate) bool) error {
	const runs, packets = 400, 2000
	var missed int
	for seed := range uint64(runs) {
		l := NewLink(seed, 0, Up, p)
		for range packets {
			l.Send(0, nil)
		}
		missed += digit(!holds(l.Stats().Observed(ImpairmentLoss)))
	}
	share := float64(missed) / runs
	if z := (share - 0.015) / math.Sqrt(0.015*0.985/runs); z > zAlpha {
		return fmt.Errorf("the 99 %% interval missed the truth in %.1f %% of %d runs", share*100, runs)
	}
	return nil
}
