package lossy

import (
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
