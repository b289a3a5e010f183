package lossy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What waits is served at a new rate from the moment of the change, whatever limits
// the queue and chooses what to drop; what is being sent keeps its time.
func TestChangeOfRateReachesEveryQueue(t *testing.T) {
	const ms = time.Millisecond
	queues := map[string]Profile{
		"packets":   {QueuePackets: 10},
		"bytes":     {QueueBytes: 10_000},
		"time":      {Queue: time.Minute},
		"drop-head": {QueuePackets: 10, Discipline: DropHead{}},
		"codel":     {QueuePackets: 10, Discipline: CoDel{codelTarget, codelInterval}},
		"red":       {QueuePackets: 10, Discipline: RED{redMin, redMax, false, redProbability, redWeight}},
	}
	for name, c := range map[string]struct {
		was, is Profile
		want    [4]time.Duration // the last is sent just after the change, at 50 ms
	}{
		"nothing":       {Profile{Rate: 80e3}, Profile{Rate: 80e3}, [4]time.Duration{100 * ms, 200 * ms, 300 * ms, 400 * ms}},
		"faster":        {Profile{Rate: 80e3}, Profile{Rate: 800e3}, [4]time.Duration{100 * ms, 110 * ms, 120 * ms, 130 * ms}},
		"slower":        {Profile{Rate: 80e3}, Profile{Rate: 8e3}, [4]time.Duration{100 * ms, 1100 * ms, 2100 * ms, 3100 * ms}},
		"off":           {Profile{Rate: 80e3}, Profile{}, [4]time.Duration{100 * ms, 100 * ms, 100 * ms, 100 * ms}},
		"on":            {Profile{}, Profile{Rate: 80e3}, [4]time.Duration{0, 0, 0, 150 * ms}},
		"to a trace":    {Profile{Rate: 80e3}, Profile{LinkTrace: mustTrace(t, "70\n")}, [4]time.Duration{100 * ms, 140 * ms, 210 * ms, 210 * ms}},
		"off a trace":   {Profile{LinkTrace: mustTrace(t, "70\n")}, Profile{}, [4]time.Duration{50 * ms, 50 * ms, 50 * ms, 50 * ms}},
		"trace to rate": {Profile{LinkTrace: mustTrace(t, "40\n")}, Profile{Rate: 80e3}, [4]time.Duration{40 * ms, 80 * ms, 180 * ms, 280 * ms}},
	} {
		for queue, p := range queues {
			if p.Queue > 0 && (c.was.LinkTrace != nil || c.is.LinkTrace != nil) {
				continue
			}
			profile := func(link Profile) Profile {
				link.Queue, link.QueuePackets, link.QueueBytes, link.Discipline = p.Queue, p.QueuePackets, p.QueueBytes, p.Discipline
				return link
			}
			l := NewLink(1, 0, Up, profile(c.was))
			for range 3 {
				l.Send(0, make([]byte, 1000))
			}
			var times []time.Duration
			for due, some := l.NextTime(); some && due <= 50*ms; due, some = l.NextTime() {
				l.Receive(due, nil)
				times = append(times, due)
			}
			l.SetProfileAt(50*ms, profile(c.is))
			l.Send(50*ms, make([]byte, 1000))
			rest, _ := play(l, nil)
			if times = append(times, rest...); !slices.Equal(times, c.want[:]) {
				t.Errorf("%s, queue by %s: they come out at %v, want %v", name, queue, times, c.want)
			}
		}
	}
}

// drawRate draws another rate or trace for a bottleneck that has one.
func drawRate(t *rapid.T, p Profile) Profile {
	head := false // unlimited, such a queue makes no choice of what it would not keep
	switch p.Discipline.(type) {
	case DropHead, CoDel:
		head = true
	}
	p.Rate, p.LinkTrace = 0, nil
	switch what := rapid.IntRange(0, 4).Draw(t, "new link"); {
	case what == 0 && !head:
	case what == 1 && p.Queue == 0:
		p.LinkTrace = &LinkTrace{"drawn", rapid.SampledFrom([][]uint32{{1}, {0, 7}, {3, 3, 40}, {500}}).Draw(t, "new chances")}
	case what == 2:
		p.Rate = rapid.SampledFrom([]float64{64e3, 8e6, 1e9}).Draw(t, "new round rate")
	default:
		p.Rate = rapid.Float64Range(MinRate, 1e8).Draw(t, "new rate")
	}
	return p
}

