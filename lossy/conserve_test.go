package lossy

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawProfile draws any valid profile.
func drawProfile(t *rapid.T) Profile {
	probability := rapid.OneOf(rapid.Just(0.0), rapid.Just(1.0), rapid.Float64Range(0, 1), rapid.Float64Range(0, 0.1))
	millis := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Millisecond
	}
	p := Profile{
		Loss:      probability.Draw(t, "loss"),
		Delay:     millis("delay", 300),
		Reorder:   probability.Draw(t, "reorder"),
		ReorderBy: rapid.IntRange(0, 12).Draw(t, "by"),
		Duplicate: probability.Draw(t, "duplicate"),
		Corrupt:   probability.Draw(t, "corrupt"),

		JitterReorder: rapid.Bool().Draw(t, "racing"), LossAfterQueue: rapid.Bool().Draw(t, "behind"),
	}
	p.DuplicateCopies = rapid.IntRange(0, mostCopies).Draw(t, "copies")
	p.DuplicateDelay = millis("copy delay", 20)
	p.CorruptHow = rapid.SampledFrom([]Damage{
		{}, {}, {N: 3}, {Kind: DamageBytes, N: 2}, {Kind: DamageTruncate}, {Kind: DamageExtend, N: 100},
	}).Draw(t, "damage")
	switch rapid.SampledFrom([]string{"by", "by", "spread", "hold", "gap"}).Draw(t, "how to reorder") {
	case "spread":
		p.ReorderBy, p.ReorderSpread = 0, rapid.SampledFrom([]Displacement{{Min: 1, Max: 8}, {Mean: 3}}).Draw(t, "spread")
	case "hold":
		p.ReorderBy, p.ReorderFor = 0, 1+millis("hold", 50)
	case "gap":
		if p.Reorder > 0 && p.Delay > 0 {
			p.ReorderBy, p.ReorderGap = 0, rapid.IntRange(1, 5).Draw(t, "gap")
		}
	}
	p.MTU = rapid.SampledFrom([]int{0, 0, 100}).Draw(t, "mtu")
	p.Blackout = rapid.SampledFrom([]Blackout{{}, {}, {"every=100ms,for=20ms"}}).Draw(t, "blackout")
	p.Drop = rapid.SampledFrom([]Rules{{}, {}, {"size>200,every=2; nth=3-5"}}).Draw(t, "drop")
	p.Jitter = min(p.Delay, millis("jitter", 300))
	drawBottleneck(t, &p)
	if p.Loss < 0.5 {
		p.Burst = rapid.SampledFrom([]float64{0, 1, 1.5, 4, 30}).Draw(t, "burst")
	}
	p.Distribution = rapid.SampledFrom([]Distribution{nil, NormalDelay{}, ParetoDelay{}, LogNormalDelay{}}).Draw(t, "law")
	if p.Loss > 0 {
		p.LossBurstCap = rapid.IntRange(0, 3).Draw(t, "cap")
	} else {
		p.LossModel = drawLossModel(t)
	}
	if _, known := netemSamples(p.Distribution); known && p.LossBurstCap == 0 && (p.Reorder == 0 || p.ReorderGap > 0) && rapid.Bool().Draw(t, "netem") {
		p.Netem = NetemCompat{On: true, Limit: rapid.SampledFrom([]int{0, 3, 50}).Draw(t, "netem limit"),
			Duplicate: 0.2, Corrupt: 0.9, Reorder: 0.5, Delay: probability.Draw(t, "delay correlation")}
	}
	if err := p.Validate(); err != nil {
		t.Fatalf("drew an invalid profile: %v", err)
	}
	return p
}

// mostCopies bounds the copies of one packet here.
const mostCopies = 3

// drawBottleneck draws everything that concerns a Bottleneck.
func drawBottleneck(t *rapid.T, p *Profile) {
	switch rapid.IntRange(0, 3).Draw(t, "link") {
	case 0:
	case 1:
		ms := rapid.SliceOfN(rapid.Uint32Range(0, 40), 1, 8).Draw(t, "chances")
		slices.Sort(ms)
		ms[len(ms)-1]++
		p.LinkTrace = &LinkTrace{"drawn", ms}
	default:
		p.Rate = rapid.Float64Range(MinRate, 1e8).Draw(t, "rate")
	}
	switch rapid.IntRange(0, 3).Draw(t, "queue in") {
	case 0:
	case 1:
		p.Queue = time.Duration(rapid.IntRange(0, 50).Draw(t, "queue")) * time.Millisecond
	case 2:
		p.QueuePackets = rapid.IntRange(1, 20).Draw(t, "queue packets")
	case 3:
		p.QueueBytes = rapid.IntRange(1, 5000).Draw(t, "queue bytes")
	}
	p.Overhead = rapid.SampledFrom([]int{0, 28, 500}).Draw(t, "overhead")
	p.ECN = rapid.Bool().Draw(t, "ecn")
	low := rapid.IntRange(1, 5).Draw(t, "red min")
	p.Discipline = rapid.SampledFrom([]Discipline{
		nil, DropHead{}, CoDel{time.Millisecond, 3 * time.Millisecond}, CoDel{codelTarget, codelInterval},
		RED{low, low + 5, false, 0.3, 0.2}, RED{100 * low, 200 * low, true, 0.02, 1},
	}).Draw(t, "discipline")
	if rapid.IntRange(0, 3).Draw(t, "policed") == 0 {
		p.Policer = Policer{rapid.Float64Range(MinRate, 1e8).Draw(t, "police rate"), rapid.IntRange(1, 5000).Draw(t, "police burst")}
	}
	p.SharedBottleneck, p.SharedModel = rapid.Bool().Draw(t, "shared"), rapid.Bool().Draw(t, "shared model")
}

