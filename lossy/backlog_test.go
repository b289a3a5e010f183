package lossy

import (
	"slices"
	"testing"
	"time"
)

// Backlog looks ahead without touching anything: it says of a time to come what
// a link that was brought there says then.
func TestBacklogLooksAhead(t *testing.T) {
	for name, p := range bottlenecks(8e6) {
		for _, trace := range []*LinkTrace{nil, mustTrace(t, "1\n1\n4\n9\n")} {
			if p.LinkTrace = trace; trace != nil {
				p.Rate = 0
			}
			load := patterns(60, p.meanRate(), 1)["even"]
			looking := NewLink(1, 0, Up, p)
			var longest time.Duration
			for n, a := range load {
				looking.Send(a.at, make([]byte, a.size))
				ahead := a.at + time.Duration(n%7*n%11)*time.Millisecond
				due, some := looking.NextTime()
				got := looking.Backlog(ahead)
				if after, still := looking.NextTime(); after != due || still != some {
					t.Fatalf("%s: NextTime was %v, %v before Backlog and is %v, %v", name, due, some, after, still)
				}
				there := NewLink(1, 0, Up, p)
				for _, b := range load[:n+1] {
					there.Send(b.at, make([]byte, b.size))
				}
				drain(there, ahead)
				if want := there.Backlog(ahead); got != want {
					t.Fatalf("%s: after %d datagrams the backlog at %v will be %v, and is %v then", name, n+1, ahead, got, want)
				}
				longest = max(longest, got)
			}
			if longest < 500*time.Microsecond {
				t.Errorf("%s: the longest backlog is %v: not the load this test is about", name, longest)
			}
		}
	}
}

// However long its limit says a queue may be, it is bounded: by the memory of
// the link, and where nothing is held, because what waits will be lost, by a
// number.
func TestQueueIsBounded(t *testing.T) {
	const memory = 1 << 20
	for name, p := range map[string]Profile{
		"lost behind the queue": {Loss: 1, LossAfterQueue: true},
		"waiting to be lost":    {Loss: 1, LossAfterQueue: true, Discipline: DropHead{}},
		"in line":               {},
		"waiting":               {Discipline: CoDel{time.Hour, time.Hour}},
	} {
		p.Rate, p.Queue = 1e6, time.Hour // which takes eight million datagrams of 56 bytes
		l := NewLink(1, 0, Up, p)
		l.SetCapacity(memory)
		sent := 20_000
		if name == "lost behind the queue" {
			sent = MaxQueuePackets + 1000
		}
		payload := make([]byte, 56)
		for range sent {
			l.Send(0, payload)
		}
		s := l.Stats()
		queued, _ := l.bottleneck().queued()
		if queued > MaxQueuePackets || s.Dropped[CauseOverload] == 0 || s.Dropped[CauseQueue] != 0 || s.Unaccounted() != 0 {
			t.Errorf("%s: %d of %d datagrams queue, dropped %v", name, queued, sent, s.Dropped)
		}
		if l.charge() > memory {
			t.Errorf("%s: %d bytes are held", name, l.charge())
		}
	}
}

// What waits where the queue decides at its head is served by the rules in force
// when its turn comes; what is being sent keeps its time, and nothing that
// comes later overtakes what waits.
func TestChangesReachWhatWaits(t *testing.T) {
	const ms = time.Millisecond
	slow := Profile{Rate: 80e3, QueuePackets: 10, Discipline: DropHead{}} // 100 ms for 1000 bytes
	for name, c := range map[string]struct {
		change Profile
		want   []time.Duration
	}{
		"nothing":            {slow, []time.Duration{100 * ms, 200 * ms, 300 * ms, 400 * ms}},
		"ten times the rate": {Profile{Rate: 800e3, QueuePackets: 10, Discipline: DropHead{}}, []time.Duration{100 * ms, 110 * ms, 120 * ms, 130 * ms}},
		"drop-tail":          {Profile{Rate: 80e3, QueuePackets: 10}, []time.Duration{100 * ms, 200 * ms, 300 * ms, 400 * ms}},
		"no room for more":   {Profile{Rate: 80e3, QueuePackets: 1}, []time.Duration{100 * ms, 200 * ms, 300 * ms}},
		"room for one":       {Profile{Rate: 80e3, QueuePackets: 1, Discipline: DropHead{}}, []time.Duration{100 * ms, 200 * ms}},
		"no limit":           {Profile{}, []time.Duration{100 * ms, 100 * ms, 100 * ms, 100 * ms}},
		"a trace":            {Profile{LinkTrace: mustTrace(t, "70\n")}, []time.Duration{100 * ms, 140 * ms, 210 * ms, 210 * ms}},
	} {
		l := NewLink(1, 0, Up, slow)
		for range 3 {
			l.Send(0, make([]byte, 1000))
		}
		drain(l, 50*ms)
		l.SetProfile(c.change)
		l.Send(50*ms, make([]byte, 1000))
		if times, _ := play(l, nil); !slices.Equal(times, c.want) {
			t.Errorf("%s: they come out at %v, want %v", name, times, c.want)
		}
	}
}

// A copy that is late on purpose holds nobody up: what still waits in the queue
// and comes out before it is foreseen too. It was not, and left as late as the
// copy where nothing else woke the link.
func TestForeseesWhatOvertakesLateCopies(t *testing.T) {
	p := Profile{Rate: 8e6, Discipline: DropHead{}, Duplicate: 1, DuplicateDelay: 10 * time.Millisecond}
	l := NewLink(1, 0, Up, p)
	l.Send(0, make([]byte, 1000)) // out after 1 ms, its copy after 2, and 10 more
	p.Duplicate = 0
	l.SetProfile(p)
	now := 1500 * time.Microsecond
	l.Send(now, make([]byte, 1000)) // waits for the copy, and is out after 3 ms
	for _, want := range []time.Duration{1, 3, 12} {
		due, some := l.NextTime()
		if !some || due != want*time.Millisecond {
			t.Fatalf("next at %v, want %d ms", due, want)
		}
		if _, came := l.Receive(max(now, due), nil); !came {
			t.Fatalf("nothing came at %v", due)
		}
	}
}
