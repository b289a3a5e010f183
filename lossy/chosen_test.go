package lossy

import (
	"fmt"
	"testing"
)

// The share of the flows that are chosen is the one asked for, whether they are
// numbered by appearance or by name.
func TestFlowChosenShare(t *testing.T) {
	const n = 100_000
	for _, share := range []float64{0.001, 0.05, 0.5, 0.95} {
		for how, key := range map[string]func(i int) FlowKey{
			"numbered": func(i int) FlowKey { return FlowKey{Number: uint64(i)} },
			"named": func(i int) FlowKey {
				k, err := NamedFlow(fmt.Sprintf("client-%d", i))
				if err != nil {
					t.Fatal(err)
				}
				return k
			},
		} {
			var hit int
			for i := range n {
				hit += digit(FlowChosen(1, key(i), "slow", share))
			}
			row{"Seeds", fmt.Sprintf("share %v", share), "flows chosen, " + how, 1}.judge(t, proportion(hit, n, share))
		}
	}
}

// Who is chosen under one name says nothing about other names, seeds, flows and
// the fates of the flow.
func TestFlowChosenIndependence(t *testing.T) {
	const n, p = 200_000, 0.3
	chosen := func(seed, flow uint64, name string) bool { return FlowChosen(seed, FlowKey{Number: flow}, name, p) }
	for what, others := range map[string]func(flow uint64) bool{
		"another name":              func(flow uint64) bool { return chosen(1, flow, "b") },
		"a name with a letter more": func(flow uint64) bool { return chosen(1, flow, "aa") },
		"another seed":              func(flow uint64) bool { return chosen(2, flow, "a") },
		"the next flow":             func(flow uint64) bool { return chosen(1, flow+1, "a") },
		"loss of the first packet up": func(flow uint64) bool {
			return newStream(1, flow, Up, drawLoss).hits(0, p)
		},
		"loss of the first packet down": func(flow uint64) bool {
			return newStream(1, flow, Down, drawLoss).hits(0, p)
		},
	} {
		var both int
		for flow := range uint64(n) {
			both += digit(chosen(1, flow, "a") && others(flow))
		}
		row{"Seeds", "share 30%", "flows chosen together with " + what, 1}.judge(t, proportion(both, n, p*p))
	}
}

// Whoever is chosen at one share is chosen at every larger one; none at 0 and
// all at 1.
func TestFlowChosenIsNested(t *testing.T) {
	for flow := range uint64(2000) {
		key := FlowKey{Number: flow}
		if FlowChosen(7, key, "x", 0) || !FlowChosen(7, key, "x", 1) {
			t.Fatalf("flow %d: chosen at 0, or not at 1", flow)
		}
		was := false
		for _, share := range []float64{0.1, 0.2, 0.5, 0.9} {
			is := FlowChosen(7, key, "x", share)
			if was && !is {
				t.Fatalf("flow %d: chosen below a share of %v and not at it", flow, share)
			}
			was = is
		}
	}
}

// The draws themselves, so that a seed means the same in every version.
func TestFlowChosenKeepsItsDraws(t *testing.T) {
	var got uint64
	for flow := range uint64(64) {
		got = got<<1 | uint64(digit(FlowChosen(7, FlowKey{Number: flow}, "slow", 0.5)))
	}
	if want := uint64(0xec6cd9cadddb626a); got != want {
		t.Errorf("flows chosen %#016x, want %#016x", got, want)
	}
}

func TestSameBottleneck(t *testing.T) {
	base := Profile{Rate: 1e6, Loss: 0.1}
	if !base.SameBottleneck(Profile{Rate: 1e6, Delay: 5, SharedBottleneck: true, Queue: DefaultQueue}) {
		t.Error("profiles that differ behind the queue alone have not the same bottleneck")
	}
	for what, edit := range map[string]func(*Profile){
		"rate":       func(p *Profile) { p.Rate = 2e6 },
		"queue":      func(p *Profile) { p.QueuePackets = 7 },
		"overhead":   func(p *Profile) { p.Overhead = 28 },
		"discipline": func(p *Profile) { p.Discipline = DropHead{} },
		"policer":    func(p *Profile) { p.Policer = Policer{Rate: 1e6, Burst: 3000} },
		"ecn":        func(p *Profile) { p.ECN = true },
		"trace":      func(p *Profile) { p.LinkTrace = new(LinkTrace) },
	} {
		other := base
		if edit(&other); base.SameBottleneck(other) || other.SameBottleneck(base) {
			t.Errorf("another %s is the same bottleneck", what)
		}
	}
}