// world is a link under test and what it was given.
type world struct {
	mangled bool // some damage was more than a bit, so what came out tells little
	link    *Link
	now     time.Duration
	latest  time.Duration // when the last datagram came out
	sent    [][]byte
	came    []int

	told   map[uint64]bool // whose verdicts were told, and
	copies int             // how many were to come of them
	when   time.Duration   // the last was told
}

// hear wants one verdict on each packet, and in the order of time.
func (w *world) hear(t *rapid.T) func(time.Duration, int, Verdict) {
	w.told = make(map[uint64]bool)
	return func(now time.Duration, size int, v Verdict) {
		if v.Moved > 0 {
			if !w.told[v.Index] || now < w.when || v.Wait == 0 {
				t.Fatalf("at %v, after %v: %+v; told before: %v", now, w.when, v, w.told[v.Index])
			}
			return
		}
		if w.told[v.Index] || now < w.when || size != len(w.sent[v.Index]) {
			t.Fatalf("at %v, after %v: %v, of %d bytes; told before: %v", now, w.when, v, size, w.told[v.Index])
		}
		if (v.Copies == 0) != (v.Drop != CauseNone) {
			t.Fatalf("%v: %d copies", v, v.Copies)
		}
		w.told[v.Index], w.when = true, now
		w.copies += v.Copies
	}
}

// receive takes one datagram out and checks that it is one that was sent, with
// at most one bit changed, at its time and not before the one before.
func (w *world) receive(t *rapid.T, at time.Duration) bool {
	due, ok := w.link.NextTime()
	waited := w.link.waiting.packets
	b, got := w.link.Receive(at, []byte("prefix"))
	if _, more := w.link.NextTime(); ok && due <= at && !got && !more && waited > 0 {
		return false // all that waited was lost behind the queue
	}
	if want := ok && due <= at; got != want {
		t.Fatalf("Receive(%v) gave %v though the next is due at %v, %v", at, got, due, ok)
	}
	if string(b[:6]) != "prefix" {
		t.Fatalf("Receive replaced what dst held: %q", b[:6])
	}
	if !got {
		return false
	}
	if due < w.latest {
		t.Fatalf("came out at %v, after one at %v", due, w.latest)
	}
	w.latest = due
	if w.mangled {
		return true
	}
	n := w.identify(b[6:])
	if n < 0 {
		t.Fatalf("%x came out and was never sent", b[6:])
	}
	w.came[n]++
	return true
}

// identify finds which datagram this was before one bit of it was flipped.
func (w *world) identify(b []byte) int {
	for n, sent := range w.sent {
		if len(sent) != len(b) {
			continue
		}
		differ := 0
		for i := range b {
			differ += bits.OnesCount8(sent[i] ^ b[i])
		}
		if differ <= 1 && w.came[n] <= mostCopies {
			return n
		}
	}
	return -1
}

// distinct makes payloads of which any two differ in more than two bits, so that one flipped
// bit does not turn one datagram into another
func distinct(n, size int) []byte {
	b := make([]byte, size)
	for i := range size / 8 {
		binary.BigEndian.PutUint64(b[8*i:], mix(uint64(n+1)*golden))
	}
	return b
}

func (w *world) check(t *rapid.T) {
	s := w.link.Stats()
	if s.Unaccounted() != 0 {
		t.Fatalf("%d packets are unaccounted for: %+v", s.Unaccounted(), s)
	}
	if s.PacketsIn != uint64(len(w.sent)) || s.Tallies[ImpairmentLoss].Events != s.Dropped[CauseLoss] {
		t.Fatalf("%d sent; stats %+v", len(w.sent), s)
	}
	if held := w.link.charge(); held > w.link.capacity {
		t.Fatalf("holds %d bytes of %d allowed", held, w.link.capacity)
	}
}

