package sim

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

var depth = flag.Int("sim.depth", 8, "how many datagrams' fates the exhaustive test walks through: 4^depth schedules, twice")

// fates is what a schedule may do to a datagram. The delay is longer than a
// round trip, so everything sent meanwhile overtakes.
var fates = [...]Fate{{Kind: Deliver}, {Kind: Drop}, {Kind: Duplicate}, {Kind: Delay, By: 70 * time.Millisecond}}

// schedule is the fates of the first datagrams of a connection, whichever end
// sends them.
type schedule struct {
	code     uint64 // in base 4: digit i is the fate of the i-th datagram
	length   int
	onceOpen bool // begins with the first message instead of the first hello
}

func (s schedule) fate(i uint64) Fate {
	if i >= uint64(s.length) {
		return Fate{}
	}
	return fates[s.code>>(2*i)&3]
}

func (s schedule) String() string {
	text := make([]byte, s.length)
	for i := range text {
		text[i] = "vxd>"[s.code>>(2*i)&3]
	}
	return string(text)
}

// scheduleSizes are the messages of a schedule: whole, empty, in fragments, whole.
var scheduleSizes = []int{100, 0, 3000, 1}

// TestA2_EveryScheduleOfTheFirstDatagrams lets every one of the first
// -sim.depth datagrams be delivered, lost, duplicated or delayed, in all
// combinations, while the numbers pass 2^32: all messages arrive once and in
// order, and closing completes. The first half of the test begins at the first
// hello, the second once the connection is open.
func TestA2_EveryScheduleOfTheFirstDatagrams(t *testing.T) {
	length := *depth
	if testing.Short() || raceEnabled {
		length = min(length, 5)
	}
	for _, onceOpen := range []bool{false, true} {
		from := "from the first hello"
		if onceOpen {
			from = "from the first message"
		}
		t.Run(from, func(t *testing.T) {
			if failed, err := everySchedule(length, onceOpen, nil); err != nil {
				t.Error(tellSchedule(failed, err, nil))
			}
			t.Logf("%d schedules", 1<<(2*length))
		})
	}
}

// everySchedule runs all schedules of a length on all cores. If there are any
// that fail, it returns one.
func everySchedule(length int, onceOpen bool, plant func(*World)) (failed schedule, failure error) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // worlds are small and short-lived
	const batch = 256
	var next atomic.Uint64
	var mu sync.Mutex
	var group sync.WaitGroup
	end := uint64(1) << (2 * length)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				last := next.Add(batch)
				for code := last - batch; code < min(last, end); code++ {
					s := schedule{code, length, onceOpen}
					if err := runSchedule(newScheduleWorld(plant), s); err != nil {
						mu.Lock()
						failed, failure = s, err
						mu.Unlock()
						next.Store(end)
						return
					}
				}
				if last >= end {
					return
				}
			}
		})
	}
	group.Wait()
	return failed, failure
}

func newScheduleWorld(plant func(*World)) *World {
	w := NewWorld(1)
	if plant != nil {
		plant(w)
	}
	return w
}

func runSchedule(w *World, s schedule) error {
	options := nodeOptions{listen: true, first: 1<<32 - 2}
	a, b := w.addNode("a", options), w.addNode("b", options)
	wire := lossy.Profile{Delay: 20 * time.Millisecond}
	w.Path(a, b).SetProfile(wire)
	w.Path(b, a).SetProfile(wire)
	first := uint64(0)
	fate := func(n uint64, _, _ *Node) Fate { return s.fate(n - first) }
	if !s.onceOpen {
		w.Fate = fate
	}
	dialer := a.Dial(b)
	if s.onceOpen {
		w.Run(time.Second)
		first, w.Fate = w.datagrams, fate
	}
	dialer.Queue(scheduleSizes...)
	w.RunUntil(20*time.Second, func() bool { return dialer.lastAcked == len(scheduleSizes) })
	w.Heal() // nothing is left to heal; it tells the shrinker where the faults end
	if dialer.lastAcked < len(scheduleSizes) {
		w.oracle.fail("%d of %d messages acknowledged after 20 s", dialer.lastAcked, len(scheduleSizes))
	}
	w.CloseAll()
	ended := func() bool {
		for _, e := range w.ends {
			if e.state != arq.Closed {
				return false
			}
		}
		return true
	}
	if !w.RunUntil(30*time.Second, ended) {
		w.oracle.fail("not closed after 30 s: %v", dialer)
	}
	w.Run(2 * time.Minute)
	w.Settled()
	w.Ended()
	return w.Err()
}

// tellSchedule is what there is to say of a schedule that fails.
func tellSchedule(s schedule, err error, plant func(*World)) string {
	w := newScheduleWorld(plant)
	recorder := w.record()
	again := runSchedule(w, s)
	record := recorder.finish("the schedule " + s.String())
	return fmt.Sprintf("schedule %v (v deliver, x drop, d duplicate, > delay): %v (again: %v), shrunk:\n\n%s",
		s, err, again, Shrink(record, plant, shrinkBudget).Story(plant))
}

// The walk through all schedules finds a bug that takes two fates together.
func TestA2_EveryScheduleFindsPlantedBug(t *testing.T) {
	for _, onceOpen := range []bool{false, true} {
		failed, err := everySchedule(7, onceOpen, plantedTwice)
		if err == nil {
			t.Fatalf("onceOpen %v: 16,384 schedules found nothing", onceOpen)
		}
		t.Log(tellSchedule(failed, err, plantedTwice))
	}
}
