package lossy

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// oneShots sends a packet on each of so many flows, in turn, which share a model,
// and returns the verdicts.
func oneShots(p Profile, seed uint64, flows int) []Verdict {
	p.SharedModel = true
	together := NewModel(seed, SharedFlow, Up, Profile{})
	verdicts := make([]Verdict, 0, flows)
	for flow := range uint64(flows) {
		l := NewLink(seed, flow, Up, p)
		l.SetModel(together)
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { verdicts = append(verdicts, v) })
		l.Send(0, make([]byte, 100))
	}
	return verdicts
}

func lostOf(verdicts []Verdict) []bool {
	fates := make([]bool, len(verdicts))
	for i, v := range verdicts {
		fates[i] = v.Drop == CauseLoss
	}
	return fates
}

// Models with a memory mean what they say though every packet is of another flow,
// as queries of DNS are.
func TestSharedModelRemembersAcrossFlows(t *testing.T) {
	fates := lostOf(oneShots(Profile{LossModel: modelFrom(t, "every:20")}, 1, 300))
	for i, lost := range fates {
		if lost != (i%20 == 19) {
			t.Errorf("every:20: packet %d: lost %v", i, lost)
		}
	}
	fates = lostOf(oneShots(Profile{LossModel: modelFrom(t, "exactly:k=3,of=10")}, 1, 300))
	if f, _ := exactlyBlocks(fates, 3, 10); f.wrong != nil || count(fates) != 90 {
		t.Errorf("exactly 3 of 10: %d lost of 300, %v", count(fates), f.wrong)
	}
	fates = lostOf(oneShots(Profile{LossModel: modelFrom(t, "list:3 7 10-12")}, 1, 300))
	for i, lost := range fates {
		if lost != slices.Contains([]int{3, 7, 10, 11, 12}, i) {
			t.Errorf("list: packet %d: lost %v", i, lost)
		}
	}
	for _, p := range []Profile{
		{Loss: 0.2, Burst: 10}, {LossModel: CorrelatedLoss{P: 0.2, Rho: 0.9}}, {Loss: 0.5, LossBurstCap: 2}, {LossModel: mustNetemLoss(0.3, 0.5)},
	} {
		if got, want := lostOf(oneShots(p, 1, 3000)), fatesOfFlow(p, 1, SharedFlow, 3000); !slices.Equal(got, want) {
			t.Errorf("%v: %d lost, another row than the %d of one model", p, count(got), count(want))
		}
	}
}

// fatesOfFlow is fatesOf for another flow than the first.
func fatesOfFlow(p Profile, seed, flow uint64, n int) []bool {
	m := NewModel(seed, flow, Up, p)
	fates := make([]bool, n)
	for i := range fates {
		fates[i] = m.Decide(100).Drop == CauseLoss
	}
	return fates
}

// Whatever mix of flows the packets come from, the n-th of all has the verdict that
// one model has for it, and the index of its flow.
func TestSharedModelDecidesInOrderOfArrival(t *testing.T) {
	for name, p := range map[string]Profile{"everything": everything, "switched": switched, "modelled": modelled, "headed": headed} {
		p.SharedModel = true
		p.Rate, p.Discipline, p.Policer = 0, nil, Policer{} // what load decides is each link's own
		together, want := NewModel(5, SharedFlow, Down, Profile{}), NewModel(5, SharedFlow, Down, p)
		var sent [3]uint64
		var links [3]*Link
		var got Verdict
		for flow := range links {
			links[flow] = NewLink(5, uint64(flow), Down, p)
			links[flow].SetModel(together)
			links[flow].SetTrace(func(_ time.Duration, _ int, v Verdict) { got = v })
		}
		for turn := range uint64(3000) {
			flow := mix(turn) % 3
			size := int(mix(turn+1) % 1400)
			links[flow].Send(0, make([]byte, size))
			v := want.Decide(size)
			v.Index, v.Turn, v.Shared = sent[flow], turn, true
			sent[flow]++
			v.Racing, v.Wait = got.Racing, got.Wait // the link's part
			v.Apart = got.Apart
			if got != v {
				t.Fatalf("%s: turn %d of flow %d: %v, want %v", name, turn, flow, got, v)
			}
			index := -1
			for some := true; some; {
				if _, some = links[flow].Receive(time.Hour, nil); some {
					n, _ := links[flow].Origin()
					index = max(index, int(n))
				}
			}
			if got.Drop == CauseNone && index != int(got.Index) {
				t.Fatalf("%s: turn %d came out as packet %d of its flow, want %d", name, turn, index, got.Index)
			}
		}
	}
}

// Sharing begins and ends between two packets. The model that does not decide
// stands still, and each goes on where it was.
func TestSharedModelComesAndGoes(t *testing.T) {
	for _, text := range []string{"list:3-5 20 40-41 70", "exactly:k=5,of=20", "every:7", "correlated:p=30%,rho=0.8", "gilbert-elliott:p=20%,r=30%"} {
		alone := Profile{LossModel: modelFrom(t, text)}
		shared := alone
		shared.SharedModel = true
		own, together := NewModel(9, 4, Up, alone), NewModel(9, SharedFlow, Up, shared)
		l := NewLink(9, 4, Up, alone)
		l.SetModel(NewModel(9, SharedFlow, Up, Profile{}))
		var got Verdict
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { got = v })
		for index := range uint64(200) {
			model, p := own, alone
			if index/25%2 == 1 {
				model, p = together, shared
			}
			if index%25 == 0 {
				l.SetProfile(p)
			}
			l.Send(0, nil)
			var want Verdict
			if model == own {
				own.index = index // of its flow, whoever decided about those before
			}
			want = model.Decide(0)
			if model == together {
				want.Index, want.Turn, want.Shared = index, want.Index, true
			}
			if got != want {
				t.Fatalf("%s: %v, want %v", text, got, want)
			}
		}
	}
}

