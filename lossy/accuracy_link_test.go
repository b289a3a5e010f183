package lossy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestPerfectProfileChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := NewLink(r.Uint64(), 0, Up, Profile{})
	var buf []byte
	var now time.Duration
	for i := 0; i < 100_000; {
		now += time.Duration(r.IntN(1000))
		burst := make([][]byte, 1+r.IntN(20))
		for j := range burst {
			burst[j] = randomBytes(r, r.IntN(1500))
			l.Send(now, burst[j])
		}
		for j, want := range burst {
			var ok bool
			if buf, ok = l.Receive(now, buf[:0]); !ok || !bytes.Equal(buf, want) {
				t.Fatalf("datagram %d of %d bytes came out as %d bytes, %v", i+j, len(want), len(buf), ok)
			}
		}
		i += len(burst)
	}
	if _, ok := l.NextTime(); ok {
		t.Error("something is left that was never sent")
	}
	row{"Seeds", "perfect", "bytes and order of 0 to 1,499-byte datagrams", 1}.judge(t, exact(100_000, "unchanged", nil))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

// arrival is one datagram of a load on a link.
type arrival struct {
	at   time.Duration
	size int
}

// bursts is a load of at least n datagrams. Each burst of up to 60 comes about
// four times as fast as the rate carries it; then a pause follows so that, on
// the average, the given share of the rate is asked for.
func bursts(n int, rate, share float64) []arrival {
	r := rand.New(rand.NewPCG(3, 4))
	load := make([]arrival, 0, n)
	var now time.Duration
	for len(load) < n {
		var owed float64 // nanoseconds of transmission, less those that passed
		for range 1 + r.IntN(60) {
			size := 40 + r.IntN(1460)
			transmission := float64(size) * 8 * 1e9 / rate
			gap := r.Float64() * transmission / 2
			load = append(load, arrival{now, size})
			now += time.Duration(gap)
			owed += transmission/share - gap
		}
		now += time.Duration(max(0, r.ExpFloat64()*owed))
	}
	return load
}

// thirtyKilobytes is a queue limit that suits the load at any rate.
func thirtyKilobytes(rate float64) time.Duration {
	return time.Duration(30e3 * 8 * 1e9 / rate)
}

// play sends a load and returns what came out: when, and which sizes.
func play(l *Link, load []arrival) (times []time.Duration, sizes []int) {
	payload := make([]byte, 1<<16)
	var buf []byte
	receive := func(until time.Duration) {
		for {
			due, ok := l.NextTime()
			if !ok || due > until {
				return
			}
			buf, _ = l.Receive(due, buf[:0])
			times, sizes = append(times, due), append(sizes, len(buf))
		}
	}
	for _, a := range load {
		receive(a.at)
		l.Send(a.at, payload[:a.size])
	}
	receive(1<<63 - 1)
	return times, sizes
}

func TestRateBoundsEveryWindow(t *testing.T) {
	for _, rate := range []float64{64e3, 10e6, 7777777, 1e9} {
		l := NewLink(9, 0, Up, Profile{Rate: rate, Queue: thirtyKilobytes(rate), Delay: 3 * time.Millisecond, Duplicate: 0.05})
		times, sizes := play(l, bursts(100_000, rate, 0.9))
		row{"Rate and queue", "rate " + FormatRate(rate), "no window holds more", 9}.judge(t, paced(times, sizes, rate))
		if s := l.Stats(); s.Dropped[CauseQueue] == 0 || s.PacketsOut < s.PacketsIn/2 {
			t.Errorf("%s: %d in, %d out, %d dropped: not the load this test is about",
				FormatRate(rate), s.PacketsIn, s.PacketsOut, s.Dropped[CauseQueue])
		}
	}
}

// A link that is never idle carries its rate, to a tenth of a percent and in
// fact to the last bit.
func TestRateIsReached(t *testing.T) {
	const rate, seconds = 7777777, 10
	l := NewLink(10, 0, Up, Profile{Rate: rate})
	times, sizes := play(l, bursts(50_000, rate, 3))
	var sent int
	for i, at := range times {
		if at <= seconds*time.Second {
			sent += sizes[i] * 8
		}
	}
	share := float64(sent) / (rate * seconds)
	f := finding{n: len(times), estimate: figure(share), expected: "0.999 to 1", statistic: "share of the rate over 10 s"}
	if share < 0.999 || share > 1 {
		f.wrong = fmt.Errorf("carried %.5f of the rate over %d s, want 0.999 to 1", share, seconds)
	}
	row{"Rate and queue", "rate " + FormatRate(rate), "a busy link carries its rate", 10}.judge(t, f)
}

// The set of packets the queue drops is that of a simulation that knows only
// the work in the queue and how fast it shrinks (Lindley's recursion), in units
// of 1/rate nanoseconds so that nothing is ever rounded.
func TestQueueDropsWhatTheReferenceDrops(t *testing.T) {
	for _, rate := range []int64{64_000, 2_400_000, 7_777_777, 1_000_000_000} {
		load := bursts(50_000, float64(rate), 0.95)
		limit := thirtyKilobytes(float64(rate))
		if rate == 2_400_000 {
			limit = 0 // that is, DefaultQueue: 100 ms
		}
		l := NewLink(11, 0, Up, Profile{Rate: float64(rate), Queue: limit})
		var got []bool
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { got = append(got, v.Drop == CauseQueue) })
		play(l, load)

		if limit == 0 {
			limit = DefaultQueue
		}
		want := make([]bool, len(load))
		var work int64
		var before time.Duration
		for i, a := range load {
			work = max(0, work-int64(a.at-before)*rate)
			before = a.at
			if want[i] = time.Duration(work/rate) > limit; !want[i] {
				work += int64(a.size) * 8 * 1e9
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d bit/s: dropped %d packets, the reference %d, and not the same ones", rate, count(got), count(want))
		}
		if n := count(want); n == 0 || n > len(load)/2 {
			t.Errorf("%d bit/s: the reference drops %d of %d: not the load this test is about", rate, n, len(load))
		}
	}
}

