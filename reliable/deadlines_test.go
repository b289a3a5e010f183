package reliable

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/reliable/internal/udp"
)

// handAlarm is an alarm that rings when the test says so.
type handAlarm struct {
	clock *time.Duration
	at    time.Duration // what it is set to
	sets  int
	ring  func()
}

func (a *handAlarm) Set(d time.Duration)        { a.at, a.sets = *a.clock+d, a.sets+1 }
func (a *handAlarm) Granularity() time.Duration { return time.Millisecond }
func (a *handAlarm) Close()                     { a.at = -1 }

// watch is deadlines whose clock and alarm are the test's.
type watch struct {
	*deadlines
	alarm *handAlarm
	clock time.Duration
	woken func(*Conn)
}

func newWatch() *watch {
	w := &watch{}
	w.alarm = &handAlarm{clock: &w.clock}
	w.deadlines = newDeadlines(func() time.Duration { return w.clock }, func(c *Conn) { w.woken(c) },
		func(ring func()) udp.Alarm { w.alarm.ring = ring; return w.alarm })
	return w
}

// Whatever is set, moved and taken away: every connection is woken once for
// its last deadline, in order, at most wakeGap after the alarm could have rung,
// and the alarm is never set to a later time than somebody needs.
func TestDeadlinesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWatch()
		var conns [8]Conn
		want := map[*Conn]time.Duration{}
		var last time.Duration
		w.woken = func(c *Conn) {
			at, waits := want[c]
			if !waits || at > w.clock || at < last {
				t.Fatalf("woken at %v for %v (waits: %v) after one for %v", w.clock, at, waits, last)
			}
			last = at
			delete(want, c)
		}
		microseconds := func(most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, "µs")) * time.Microsecond
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				c := &conns[rapid.IntRange(0, len(conns)-1).Draw(t, "conn")]
				at := w.clock + microseconds(2000)
				w.update(c, at, true)
				want[c] = at
			},
			"never": func(t *rapid.T) {
				c := &conns[rapid.IntRange(0, len(conns)-1).Draw(t, "conn")]
				w.update(c, 0, false)
				delete(want, c)
			},
			"ring": func(t *rapid.T) {
				if w.set {
					w.clock, last = max(w.clock, w.alarm.at), 0
					w.alarm.ring()
				}
			},
			"stale ring": func(t *rapid.T) { last = 0; w.alarm.ring() },
			"pass": func(t *rapid.T) {
				w.clock += microseconds(500)
			},
			"": func(t *rapid.T) {
				if len(want) == 0 {
					return
				}
				first := slices.Min(slices.Collect(maps.Values(want)))
				if !w.set || w.alarm.at > max(first, w.served+wakeGap, w.clock) {
					t.Fatalf("at %v the alarm is set (%v) to %v, but one is due at %v", w.clock, w.set, w.alarm.at, first)
				}
			},
		})
	})
}

// A deadline that moves away, as with every acknowledgment, costs no system
// call; one that comes nearer costs one.
func TestAlarmIsSetOnlyForEarlierDeadlines(t *testing.T) {
	w := newWatch()
	var c Conn
	for i := range 1000 {
		w.update(&c, time.Second+time.Duration(i), true)
	}
	if w.alarm.sets != 1 {
		t.Errorf("set %d times for deadlines that moved away, want once", w.alarm.sets)
	}
	w.update(&c, time.Millisecond, true)
	if w.alarm.sets != 2 || w.alarm.at != time.Millisecond {
		t.Errorf("set %d times, to %v; want a second time, to 1ms", w.alarm.sets, w.alarm.at)
	}
}

// A thousand connections due within one gap are one wake-up, and the alarm is
// set once for all their next deadlines.
func TestDueConnectionsAreServedInOneWake(t *testing.T) {
	w := newWatch()
	conns := make([]Conn, 1000)
	woken := 0
	w.woken = func(c *Conn) {
		woken++
		w.update(c, w.clock+time.Second, true)
	}
	for i := range conns {
		w.update(&conns[i], 10*time.Millisecond+time.Duration(i)*wakeGap/1000, true)
	}
	w.clock = w.alarm.at
	w.alarm.ring() // the first alone
	before := w.alarm.sets
	w.clock = w.alarm.at
	w.alarm.ring()
	if woken != 1000 {
		t.Errorf("%d woken by the end of the gap, want 1000", woken)
	}
	if sets := w.alarm.sets - before; sets != 1 {
		t.Errorf("alarm set %d times after them, want once", sets)
	}
}

// Nobody waits, nothing rings.
func TestNoWakeUpsWhenNothingIsDue(t *testing.T) {
	w := newWatch()
	var c Conn
	w.update(&c, time.Millisecond, true)
	w.update(&c, 0, false)
	w.clock = w.alarm.at
	w.alarm.ring() // it was on its way
	if w.set || w.alarm.sets != 1 {
		t.Errorf("the alarm is set (%v), %d times in all, with no deadline left", w.set, w.alarm.sets)
	}
	w.close()
	w.update(&c, time.Hour, true)
	if w.alarm.sets != 1 || w.alarm.at != -1 {
		t.Error("the alarm was set after close")
	}
}

// BenchmarkDeadlines moves a random connection's deadline to a near one and
// back to a far one, as a message and its acknowledgment do.
func BenchmarkDeadlines(b *testing.B) {
	for _, n := range []int{1, 100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("connections=%d", n), func(b *testing.B) {
			w := newWatch()
			conns := make([]Conn, n)
			for i := range conns {
				w.update(&conns[i], time.Minute+time.Duration(i), true)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				w.clock += 10 * time.Microsecond
				c := &conns[random.IntN(n)]
				w.update(c, w.clock+2*time.Millisecond, true)
				w.update(c, w.clock+time.Minute, true)
			}
		})
	}
}
