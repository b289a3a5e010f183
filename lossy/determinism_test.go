package lossy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"
)

// everything is a profile with all impairments on.
var everything = Profile{
	Loss: 0.05, Burst: 3, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond,
	Reorder: 0.05, ReorderBy: 4, Duplicate: 0.02, Corrupt: 0.01, Rate: 10e6, Queue: 20 * time.Millisecond,
}

// switched is everything with the switches on too.
var switched = func() Profile {
	p := everything
	p.JitterReorder, p.LossAfterQueue = true, true
	return p
}()

// chancy and headed are everything over links that carry half of what is sent, with
// queues that drop and mark by chance, and at their head.
var chancy, headed = func() (Profile, Profile) {
	p, q := everything, switched
	p.Rate, p.Queue, p.QueuePackets, p.ECN, p.Overhead = 6e6, 0, 30, true, 28
	q.Rate, q.Queue, q.QueueBytes, q.ECN, q.Overhead = 6e6, 0, 60_000, true, 28
	p.Discipline = RED{redMin, redMax, false, 0.1, 0.02}
	q.Discipline = CoDel{codelTarget, codelInterval}
	p.Policer = Policer{9e6, 30_000}
	return p, q
}()

// modelled is everything with laws of its own for loss and delay.
var modelled = func() Profile {
	p := everything
	p.Loss, p.Burst, p.LossModel = 0, 0, CorrelatedLoss{P: 0.05, Rho: 0.7}
	p.Distribution = ParetoNormalDelay{}
	return p
}()

// logger plays one flow and keeps its decision log.
type logger struct {
	link *Link
	log  []Verdict
	sent int
}

func newLogger(seed, flow uint64, dir Direction, p Profile) *logger {
	g := &logger{link: NewLink(seed, flow, dir, p)}
	g.link.SetTrace(func(_ time.Duration, _ int, v Verdict) { g.log = append(g.log, v) })
	return g
}

func (g *logger) step() {
	now := time.Duration(g.sent) * time.Millisecond
	g.link.SendMarked(now, make([]byte, g.sent*37%1400), 0, ECN(g.sent%4))
	g.link.SendMarked(now, make([]byte, g.sent*61%1400), 0, NotECT)
	for ok := true; ok; {
		_, ok = g.link.Receive(now, nil)
	}
	g.sent++
}

const steps = 2000

func decisions(seed, flow uint64, p Profile) []Verdict {
	g := newLogger(seed, flow, Up, p)
	for range steps {
		g.step()
	}
	return g.log
}

func TestSameSeedSameDecisions(t *testing.T) {
	for name, p := range map[string]Profile{"everything": everything, "switched": switched, "chancy": chancy, "headed": headed, "modelled": modelled} {
		first := decisions(1, 0, p)
		if !slices.Equal(first, decisions(1, 0, p)) {
			t.Errorf("%s: the same seed decided differently the second time", name)
		}
		if slices.Equal(first, decisions(2, 0, p)) {
			t.Errorf("%s: seed 2 decides as seed 1 does", name)
		}
		if slices.Equal(first, decisions(1, 1, p)) {
			t.Errorf("%s: flow 1 fares as flow 0 does", name)
		}
	}
}