func TestOneSharedModelForLife(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{})
	m := NewModel(1, SharedFlow, Up, Profile{})
	l.SetModel(m)
	l.SetModel(m)
	defer func() {
		if recover() == nil {
			t.Error("a second model was taken")
		}
	}()
	l.SetModel(NewModel(2, SharedFlow, Up, Profile{}))
}

func TestSameModel(t *testing.T) {
	base := Profile{Loss: 0.1, Delay: time.Second, Jitter: time.Millisecond}
	if !base.SameModel(Profile{Loss: 0.1, Delay: time.Second, Jitter: time.Millisecond, Rate: 1e6, MTU: 9, LossAfterQueue: true,
		JitterReorder: true, ReorderBy: DefaultReorderBy, DuplicateCopies: 1, DuplicateDelay: 5, SharedModel: true}) {
		t.Error("profiles that differ in what a link does have not the same model")
	}
	for what, edit := range map[string]func(*Profile){
		"loss":            func(p *Profile) { p.Loss = 0.2 },
		"burst":           func(p *Profile) { p.Burst = 3 },
		"loss model":      func(p *Profile) { p.LossModel = EveryNth{N: 3} },
		"burst cap":       func(p *Profile) { p.LossBurstCap = 3 },
		"delay":           func(p *Profile) { p.Delay++ },
		"jitter":          func(p *Profile) { p.Jitter++ },
		"law":             func(p *Profile) { p.Distribution = NormalDelay{} },
		"reorder":         func(p *Profile) { p.Reorder = 0.5 },
		"displacement":    func(p *Profile) { p.ReorderBy = 9 },
		"law of that":     func(p *Profile) { p.ReorderSpread = Displacement{Mean: 3} },
		"hold":            func(p *Profile) { p.ReorderFor = 9 },
		"gap":             func(p *Profile) { p.ReorderGap = 5 },
		"duplicate":       func(p *Profile) { p.Duplicate = 0.5 },
		"copies":          func(p *Profile) { p.DuplicateCopies = 2 },
		"corrupt":         func(p *Profile) { p.Corrupt = 0.5 },
		"kind of damage":  func(p *Profile) { p.CorruptHow = Damage{N: 3} },
		"netem's replay":  func(p *Profile) { p.Netem.On = true },
		"its correlation": func(p *Profile) { p.Netem.Delay = 0.5 },
	} {
		other := base
		if edit(&other); base.SameModel(other) || other.SameModel(base) {
			t.Errorf("another %s is the same model", what)
		}
	}
}

// Clients of a network, and addresses behind a Conn, share a model as bare links
// do.
func TestNetworkAndConnShareAModel(t *testing.T) {
	const seed, flows = 7, 120
	p := Profile{LossModel: modelFrom(t, "exactly:k=3,of=10"), Delay: 5 * time.Millisecond, Jitter: 4 * time.Millisecond, SharedModel: true}
	want := oneShots(p, seed, flows)
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Seed: seed, Up: p})
		defer n.Close()
		var got []Verdict
		tracer := func(_ FlowKey, d Direction) func(time.Duration, int, Verdict) {
			return func(_ time.Duration, _ int, v Verdict) { got = append(got, v) }
		}
		n.SetTracer(tracer)
		mustListen(t, n, bob)
		for flow := range flows {
			c := mustListen(t, n, netip.AddrPortFrom(carol.Addr(), uint16(1000+flow)))
			mustWrite(t, c, string(make([]byte, 100)), bob)
			c.Close()
		}
		if !slices.Equal(got, want) {
			t.Errorf("the network decided otherwise than links: %v", firstDifference(got, want))
		}
		got = nil
		c, _ := wrapped(t, Config{Seed: seed, Up: p})
		c.Network().SetTracer(tracer)
		for flow := range flows {
			if _, err := c.WriteToUDPAddrPort(make([]byte, 100), netip.AddrPortFrom(bob.Addr(), uint16(1000+flow))); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the Conn decided otherwise than links: %v", firstDifference(got, want))
		}
	})
}

func firstDifference(got, want []Verdict) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%v, want %v", got[i], want[i])
		}
	}
	return fmt.Sprintf("%d verdicts, want %d", len(got), len(want))
}

func TestLossMemory(t *testing.T) {
	for want, p := range map[string]Profile{
		"":                                   {Loss: 0.1, Delay: time.Second},
		"burst 4":                            {Loss: 0.1, Burst: 4},
		"loss-burst-cap 3":                   {Loss: 0.1, LossBurstCap: 3},
		"loss-model list:7":                  {LossModel: modelFrom(t, "list:7")},
		"loss-model correlated:p=5%,rho=0.5": {LossModel: CorrelatedLoss{P: 0.05, Rho: 0.5}},
	} {
		if got := p.LossMemory(); got != want {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
	for _, p := range []Profile{{Burst: 4}, {Loss: 1, Burst: 4}, {LossModel: CorrelatedLoss{P: 0.05}}, {LossModel: mustNetemLoss(0.1, 0)}} {
		if got := p.LossMemory(); got != "" {
			t.Errorf("%v: %q, want none", p, got)
		}
	}
}
