package lossy

import (
	"math"
	"testing"
	"time"
)

// promisesOf are all models of loss, duplication, damage, order and delay, of which
// something happens often enough in 150 packets for an interval to be judged.
func promisesOf(t *testing.T) []Profile {
	elliott := GilbertElliott{P: 0.1, R: 0.3, Bad: 0.9, Good: 0.05}
	ms := time.Millisecond
	return []Profile{
		{Loss: 0.1}, {Loss: 1}, {Loss: 0.2, Burst: 4}, {Loss: 0.5, Burst: 1.2},
		{LossModel: elliott}, {LossModel: GilbertElliott{P: 0.9, R: 0.8, Bad: 1}},
		{LossModel: FourState{P13: 0.1, P31: 0.3, P32: 0.4, P23: 0.6, P14: 0.05}},
		{LossModel: FourState{P13: 0.9, P31: 0.2, P32: 0.8, P23: 0.9, P14: 0.1}},
		{LossModel: GilbertIntuitive{Loss: 0.15, Burst: 5, Density: 0.8, Isolated: 0.03, Gap: 1.5}},
		{LossModel: modelFrom(t, "every:20")}, {LossModel: modelFrom(t, "every:20,first=0")}, {LossModel: modelFrom(t, "every:4")},
		{LossModel: ExactlyOf{K: 3, Of: 10}}, {LossModel: modelFrom(t, "list:0 5 100-200")}, {LossModel: LossTrace{"f", "01100"}},
		{LossModel: CorrelatedLoss{P: 0.1, Rho: 0.6}},
		{Loss: 0.5, LossBurstCap: 1}, {Loss: 1, LossBurstCap: 4}, {Loss: 0.3, Burst: 8, LossBurstCap: 5}, {LossModel: elliott, LossBurstCap: 2},
		{Loss: 0.2, Duplicate: 0.3, DuplicateCopies: 3, Corrupt: 0.2, CorruptHow: Damage{Kind: DamageBytes}, Reorder: 0.1},
		{Reorder: 0.3, ReorderSpread: Displacement{Mean: 3}}, {Reorder: 0.3, ReorderFor: ms},
		{Delay: 20 * ms, Reorder: 0.5, ReorderGap: 3}, {Delay: 20 * ms, Reorder: 1, ReorderGap: 5}, {Loss: 0.3, Delay: 20 * ms, Reorder: 0.3, ReorderGap: 1},
		{Delay: 20 * ms, Jitter: 5 * ms, Reorder: 0.2, ReorderGap: 3},
		{Delay: 20 * ms, Jitter: 20 * ms}, {Delay: 40 * ms, Jitter: 10 * ms, Distribution: NormalDelay{}},
		{Delay: 40 * ms, Jitter: 10 * ms, Distribution: LogNormalDelay{}}, {Delay: 40 * ms, Jitter: 40 * ms, Distribution: LogNormalDelay{}},
		{Delay: 40 * ms, Jitter: 10 * ms, Distribution: ParetoDelay{}}, {Delay: 40 * ms, Jitter: 10 * ms, Distribution: ParetoNormalDelay{}},
		{Delay: ms, Distribution: delaysFrom(t, "cdf:f", "2ms 0.2\n3ms 0.2\n3ms 0.5\n20ms 0.9\n60ms 1")},
		{Delay: 40 * ms, Jitter: 20 * ms, Distribution: delaysFrom(t, "table:f", "-8192 -8000 -10 0 3 700 12000")},
		{Delay: 40 * ms, Jitter: 10 * ms, Distribution: netemTable("netem-paretonormal")},
		{LossModel: netemLossOf(t, 0.3, 0.5)}, {LossModel: netemLossOf(t, 0.4, 0.9)},
		{LossModel: netemLossOf(t, 0.3, 0.25), Netem: NetemCompat{On: true, Duplicate: 0.3, Corrupt: 0.6}, Duplicate: 0.4, Corrupt: 0.3},
		{Loss: 0.2, Burst: 4, Duplicate: 0.4, Netem: NetemCompat{On: true}},
		{LossModel: elliott, Duplicate: 0.4, Netem: NetemCompat{On: true}},
		{LossModel: EveryNth{N: 3}, Duplicate: 0.4, Netem: NetemCompat{On: true}},
		{Delay: 20 * ms, Reorder: 0.4, ReorderGap: 2, Netem: NetemCompat{On: true, Reorder: 0.5}},
	}
}

// delaysFrom reads a law of delay of a file with that content.
func delaysFrom(t *testing.T, text, content string) Distribution {
	t.Helper()
	d, err := ParseDistribution(text, func(string) ([]byte, error) { return []byte(content), nil })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// mostByChance is how often of n times something of that probability happens at
// most, but for a chance of alpha.
func mostByChance(n int, p, alpha float64) (most int) {
	term := math.Pow(1-p, float64(n)) // of exactly so many
	for beyond := 1 - term; beyond > alpha; beyond -= term {
		term *= float64(n-most) / float64(most+1) * p / (1 - p)
		most++
	}
	return most
}

// What is promised holds for few packets of many flows as for many of one, for
// every model there is: of 300 seeds, no more miss their 99 % intervals than
// chance allows.
func TestPromisesHoldForFlowsOfAnyLength(t *testing.T) {
	seeds := 300
	if fewer() {
		seeds = 50
	}
	most := mostByChance(seeds, 0.01, 1e-6)
	for _, p := range promisesOf(t) {
		for _, of := range []struct{ flows, packets int }{{50, 3}, {50, 20}, {1, 2000}} {
			missed := map[string]int{}
			for seed := range uint64(seeds) {
				s := flowsOf(p, seed, of.flows, of.packets)
				for _, i := range Impairments() {
					missed[i.String()] += digit(!s.Observed(i).Holds())
				}
				for _, e := range s.ObservedDelays() {
					missed["delay "+e.Name] += digit(!e.Holds())
				}
			}
			for what, n := range missed {
				if n > most {
					t.Errorf("%v, %d flows of %d packets: %s misses its interval for %d of %d seeds, at most %d are chance",
						p, of.flows, of.packets, what, n, seeds, most)
				}
			}
		}
	}
}

// flowsOf sends packets on each of so many flows, and adds up what is known of them.
func flowsOf(p Profile, seed uint64, flows, packets int) (sum Stats) {
	var buf []byte
	for flow := range uint64(flows) {
		l := NewLink(seed, flow, Up, p)
		for range packets {
			l.Send(0, []byte{1})
			buf, _ = l.Receive(2*MaxDelay, buf[:0]) // lest they pile up
		}
		sum.Add(l.Stats())
	}
	return sum
}

func TestMostByChance(t *testing.T) {
	for n, want := range map[int]int{50: 6, 300: 14} { // by exact fractions
		if got := mostByChance(n, 0.01, 1e-6); got != want {
			t.Errorf("of %d: %d, want %d", n, got, want)
		}
	}
}
