package lossy

import (
	"testing"
	"time"
)

// drain receives everything that is due at or before now.
func drain(l *Link, now time.Duration) []string {
	var out []string
	for {
		b, ok := l.Receive(now, nil)
		if !ok {
			return out
		}
		out = append(out, string(b))
	}
}

func TestPerfectLinkDeliversAtOnce(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{})
	l.Send(5, []byte("a"))
	l.Send(5, nil)
	if due, ok := l.NextTime(); due != 5 || !ok {
		t.Errorf("NextTime() = %v, %v, want 5ns, true: nothing delays it", due, ok)
	}
	got := drain(l, 5)
	if len(got) != 2 || got[0] != "a" || got[1] != "" {
		t.Errorf("received %q, want a and an empty datagram", got)
	}
	if _, ok := l.NextTime(); ok {
		t.Error("NextTime() of an empty link says a datagram is coming")
	}
}

func TestDelayIsExact(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Delay: 40 * time.Millisecond})
	l.Send(time.Second, []byte("a"))
	if got := drain(l, time.Second+40*time.Millisecond-1); got != nil {
		t.Errorf("received %q a nanosecond early", got)
	}
	if got := drain(l, time.Second+40*time.Millisecond); len(got) != 1 {
		t.Errorf("received %q at the due time, want the datagram", got)
	}
}

// What is written on the outside of a datagram comes out with it: with both
// copies, with a displaced one, and in a race.
func TestTagsStayWithTheirDatagrams(t *testing.T) {
	for name, p := range map[string]Profile{
		"in order":  {Delay: time.Millisecond, Duplicate: 0.5},
		"displaced": {Delay: time.Millisecond, Reorder: 0.3, ReorderBy: 3, Duplicate: 0.3},
		"racing":    {Delay: 5 * time.Millisecond, Jitter: 4 * time.Millisecond, JitterReorder: true},
	} {
		l := NewLink(1, 0, Up, p)
		now, came := time.Duration(0), 0
		for n := range byte(200) {
			now += time.Millisecond
			if n%10 == 0 {
				l.Send(now, []byte{n})
			} else {
				l.SendTagged(now, []byte{n}, uint64(n))
			}
		}
		for now += time.Second; ; came++ {
			b, ok := l.Receive(now, nil)
			if !ok {
				break
			}
			want := uint64(b[0])
			if want%10 == 0 {
				want = 0
			}
			if got := l.Tag(); got != want {
				t.Fatalf("%s: datagram %d bears %d, want %d", name, b[0], got, want)
			}
		}
		if came < 200 {
			t.Errorf("%s: %d of 200 datagrams came", name, came)
		}
	}
}
