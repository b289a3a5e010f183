package sim

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
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
	lanes    bool // the messages are scheduleLanes, not scheduleSizes
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

// scheduleLanes are messages of two channels and of modes that have frames of
// their own: the deadline makes a skip where a packet is lost and a late where it
// is late, and the window is so small that reading gives credit at once.
func scheduleLanes(e *End) {
	deadline := arq.SendOptions{Channel: 1, Mode: proto.ModeDeadline, Lifetime: 45 * time.Millisecond}
	latest := arq.SendOptions{Mode: proto.ModeLatest}
	e.enqueue(deadline, 100)
	e.enqueue(latest, 10)
	e.enqueue(deadline, 0)
	e.enqueue(latest, 20)
	e.enqueue(arq.SendOptions{Channel: 1}, 1050)
	e.QueueOn(arq.SendOptions{Mode: proto.ModeUnordered}, 1020)
}

// TestA2_EveryScheduleOfTheFirstDatagrams lets every one of the first
// -sim.depth datagrams be delivered, lost, duplicated or delayed, in all
// combinations, while the numbers pass 2^32: all messages arrive once and in
// order, and closing completes. The first part of the test begins at the first
// hello, the second once the connection is open, as does the third, of lanes.
func TestA2_EveryScheduleOfTheFirstDatagrams(t *testing.T) {
	length := *depth
	if testing.Short() || raceEnabled {
		length = min(length, 5)
	}
	for _, c := range []struct {
		name string
		kind schedule
	}{
		{"from the first hello", schedule{length: length}},
		{"from the first message", schedule{length: length, onceOpen: true}},
		{"lanes", schedule{length: max(length-2, min(length, 5)), onceOpen: true, lanes: true}}, // these take longer
	} {
		t.Run(c.name, func(t *testing.T) {
			if failed, err := everySchedule(c.kind, nil); err != nil {
				t.Error(tellSchedule(failed, err, nil))
			}
			t.Logf("%d schedules", 1<<(2*length))
		})
	}
}

// everySchedule runs all schedules of a kind on all cores. If there are any
// that fail, it returns one.
func everySchedule(kind schedule, plant func(*World)) (failed schedule, failure error) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // worlds are small and short-lived
	const batch = 256
	var next atomic.Uint64
	var mu sync.Mutex
	var group sync.WaitGroup
	end := uint64(1) << (2 * kind.length)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				last := next.Add(batch)
				for code := last - batch; code < min(last, end); code++ {
					s := kind
					s.code = code
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
	if s.lanes {
		options.window = 4096
	}
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
	if s.lanes {
		scheduleLanes(dialer)
	} else {
		dialer.Queue(scheduleSizes...)
	}
	settled := func() bool {
		return len(dialer.outbox) == 0 && len(dialer.receipts) > 0 && !slices.Contains(dialer.receipts, arq.Sent)
	}
	w.RunUntil(20*time.Second, settled)
	w.Heal() // nothing is left to heal; it tells the shrinker where the faults end
	if !settled() {
		w.oracle.fail("%v after 20 s", dialer.receipts)
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
		failed, err := everySchedule(schedule{length: 7, onceOpen: onceOpen}, plantedTwice)
		if err == nil {
			t.Fatalf("onceOpen %v: 16,384 schedules found nothing", onceOpen)
		}
		t.Log(tellSchedule(failed, err, plantedTwice))
	}
}

// The schedules of lanes meet the frames that only lanes have, lost and not.
func TestA2_SchedulesMeetTheFramesOfLanes(t *testing.T) {
	var sent, lost [proto.FrameRepair + 1]int
	for code := range uint64(1) << (2 * 6) {
		w := NewWorld(1)
		var p proto.Packet
		w.Observe = func(o Observation) {
			if o.Kind != Sent || proto.Parse(o.Datagram, &p) != nil || p.Type != proto.TypeData {
				return
			}
			var f proto.Frame
			for frames := p.Data.Frames(); frames.Next(&f); {
				if sent[f.Type]++; o.Fate.Kind == Drop {
					lost[f.Type]++
				}
			}
		}
		if err := runSchedule(w, schedule{code: code, length: 6, onceOpen: true, lanes: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []proto.FrameType{proto.FrameSentAt, proto.FrameChannelCredit, proto.FrameSkip, proto.FrameLate} {
		t.Logf("%v: %d sent, %d of them lost", f, sent[f], lost[f])
		if sent[f] == 0 || lost[f] == 0 {
			t.Errorf("%v: %d sent, %d of them lost", f, sent[f], lost[f])
		}
	}
}
