package lossy

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"
)

// numbered is a datagram that carries its number.
func numbered(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// receiveNumbered takes everything out, each at its time.
func receiveNumbered(l *Link) (numbers []int, times []time.Duration) {
	return sendNumbered(l, 0, 0)
}

// sendNumbered sends n numbered datagrams, one each interval, and returns the
// numbers as they come out, each with its time.
func sendNumbered(l *Link, n int, interval time.Duration) (numbers []int, times []time.Duration) {
	var buf []byte
	receive := func(until time.Duration) {
		for {
			due, ok := l.NextTime()
			if !ok || due > until {
				return
			}
			buf, _ = l.Receive(due, buf[:0])
			numbers, times = append(numbers, int(binary.BigEndian.Uint32(buf))), append(times, due)
		}
	}
	payload := make([]byte, 4)
	for i := range n {
		now := time.Duration(i) * interval
		receive(now)
		binary.BigEndian.PutUint32(payload, uint32(i))
		l.Send(now, payload)
	}
	receive(1<<63 - 1)
	return numbers, times
}

func TestJitterIsUniform(t *testing.T) {
	p := Profile{Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond}
	m := NewModel(4, 0, Up, p)
	samples := make([]time.Duration, aMillion())
	for i := range samples {
		samples[i] = m.Decide(100).Delay
	}
	row{"Delay and order", "delay 40ms jitter 10ms", "delay drawn", 4}.judge(t, uniform(samples, 30*time.Millisecond, 50*time.Millisecond))
	if low, high := samples[0], samples[len(samples)-1]; low < 30*time.Millisecond || high > 50*time.Millisecond {
		t.Errorf("delays from %v to %v, want none outside 30ms to 50ms", low, high)
	}
}

// Packets too far apart to meet show the drawn delay on the link as well.
func TestJitterOfSparsePacketsIsUniformOnTheLink(t *testing.T) {
	const interval = 21 * time.Millisecond // more than twice the jitter
	l := NewLink(4, 0, Up, Profile{Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond})
	numbers, times := sendNumbered(l, 100_000, interval)
	delays := make([]time.Duration, len(times))
	for i, at := range times {
		delays[i] = at - time.Duration(numbers[i])*interval
	}
	row{"Delay and order", "delay 40ms jitter 10ms", "delay seen, packets 21 ms apart", 4}.judge(t,
		uniform(delays, 30*time.Millisecond, 50*time.Millisecond))
}

func TestJitterKeepsOrder(t *testing.T) {
	l := NewLink(5, 0, Up, Profile{Delay: 40 * time.Millisecond, Jitter: 40 * time.Millisecond})
	n := aMillion()
	numbers, times := sendNumbered(l, n, 10*time.Microsecond)
	if len(numbers) != n {
		t.Fatalf("%d of %d datagrams came out", len(numbers), n)
	}
	row{"Delay and order", "delay 40ms jitter 40ms", "order kept, packets 10 µs apart", 5}.judge(t, ordered(numbers))
	report(t, "order of times", checkOrder(times))
}

// To the nanosecond, ends included.
func TestJitterReachesBothEnds(t *testing.T) {
	m := NewModel(4, 0, Up, Profile{Delay: 10, Jitter: 2})
	var seen [5]int
	for range 50_000 {
		seen[m.Decide(1).Delay-8]++
	}
	row{"Delay and order", "delay 10ns jitter 2ns", "every nanosecond, both ends included", 4}.judge(t, even(seen[:]))
}

// On a busy link each displaced packet is overtaken by exactly as many
// undisplaced ones as configured, and the share of displaced ones is right.
func TestReorderDisplaces(t *testing.T) {
	for _, by := range []int{1, 3, 10} {
		const share, n = 0.05, 100_000
		l := NewLink(6, 0, Up, Profile{Delay: time.Millisecond, Reorder: share, ReorderBy: by})
		displaced := make([]bool, 0, n)
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) { displaced = append(displaced, v.By > 0) })
		numbers, _ := sendNumbered(l, n, 10*time.Microsecond)
		model := fmt.Sprintf("reorder 5%% by %d", by)
		row{"Delay and order", model, "displaced", 6}.judge(t, proportion(count(displaced), n, share))
		row{"Delay and order", model, "displaced: neighbours", 6}.judge(t, neighbours(displaced))
		late := checkDisplacement(t, numbers, displaced, by)
		if got := l.Stats().Reordered; got != uint64(late) {
			t.Errorf("by %d: Stats().Reordered = %d, want %d as seen at the receiver", by, got, late)
		}
	}
}

