package lossy

import (
	"slices"
	"testing"
	"time"
)

// delaysSeen sends n numbered datagrams at an interval and returns how long
// each was under way, by its number, and the numbers in the order of arrival.
func delaysSeen(l *Link, n int, interval time.Duration) (delays []time.Duration, numbers []int) {
	numbers, times := sendNumbered(l, n, interval)
	delays = make([]time.Duration, len(numbers))
	for i, number := range numbers {
		delays[number] = times[i] - time.Duration(number)*interval
	}
	return delays, numbers
}

var racing = Profile{Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, JitterReorder: true}

// Packets a thousandth of the jitter apart are seen to take what was drawn for
// each: uniform, and whatever the one before took.
func TestJitterReorderGivesEveryPacketItsOwnDelay(t *testing.T) {
	n := aMillion()
	delays, _ := delaysSeen(NewLink(6, 0, Up, racing), n, 10*time.Microsecond)
	if len(delays) != n {
		t.Fatalf("%d of %d datagrams came out", len(delays), n)
	}
	long := make([]bool, n)
	for i, d := range delays {
		long[i] = d > racing.Delay
	}
	const model = "delay 40ms jitter 10ms reordering"
	row{"Delay and order", model, "long after long, packets 10 µs apart", 6}.judge(t, neighbours(long))
	row{"Delay and order", model, "delay seen, packets 10 µs apart", 6}.judge(t, uniform(delays, 30*time.Millisecond, 50*time.Millisecond))
	if low, high := slices.Min(delays), slices.Max(delays); low < 30*time.Millisecond || high > 50*time.Millisecond {
		t.Errorf("delays from %v to %v, want none outside 30ms to 50ms", low, high)
	}
}

// A line in which packets wait for each other gives none its own delay, though
// each was drawn right; and a delay drawn for two has a memory.
func TestChecksCatchDelaysThatAreNotEachPacketsOwn(t *testing.T) {
	inLine := racing
	inLine.JitterReorder = false
	delays, _ := delaysSeen(NewLink(6, 0, Up, inLine), plantedPackets, 10*time.Microsecond)
	long := make([]bool, plantedPackets)
	for i, d := range delays {
		long[i] = d > racing.Delay
	}
	wantCaught(t, "packets that wait in line: memory", checkIndependent(long))
	wantCaught(t, "packets that wait in line: distribution", checkUniform(delays, 30*time.Millisecond, 50*time.Millisecond))

	draws := planted(drawJitter)
	for i := range long {
		long[i] = draws.hits(uint64(i/2), 0.5)
	}
	wantCaught(t, "one delay for two packets", checkIndependent(long))
}

// A packet is reordered if one sent later came before it (RFC 4737 section
// 3.3): its number is below the highest seen.
func reorderedIn(numbers []int) (n uint64) {
	highest := -1
	for _, number := range numbers {
		if number < highest {
			n++
		}
		highest = max(highest, number)
	}
	return n
}

func TestReorderedIsCountedAsRFC4737Does(t *testing.T) {
	displaced := racing
	displaced.Reorder, displaced.ReorderBy = 0.1, 7
	for name, p := range map[string]Profile{
		"jitter":                  racing,
		"jitter and displacement": displaced,
		"displacement":            {Delay: 5 * time.Millisecond, Reorder: 0.1, ReorderBy: 7},
		"order kept":              {Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond},
	} {
		l := NewLink(8, 0, Up, p)
		numbers, times := sendNumbered(l, 50_000, 300*time.Microsecond)
		if got, want := l.Stats().Reordered, reorderedIn(numbers); got != want {
			t.Errorf("%s: %d counted as reordered, want %d", name, got, want)
		}
		report(t, name+": order of times", checkOrder(times))
	}
}

// What is in flight when the switch is turned keeps its time: on, later packets
// may overtake what waits in line; off, they wait for all that is under way.
func TestJitterReorderCanBeSwitchedInFlight(t *testing.T) {
	line := racing
	line.JitterReorder = false
	l := NewLink(9, 0, Up, line)
	const each = 1000
	for n := range 3 * each {
		switch n {
		case each:
			l.SetProfile(racing)
		case 2 * each:
			l.SetProfile(line)
		}
		l.Send(time.Duration(n)*time.Microsecond, numbered(n))
	}
	numbers, times := receiveNumbered(l)
	if len(numbers) != 3*each {
		t.Fatalf("%d of %d datagrams came out", len(numbers), 3*each)
	}
	report(t, "order of times", checkOrder(times))
	if got, want := l.Stats().Reordered, reorderedIn(numbers); got != want || got == 0 {
		t.Errorf("%d counted as reordered, want %d, and some", got, want)
	}
	of := func(from, to int) (some []int) {
		for _, n := range numbers {
			if from <= n && n < to {
				some = append(some, n)
			}
		}
		return some
	}
	report(t, "before the switch", checkOrder(of(0, each)))
	report(t, "after it was turned off", checkOrder(of(2*each, 3*each)))
	if checkOrder(of(each, 2*each)) == nil {
		t.Error("packets sent under JitterReorder kept their order")
	}
	if i, last := slices.Index(numbers, 2*each), numbers[2*each]; i != 2*each || last != 2*each {
		t.Errorf("the first in line again came out in place %d, want %d: behind all that raced", i, 2*each)
	}
	if slices.Max(numbers[:each/2]) < each {
		t.Error("none that raced overtook the line")
	}
}