// Whatever the queue, and however often its rate changes while datagrams wait in it:
// each is dropped, marked and sent as in the reference, which serves a list.
func TestAnyChangeOfRateDoesWhatTheReferenceDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawQueue(t)
		seed, flows := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 3).Draw(t, "flows")
		if flows == 1 {
			p.SharedBottleneck = rapid.Bool().Draw(t, "shared")
		}
		p.Delay = time.Duration(rapid.SampledFrom([]int{0, 3, 3000}).Draw(t, "delay")) * time.Millisecond
		var load []arriving
		var changes []retiming
		var now time.Duration
		in := p
		for range rapid.IntRange(1, 100).Draw(t, "arrivals") {
			load = append(load, arriving{
				arrival: arrival{now, rapid.SampledFrom([]int{0, 0, 100, 500, 1472, 4000}).Draw(t, "size")},
				flow:    rapid.IntRange(0, flows-1).Draw(t, "flow"), mark: ECN(rapid.IntRange(0, 3).Draw(t, "mark")),
			})
			unit := 1 * time.Millisecond
			if rate := in.meanRate(); rate > 0 {
				unit = time.Duration(500 * 8e9 / rate)
			}
			now += time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 5}).Draw(t, "gap")) * unit
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				in = drawRate(t, in)
				changes = append(changes, retiming{now, in})
				now += time.Duration(rapid.SampledFrom([]int{0, 1, 1000}).Draw(t, "change gap")) * unit / 1000
			}
		}
		got, err := observedThrough(p, changes, seed, flows, load)
		if err != nil {
			t.Fatal(err)
		}
		if want := referThrough(p, changes, seed, load, noBug); !slices.Equal(got, want) {
			t.Fatal(alike(got, want).wrong)
		}
	})
}

// Behind the queue each datagram fares as if it had been sent at its new time in the
// first place: it is as late by jitter, keeps its order or overtakes, is displaced by
// as many or for as long, and its copies follow. Told by a link to which all that is
// said beforehand.
func TestMovedAsIfSentThen(t *testing.T) {
	const ms = time.Millisecond
	jitter := Profile{Delay: 30 * ms, Jitter: 30 * ms}
	racing, held, copied := jitter, jitter, jitter
	racing.JitterReorder = true
	held.Reorder, held.ReorderFor = 0.4, 40*ms
	copied.Duplicate, copied.DuplicateCopies, copied.DuplicateDelay = 0.5, 3, 7*ms
	displaced, all := copied, copied
	displaced.Reorder, displaced.ReorderSpread, displaced.DuplicateDelay = 0.4, Displacement{Min: 1, Max: 8}, 0
	all.JitterReorder, all.Reorder, all.ReorderBy, all.LossAfterQueue, all.Loss = true, 0.3, 2, true, 0.2
	atOnce := copied
	atOnce.Reorder, atOnce.ReorderGap = 0.5, 3
	for name, p := range map[string]Profile{
		"in order": jitter, "racing": racing, "held": held, "copied": copied, "displaced": displaced, "all": all, "at once": atOnce,
	} {
		for _, rates := range [][]float64{{80e3, 800e3}, {800e3, 80e3}, {80e3, 0}, {0, 80e3, 800e3}, {800e3, 8e3, 8e6, 80e3}} {
			fates := make(map[uint64]Verdict)
			moves := 0
			run := func(l *Link, change func(at time.Duration, n int)) (out []came) {
				receive := func(until time.Duration) {
					for due, some := l.NextTime(); some && due <= until; due, some = l.NextTime() {
						b, _ := l.Receive(due, nil)
						index, copy := l.Origin()
						out = append(out, came{due, index, copy, len(b)})
					}
				}
				for i := range 200 {
					now := time.Duration(i) * 3 * ms
					if i%40 == 20 {
						receive(now)
						change(now, i/40+1)
					}
					receive(now)
					l.Send(now, make([]byte, 100+i))
				}
				receive(never - 1)
				return out
			}
			profile := func(n int) Profile {
				q := p
				q.Rate, q.QueuePackets = rates[n%len(rates)], 2000
				return q
			}
			changed := NewLink(9, 0, Up, profile(0))
			changed.SetTrace(func(_ time.Duration, _ int, v Verdict) {
				if v.Moved == 0 {
					fates[v.Index] = v
					return
				}
				moves++
				f := fates[v.Index]
				list := slices.Repeat([]CopyFate{{Wait: f.Wait}}, f.Copies)
				if f.Apart != (CopyFates{}) {
					list = f.Apart.Unpack(nil)
				}
				list[v.Moved-1].Wait += v.Wait
				f.Wait, f.Apart = list[0].Wait, PackCopies(list)
				fates[v.Index] = f
			})
			got := run(changed, func(at time.Duration, n int) { changed.SetProfileAt(at, profile(n)) })
			told := NewLink(9, 0, Up, Profile{})
			told.SetScript(func(index uint64, _ int) (Verdict, bool) { return fates[index], true })
			want := run(told, func(time.Duration, int) {})
			if len(got) != len(want) {
				t.Errorf("%s, rates %v: %d come out, want %d", name, rates, len(got), len(want))
			}
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("%s, rates %v: out comes %+v, want %+v", name, rates, got[i], want[i])
					break
				}
			}
			if moves == 0 {
				t.Errorf("%s, rates %v: nothing waited", name, rates)
			}
		}
	}
}