// checkDisplacement compares the order of arrival with who was displaced and
// returns how many came after a later one, the packets RFC 4737 section 3.3
// calls reordered.
func checkDisplacement(t *testing.T, numbers []int, displaced []bool, by int) (late int) {
	t.Helper()
	kept := make([]int, len(displaced)+1) // how many undisplaced ones come before each number
	for i, d := range displaced {
		kept[i+1] = kept[i] + digit(!d)
	}
	highest, passed := -1, 0
	for _, n := range numbers {
		if n < highest {
			late++
		}
		highest = max(highest, n)
		if !displaced[n] {
			passed++
			continue
		}
		// The last few of the run have nobody left to overtake them.
		if got, want := passed-kept[n], min(by, kept[len(displaced)]-kept[n]); got != want {
			t.Fatalf("datagram %d was overtaken by %d undisplaced ones, want %d", n, got, want)
		}
	}
	return late
}

// The hold bounds what happens when nobody follows.
func TestReorderHoldReleasesTheLastOfABurst(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Delay: time.Second, Reorder: 1})
	l.Send(0, []byte("alone"))
	if due, want := mustNext(t, l), time.Second+ReorderHold; due != want {
		t.Errorf("a displaced packet that nobody follows comes out at %v, want %v", due, want)
	}
	l.SetProfile(Profile{Delay: time.Second})
	l.Send(50*time.Millisecond, []byte("b"))
	l.Send(99*time.Millisecond, []byte("c"))
	l.Send(101*time.Millisecond, []byte("d"))
	got := drain(l, 2*time.Second)
	if want := []string{"b", "c", "alone", "d"}; !slices.Equal(got, want) {
		t.Errorf("received %q, want %q: d comes after the hold, the two before it overtake", got, want)
	}
	if got := l.Stats().Reordered; got != 1 {
		t.Errorf("Reordered = %d, want 1", got)
	}
}

// It follows right behind the last that overtakes it.
func TestDisplacedPacketFollowsItsLastOvertaker(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Reorder: 1, ReorderBy: 2})
	l.Send(0, numbered(0))
	l.SetProfile(Profile{})
	for i := 1; i <= 3; i++ {
		l.Send(time.Duration(i)*time.Millisecond, numbered(i))
	}
	numbers, times := receiveNumbered(l)
	if want := []int{1, 2, 0, 3}; !slices.Equal(numbers, want) {
		t.Errorf("received %v, want %v", numbers, want)
	}
	if want := []time.Duration{1e6, 2e6, 2e6, 3e6}; !slices.Equal(times, want) {
		t.Errorf("at %v, want %v", times, want)
	}
}

// Displaced packets keep their order and their times run forward, also when a
// change of profile lets the second go sooner than the first.
func TestDisplacedPacketsKeepTheirOrder(t *testing.T) {
	overtakesInOrder(t, Profile{Reorder: 1, ReorderBy: 10})
}

// overtakesInOrder displaces a packet as the profile says and one behind it by
// one, and wants that a third overtakes both and they keep their order.
func overtakesInOrder(t *testing.T, first Profile) {
	t.Helper()
	l := NewLink(1, 0, Up, first)
	l.Send(0, numbered(0))
	l.SetProfile(Profile{Reorder: 1, ReorderBy: 1})
	l.Send(0, numbered(1))
	l.SetProfile(Profile{})
	l.Send(1e6, numbered(2))
	numbers, times := receiveNumbered(l)
	if want := []int{2, 0, 1}; !slices.Equal(numbers, want) {
		t.Errorf("received %v, want %v", numbers, want)
	}
	report(t, "order of times", checkOrder(times))
}