// What a seed means must not change between versions or machines: scenarios
// and bug reports name seeds. If this fails, the change breaks every one of
// them; if it must be, say so in the changelog.
func TestSeedKeepsItsMeaning(t *testing.T) {
	for _, c := range []struct {
		profile Profile
		want    string
	}{
		{everything, "1d611bb6d721081295f5cd17a5c9ebd4212cab2c67c8038b0912e6193af82d0a"},
		{switched, "62bf8c678a9b7c8b7061d583e80e2e2d48b2f4efc6a76d004aaed6bd93097f00"},
		{chancy, "c1e04a29d1733b39d2961e8feb44aa9c97e4f899b4d4d0f90607f72a31668c91"},
		{headed, "ae774122ccca98bb175a21571ad24eb8bab32a035bf3bf90b45c8bd5f9ebe0ae"},
	} {
		h := sha256.New()
		for _, v := range decisions(7, 3, c.profile) {
			io.WriteString(h, v.String()+"\n")
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != c.want {
			t.Errorf("%v: decision log of seed 7, flow 3 has hash %s, want %s", c.profile, got, c.want)
		}
	}
}

// Neither the order in which flows are served nor goroutines matter.
func TestInterleavingFlowsChangesNothing(t *testing.T) {
	const flows = 8
	run := func(drive func([]*logger)) (logs [][]Verdict) {
		loggers := make([]*logger, flows)
		for i := range loggers {
			loggers[i] = newLogger(5, uint64(i), Down, []Profile{switched, chancy, headed, modelled}[i%4])
		}
		drive(loggers)
		for _, g := range loggers {
			logs = append(logs, g.log)
		}
		return logs
	}
	want := run(func(flows []*logger) {
		for _, g := range flows {
			for range steps {
				g.step()
			}
		}
	})
	for name, drive := range map[string]func([]*logger){
		"in turn": func(flows []*logger) {
			for range steps {
				for _, g := range flows {
					g.step()
				}
			}
		},
		"backwards, in batches": func(flows []*logger) {
			for range steps / 50 {
				for _, g := range slices.Backward(flows) {
					for range 50 {
						g.step()
					}
				}
			}
		},
		"in goroutines": func(flows []*logger) {
			var group sync.WaitGroup
			for _, g := range flows {
				group.Go(func() {
					for range steps {
						g.step()
					}
				})
			}
			group.Wait()
		},
	} {
		got := run(drive)
		var wrong error
		for flow := range got {
			if !slices.Equal(got[flow], want[flow]) {
				wrong = fmt.Errorf("flow %d fared differently", flow)
			}
		}
		row{"Seeds", "every impairment", fmt.Sprintf("decisions of %d flows served %s", flows, name), 5}.judge(t,
			exact(flows*len(want[0]), "as one after the other", wrong))
	}
}

// Turning one impairment on leaves what the others decide as it was.
func TestImpairmentsDoNotShiftEachOther(t *testing.T) {
	const n = 5000
	log := func(p Profile) (verdicts []Verdict) {
		m := NewModel(6, 0, Up, p)
		for i := range n {
			verdicts = append(verdicts, m.Decide(i%1400))
		}
		return verdicts
	}
	all := log(everything)
	for _, c := range []struct {
		name string
		off  func(*Profile)
		mask func(*Verdict) // what that impairment decides
	}{
		{"jitter", func(p *Profile) { p.Jitter = 0 }, func(v *Verdict) { v.Delay = 0 }},
		{"reorder", func(p *Profile) { p.Reorder = 0 }, func(v *Verdict) { v.By = 0 }},
		{"duplicate", func(p *Profile) { p.Duplicate = 0 }, func(v *Verdict) { v.Copies = 0 }},
		{"corrupt", func(p *Profile) { p.Corrupt = 0 }, func(v *Verdict) { v.Corrupt, v.Bit = false, 0 }},
		{"loss", func(p *Profile) { p.Loss = 0 }, func(*Verdict) {}},
		{"burst", func(p *Profile) { p.Burst = 0 }, func(*Verdict) {}},
	} {
		without := everything
		c.off(&without)
		rest := log(without)
		if slices.Equal(all, rest) {
			t.Errorf("without %s nothing changed: the test sees nothing", c.name)
		}
		for i := range all {
			a, b := all[i], rest[i]
			c.mask(&a)
			c.mask(&b)
			// Loss itself decides about what was lost in either run.
			lost := a.Drop != CauseNone || b.Drop != CauseNone
			if byLoss := c.name == "loss" || c.name == "burst"; byLoss && lost {
				continue
			}
			if a != b {
				t.Fatalf("without %s packet %d became %v instead of %v", c.name, i, b, a)
			}
		}
	}
}

// Order on the wire and the place of the loss are the link's: the model decides
// the same with and without.
func TestSwitchesChangeNoDecision(t *testing.T) {
	m, turned := NewModel(6, 0, Up, everything), NewModel(6, 0, Up, switched)
	for i := range 5000 {
		if a, b := m.Decide(i%1400), turned.Decide(i%1400); a != b {
			t.Fatalf("packet %d: %v with the switches, %v without", i, b, a)
		}
	}
}

// A change of profile falls between two packets and moves no random stream.
func TestSetProfileAndBackLeavesStreamsInPlace(t *testing.T) {
	p := everything
	p.Burst = 0 // a chain that is switched off begins anew, by contract
	steady, changed := NewModel(8, 0, Up, p), NewModel(8, 0, Up, p)
	for i := range 3000 {
		switch i {
		case 1000:
			changed.SetProfile(Profile{Loss: 0.5, Burst: 9})
		case 2000:
			changed.SetProfile(p)
		}
		a, b := steady.Decide(100), changed.Decide(100)
		if outside := i < 1000 || i >= 2000; outside && a != b {
			t.Fatalf("packet %d: %v with the change, %v without", i, b, a)
		}
	}
}

// While it stays on, a chain keeps its state when its parameters change.
func TestSetProfileKeepsTheStateOfTheChain(t *testing.T) {
	// Bursts of a million packets: the state does not change by itself here.
	m := NewModel(1, 0, Up, Profile{Loss: 0.5, Burst: MaxBurst})
	bad := m.Decide(1).Drop == CauseLoss
	for i := range 100 {
		m.SetProfile(Profile{Loss: 0.4 + float64(i)/1000, Burst: MaxBurst})
		if got := m.Decide(1).Drop == CauseLoss; got != bad {
			t.Fatalf("change %d turned the state of the chain", i)
		}
	}
}

func TestChainThatWasSwitchedOffBeginsAnew(t *testing.T) {
	const flows = 20_000
	stuck := Profile{Loss: 0.5, Burst: MaxBurst}
	var same int
	for flow := range uint64(flows) {
		m := NewModel(1, flow, Up, stuck)
		before := m.Decide(1).Drop
		m.SetProfile(Profile{})
		m.SetProfile(stuck)
		same += digit(m.Decide(1).Drop == before)
	}
	report(t, "same state after as before", checkRate(same, flows, 0.5))
}

// What one impairment decides tells nothing about what another decides on the
// same packet: every two of them coincide as often as chance has it.
func TestImpairmentsAreIndependent(t *testing.T) {
	const p, n = 0.3, 200_000
	m := NewModel(13, 0, Up, Profile{Delay: 1000, Jitter: 1000, Reorder: p, Duplicate: p, Corrupt: p})
	// A mean burst of 1/(1-p) is what independent losses have, so that the
	// chain's losses may be judged as such.
	lossy, bursts := NewModel(13, 0, Up, Profile{Loss: p}), NewModel(13, 0, Up, Profile{Loss: p, Burst: 1 / (1 - p) * 1.0001})
	names := [...]string{"loss", "bursts", "reorder", "duplicate", "corrupt", "long delay", "first half"}
	chance := [len(names)]float64{p, p, p, p, p, 0.5, 0.5}
	var together [len(names)][len(names)]int
	var halves int
	for range n {
		v := m.Decide(1 << 10)
		happened := [len(names)]bool{
			lossy.Decide(1).Drop == CauseLoss, bursts.Decide(1).Drop == CauseLoss,
			v.By > 0, v.Copies > 1, v.Corrupt, v.Delay > 1000, v.Corrupt && v.Bit < 1<<12,
		}
		halves += digit(happened[6])
		for i := range names {
			for j := range i {
				together[i][j] += digit(happened[i] && happened[j])
			}
		}
	}
	chance[6] = p / 2 // it can only be seen where a bit was flipped
	report(t, "first half", checkRate(halves, n, chance[6]))
	for i := range names {
		for j := range i {
			want := chance[i] * chance[j]
			if i == 6 && j == 4 {
				want = chance[6] // one is part of the other
			}
			report(t, names[i]+" and "+names[j], checkRate(together[i][j], n, want))
		}
	}
}

func TestVerdictTellsItsStory(t *testing.T) {
	for want, v := range map[string]Verdict{
		"#3 dropped: loss": {Index: 3, Drop: CauseLoss},
		"#0 passes":        {Copies: 1},
		"#18 passes after 41ms, duplicated, bit 133 flipped, displaced by 3": {
			Index: 18, Copies: 2, Delay: 40 * time.Millisecond, Wait: time.Millisecond, Corrupt: true, Bit: 133, By: 3},
	} {
		if got := v.String(); got != want {
			t.Errorf("%#v tells %q, want %q", v, got, want)
		}
	}
	if got, want := fmt.Sprint(Cause(200), Impairment(200), Direction(200)), "cause 200 impairment 200 direction 200"; got != want {
		t.Errorf("values out of range print as %q, want %q", got, want)
	}
}