// In + Duplicated = Out + drops + in flight, after every step of any history;
// and what comes out is what went in.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{}
		profile := func(t *rapid.T) Profile {
			p := drawProfile(t)
			w.mangled = w.mangled || p.CorruptHow != Damage{}
			return p
		}
		w.link = NewLink(rapid.Uint64().Draw(t, "seed"), 0, Up, profile(t))
		w.link.SetTrace(w.hear(t))
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				for range rapid.IntRange(1, 8).Draw(t, "burst") {
					payload := distinct(len(w.sent), 8*rapid.IntRange(0, 40).Draw(t, "words"))
					w.sent, w.came = append(w.sent, payload), append(w.came, 0)
					w.link.SendMarked(w.now, payload, 0, ECN(rapid.IntRange(0, 3).Draw(t, "ecn")))
				}
			},
			"wait":    func(t *rapid.T) { w.now += time.Duration(rapid.IntRange(0, 5e7).Draw(t, "ns")) },
			"receive": func(t *rapid.T) { w.receive(t, w.now) },
			"receive all due": func(t *rapid.T) {
				for w.receive(t, w.now) {
				}
			},
			"change profile":          func(t *rapid.T) { w.link.SetProfile(profile(t)) },
			"change profile, in time": func(t *rapid.T) { w.link.SetProfileAt(w.now, profile(t)) },
			"blackout":                func(t *rapid.T) { w.link.SetDown(rapid.Bool().Draw(t, "down")) },
			"limit": func(t *rapid.T) {
				// Not below what is held: that would be true of no link's past.
				held := w.link.charge()
				w.link.SetCapacity(held + rapid.IntRange(0, 3000).Draw(t, "room"))
			},
			"": w.check,
		})
		for w.receive(t, 1<<62) {
		}
		s := w.link.Stats()
		if s.PacketsInFlight != 0 || s.BytesInFlight != 0 {
			t.Fatalf("%d packets and %d bytes are left in flight for ever", s.PacketsInFlight, s.BytesInFlight)
		}
		if len(w.told) != len(w.sent) || uint64(w.copies) != s.PacketsOut {
			t.Fatalf("%d verdicts on %d packets, %d copies of which %d came out", len(w.told), len(w.sent), w.copies, s.PacketsOut)
		}
		w.check(t)
	})
}

// The same of links that share a bottleneck and a model, each for itself: a
// datagram may come and go in a call of another link, and another's rules may
// decide.
func TestConservationOfLinksThatShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := NewBottleneck(), NewModel(1, SharedFlow, Up, Profile{})
		links := make([]*Link, 3)
		for flow := range links {
			links[flow] = NewLink(rapid.Uint64().Draw(t, "seed"), uint64(flow), Up, drawProfile(t))
			links[flow].SetBottleneck(b)
			links[flow].SetModel(m)
		}
		var now time.Duration
		any := func(t *rapid.T) *Link { return rapid.SampledFrom(links).Draw(t, "link") }
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				for range rapid.IntRange(1, 8).Draw(t, "burst") {
					any(t).SendMarked(now, make([]byte, rapid.IntRange(0, 300).Draw(t, "size")), 0, ECT0)
				}
			},
			"wait":           func(t *rapid.T) { now += time.Duration(rapid.IntRange(0, 5e7).Draw(t, "ns")) },
			"change profile": func(t *rapid.T) { any(t).SetProfileAt(now, drawProfile(t)) },
			"receive": func(t *rapid.T) {
				l := any(t)
				due, some := l.NextTime()
				if _, got := l.Receive(now, nil); got && (!some || due > now) {
					t.Fatalf("a datagram came out at %v; the next was due at %v, %v", now, due, some)
				}
			},
			"": func(t *rapid.T) {
				for _, l := range links {
					if s := l.Stats(); s.Unaccounted() != 0 {
						t.Fatalf("%d packets are unaccounted for: %+v", s.Unaccounted(), s)
					}
				}
			},
		})
		for _, l := range links {
			for due, some := l.NextTime(); some; due, some = l.NextTime() {
				now = max(now, due)
				l.Receive(now, nil)
			}
		}
		for _, l := range links {
			if s := l.Stats(); s.PacketsInFlight != 0 || s.BytesInFlight != 0 || s.Unaccounted() != 0 {
				t.Fatalf("%d packets and %d bytes are left in flight for ever: %+v", s.PacketsInFlight, s.BytesInFlight, s)
			}
		}
		if packets, bytes := b.queued(); b.backlog.count != 0 || b.head.packets != 0 || b.head.bytes != 0 {
			t.Fatalf("%d packets and %d bytes are left in the queue", packets, bytes)
		}
	})
}