// However large, one datagram on an idle link gets through, and what waits
// waits no longer than the limit.
func TestQueueAdmitsByBacklogAtArrival(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Rate: 8000, Queue: time.Second}) // 1000 bytes a second
	var waits []time.Duration
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { waits = append(waits, v.Wait) })
	l.Send(0, make([]byte, 5000))
	l.Send(4*time.Second-1, make([]byte, 1000)) // one nanosecond over the limit
	l.Send(4*time.Second, make([]byte, 1000))
	l.Send(4*time.Second, make([]byte, 0))
	want := []time.Duration{5 * time.Second, 0, 2 * time.Second, 0}
	if !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v: in, dropped, in, dropped behind the third", waits, want)
	}
}

func TestRateChangesKeepWhatIsBeingSent(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Rate: 8000, Queue: time.Minute})
	l.Send(0, make([]byte, 1000)) // out at 1 s
	l.SetProfile(Profile{Rate: 80000, Queue: time.Minute})
	l.Send(0, make([]byte, 1000)) // would follow at 1.1 s, but then there is no rate
	l.SetProfile(Profile{})
	if got := l.Profile(); got != (Profile{}) {
		t.Errorf("Profile() = %v, want the one just set", got)
	}
	l.Send(0, make([]byte, 1000)) // keeps its place
	times, _ := play(l, nil)
	if want := []time.Duration{time.Second, time.Second, time.Second}; !slices.Equal(times, want) {
		t.Errorf("came out at %v, want %v", times, want)
	}
}

// Fractions of a nanosecond are carried on while the link is busy, and only
// then. 41 bytes at 7777777 bit/s take 42171.43 ns.
func TestRateRoundsNothingWhileBusy(t *testing.T) {
	const rate, size, each = 7777777, 41, 42171
	for name, c := range map[string]struct{ gap, want time.Duration }{
		"in a row":             {0, 3*each + 1},
		"each when one is out": {each, 3*each + 1},
		"with idle gaps":       {each + 1, 3*each + 2},
	} {
		times, _ := play(NewLink(1, 0, Up, Profile{Rate: rate}), []arrival{{0, size}, {c.gap, size}, {2 * c.gap, size}})
		if got := times[2]; got != c.want {
			t.Errorf("%s: the third is out at %d ns, want %d", name, got, c.want)
		}
	}
	l := NewLink(1, 0, Up, Profile{Rate: rate})
	l.Send(0, make([]byte, size))
	l.SetProfile(Profile{Rate: MinRate})
	l.Send(0, make([]byte, 1))
	times, _ := play(l, nil)
	if want := time.Duration(each + 8e6); times[1] != want {
		t.Errorf("one byte at another rate is out at %d ns, want %d: no fraction of the old rate", times[1], want)
	}
}

// A clock that steps back is a caller's mistake; it must not cost a packet.
func TestSendBeforeAnEarlierSendCountsAsThen(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Rate: 8000, Queue: time.Second})
	var last Verdict
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { last = v })
	l.Send(time.Minute, make([]byte, 1000))
	l.Send(0, make([]byte, 1000))
	if want := 2 * time.Second; last.Wait != want {
		t.Errorf("%v, want it to wait %v from the minute the other was sent", last, want)
	}
}

// Overload is ours, not the network's, and has a count of its own.
func TestCapacityBoundsMemory(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Delay: time.Second, Duplicate: 1})
	l.SetCapacity(3 * (100 + entryBytes))
	for range 4 {
		l.Send(0, make([]byte, 100))
	}
	s := l.Stats()
	if s.PacketsInFlight != 3 || s.Dropped[CauseOverload] != 5 || s.Unaccounted() != 0 {
		t.Errorf("%d in flight, %d dropped, %d unaccounted for; want 3, 5 of 8, 0",
			s.PacketsInFlight, s.Dropped[CauseOverload], s.Unaccounted())
	}
	if s.BytesInFlight != 300 {
		t.Errorf("%d bytes in flight, want 300", s.BytesInFlight)
	}
	drain(l, time.Second)
	l.Send(time.Second, nil)
	if got := l.Stats().PacketsInFlight; got != 2 {
		t.Errorf("%d in flight after it drained, want the new one and its copy", got)
	}
}

func TestBlackout(t *testing.T) {
	log := func(blackout bool) (verdicts []Verdict) {
		l := NewLink(12, 0, Up, Profile{Loss: 0.2, Burst: 3, Duplicate: 0.2})
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { verdicts = append(verdicts, v) })
		for i := range 300 {
			l.SetDown(blackout && i >= 100 && i < 200)
			l.Send(0, []byte("x"))
		}
		s := l.Stats()
		if want := uint64(100); blackout && (s.Dropped[CauseBlackout] != want || s.Observed(ImpairmentLoss).Trials != 200) {
			t.Errorf("%d dropped by the blackout, %d exposed to loss, want %d and 200",
				s.Dropped[CauseBlackout], s.Observed(ImpairmentLoss).Trials, want)
		}
		return verdicts
	}
	with, without := log(true), log(false)
	if !slices.Equal(with[:100], without[:100]) || !slices.Equal(with[200:], without[200:]) {
		t.Error("the blackout changed the fates of packets before or after it")
	}
	for _, v := range with[100:200] {
		if v.Drop != CauseBlackout || v.Copies != 0 {
			t.Fatalf("during the blackout: %v, want a drop", v)
		}
	}
}