// came is a datagram that came out.
type came struct {
	at    time.Duration
	index uint64
	copy  int
	size  int
}

// A link whose datagrams wait before two bottlenecks, and of which either changes its
// rate, still keeps their order.
func TestOrderIsKeptBehindTwoBottlenecks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLink(1, 0, Up, Profile{})
		l.SetBottleneck(NewBottleneck())
		var now, last time.Duration
		sent, next := uint64(0), uint64(0)
		receive := func(until time.Duration) {
			for due, some := l.NextTime(); some && due <= until; due, some = l.NextTime() {
				if _, came := l.Receive(due, nil); !came || due < last {
					t.Fatalf("at %v, after %v: %v", due, last, came)
				}
				if index, _ := l.Origin(); index != next {
					t.Fatalf("number %d comes out, want %d", index, next)
				}
				next, last = next+1, due
			}
		}
		for range rapid.IntRange(2, 20).Draw(t, "changes") {
			l.SetProfileAt(now, Profile{
				Rate:         rapid.SampledFrom([]float64{0, 80e3, 800e3, 8e6}).Draw(t, "rate"),
				QueuePackets: 1000, SharedBottleneck: rapid.Bool().Draw(t, "shared"), Delay: 100 * time.Millisecond, Jitter: 50 * time.Millisecond,
			})
			for range rapid.IntRange(0, 6).Draw(t, "datagrams") {
				l.Send(now, make([]byte, 1000))
				sent++
			}
			now += time.Duration(rapid.IntRange(0, 200).Draw(t, "ms")) * time.Millisecond
			receive(now)
		}
		receive(never - 1)
		if next != sent {
			t.Fatalf("%d of %d came out", next, sent)
		}
	})
}

// What went on behind one that is late past another bottleneck, and may overtake
// others itself, still waits for it when its own gets faster; so does what is sent then.
func TestOrderIsKeptBehindAnotherBottleneck(t *testing.T) {
	for _, waiting := range []bool{true, false} {
		l := NewLink(1, 0, Up, Profile{})
		l.SetBottleneck(NewBottleneck())
		own := Profile{Rate: 80e3, QueuePackets: 10}
		send := func(p Profile) {
			l.SetProfile(p)
			l.Send(0, make([]byte, 1000))
		}
		send(own)
		send(own)
		send(Profile{Rate: 8e6, SharedBottleneck: true, Delay: time.Minute, JitterReorder: true})
		if waiting {
			send(own)
		} else {
			l.SetProfile(own)
		}
		l.SetProfile(Profile{Rate: 8e6, QueuePackets: 10})
		send(Profile{Rate: 8e6, QueuePackets: 10})
		late := time.Minute + time.Millisecond
		want := []time.Duration{100 * time.Millisecond, 101 * time.Millisecond, late, late}
		if waiting {
			want = append(want, late)
		}
		if times, _ := play(l, nil); !slices.Equal(times, want) {
			t.Errorf("they come out at %v, want %v", times, want)
		}
	}
}