func mustNext(t *testing.T, l *Link) time.Duration {
	t.Helper()
	due, ok := l.NextTime()
	if !ok {
		t.Fatal("the link is empty")
	}
	return due
}

func TestReorderingOfASlowFlowOnlyDelays(t *testing.T) {
	// Each is due in the very moment the hold of the one before it ends.
	l := NewLink(1, 0, Up, Profile{Reorder: 0.5, Delay: 2 * ReorderHold})
	numbers, _ := sendNumbered(l, 10_000, ReorderHold)
	report(t, "order", checkOrder(numbers))
	if s := l.Stats(); s.Displaced == 0 || s.Reordered != 0 {
		t.Errorf("%d displaced and %d reordered, want some displaced and none reordered", s.Displaced, s.Reordered)
	}
}

func TestDuplicates(t *testing.T) {
	const share = 0.02
	packets := aMillion()
	l := NewLink(7, 0, Up, Profile{Duplicate: share})
	numbers, _ := sendNumbered(l, packets, time.Microsecond)
	fates := make([]bool, packets)
	for i, n := range numbers {
		if i > 0 && numbers[i-1] == n {
			if fates[n] {
				t.Fatalf("datagram %d came three times", n)
			}
			fates[n] = true
		}
	}
	report(t, "order", checkOrder(numbers))
	row{"Duplicates and corruption", "duplicate 2%", "share", 7}.judge(t, proportion(count(fates), packets, share))
	row{"Duplicates and corruption", "duplicate 2%", "neighbours", 7}.judge(t, neighbours(fates))
	row{"Duplicates and corruption", "duplicate 2%", "runs", 7}.judge(t, runs(fates))
	if got, want := l.Stats().Duplicated, uint64(count(fates)); got != want || len(numbers) != packets+int(want) {
		t.Errorf("Duplicated = %d, %d datagrams came out, want %d and %d", got, len(numbers), want, packets+int(want))
	}
}

func TestCorruptionFlipsOneBitAnywhere(t *testing.T) {
	const share, n, size = 0.3, 400_000, 37
	l := NewLink(8, 0, Up, Profile{Corrupt: share})
	original := make([]byte, size)
	for i := range original {
		original[i] = byte(i * 7)
	}
	fates := make([]bool, n)
	var inByte [size]int
	var inBit [8]int
	var at [size * 8]int
	var buf []byte
	for i := range n {
		l.Send(0, original)
		buf, _ = l.Receive(0, buf[:0])
		var flipped int
		for j := range buf {
			if diff := buf[j] ^ original[j]; diff != 0 {
				flipped += bits.OnesCount8(diff)
				inByte[j]++
				at[8*j+bits.LeadingZeros8(diff)]++
				inBit[bits.TrailingZeros8(diff)]++
			}
		}
		if len(buf) != size || flipped > 1 {
			t.Fatalf("datagram %d: %d bytes with %d bits flipped, want %d bytes and at most one", i, len(buf), flipped, size)
		}
		fates[i] = flipped == 1
	}
	judge := func(property string, f finding) {
		t.Helper()
		row{"Duplicates and corruption", "corrupt 30%", property, 8}.judge(t, f)
	}
	judge("share", proportion(count(fates), n, share))
	judge("neighbours", neighbours(fates))
	judge("which byte of 37", even(inByte[:]))
	judge("which bit of the byte", even(inBit[:]))
	judge("which bit of the payload", even(at[:]))
	if got, want := l.Stats().Corrupted, uint64(count(fates)); got != want {
		t.Errorf("Corrupted = %d, want %d", got, want)
	}
}

func TestCorruptionLeavesEmptyPayloadsAlone(t *testing.T) {
	l := NewLink(8, 0, Up, Profile{Corrupt: 1})
	l.Send(0, nil)
	if b, ok := l.Receive(0, nil); !ok || len(b) != 0 {
		t.Errorf("received %v, %v, want an empty datagram", b, ok)
	}
	if s := l.Stats(); s.Corrupted != 0 || s.Observed(ImpairmentCorrupt).Trials != 0 {
		t.Errorf("%d corrupted of %d that could be, want none", s.Corrupted, s.Observed(ImpairmentCorrupt).Trials)
	}
}
