package sim

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// fates is what a schedule may do to a datagram. The delay is longer than a
// round trip, so everything sent meanwhile overtakes.
var fates = [...]Fate{{Kind: Deliver}, {Kind: Drop}, {Kind: Duplicate}, {Kind: Delay, By: 70 * time.Millisecond}}

// schedule is a number in base 4: digit i is the fate of the i-th datagram.
type schedule int

func (s schedule) fate(i uint64) Fate { return fates[s>>(2*i)&3] }

func (s schedule) String() string {
	text := make([]byte, scheduled)
	for i := range text {
		text[i] = "vxd>"[s>>(2*i)&3]
	}
	return string(text)
}

// scheduled is how many datagrams a schedule decides about: 4^8 schedules.
const scheduled = 8

// scheduleSizes are the messages of a schedule: whole, empty, in fragments, whole.
var scheduleSizes = []int{100, 0, 3000, 1}

// TestEverySchedule lets every one of the first 8 datagrams be delivered,
// lost, duplicated or delayed, in all 65,536 combinations, while the numbers
// pass 2^32: all messages arrive once and in order, and closing completes.
// The first half of the test begins at the first hello, the second once the
// connection is open.
func TestEverySchedule(t *testing.T) {
	count := 1 << (2 * scheduled)
	if testing.Short() || raceEnabled {
		count = 1 << (2 * 5) // of the first 5 datagrams
	}
	for _, from := range []string{"the first hello", "the first message"} {
		t.Run("from "+from, func(t *testing.T) {
			var group sync.WaitGroup
			workers := runtime.GOMAXPROCS(0)
			for worker := range workers {
				group.Add(1)
				go func() {
					defer group.Done()
					for s := worker; s < count; s += workers {
						if err := runSchedule(schedule(s), from == "the first message"); err != nil {
							t.Errorf("schedule %v (v deliver, x drop, d duplicate, > delay): %v", schedule(s), err)
							return
						}
					}
				}()
			}
			group.Wait()
			t.Logf("%d schedules", count)
		})
	}
}

func runSchedule(s schedule, onceOpen bool) error {
	w := NewWorld(1)
	config := arq.EndpointConfig{Listen: true, Conn: arq.Config{FirstNumber: 1<<32 - 2}}
	a, b := w.AddNode("a", config), w.AddNode("b", config)
	wire := lossy.Profile{Delay: 20 * time.Millisecond}
	w.Path(a, b).SetProfile(wire)
	w.Path(b, a).SetProfile(wire)
	first := uint64(0)
	fate := func(n uint64, _, _ *Node) Fate {
		if n-first < scheduled {
			return s.fate(n - first)
		}
		return Fate{}
	}
	if !onceOpen {
		w.Fate = fate
	}
	dialer := a.Dial(b)
	if onceOpen {
		w.Run(time.Second)
		first, w.Fate = w.datagrams, fate
	}
	dialer.Queue(scheduleSizes...)
	if !w.RunUntil(20*time.Second, func() bool { return dialer.lastAcked == len(scheduleSizes) }) {
		return orError(w, "%d of %d messages acknowledged", dialer.lastAcked, len(scheduleSizes))
	}
	dialer.Close(0, "")
	listeners := b.Ends()
	done := func() bool {
		for _, e := range listeners {
			if e.state != arq.Closed {
				return false
			}
		}
		return dialer.state == arq.Closed
	}
	if !w.RunUntil(30*time.Second, done) {
		return orError(w, "not closed: %v", dialer)
	}
	w.Run(2 * time.Minute)
	w.oracle.settled()
	if len(w.events) > 0 {
		return orError(w, "%d events are left after the end", len(w.events))
	}
	return w.Err()
}

func orError(w *World, format string, args ...any) error {
	if err := w.Err(); err != nil {
		return err
	}
	return fmt.Errorf("%v: %s", w, fmt.Sprintf(format, args...))
}
