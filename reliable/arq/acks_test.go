package arq

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/proto"
)

// numbers lists what an ack frame acknowledges.
func numbers(f *proto.Ack) map[uint32]bool {
	set := make(map[uint32]bool)
	n := f.Largest
	for _, r := range f.Ranges[:f.N] {
		n -= r.Gap
		for range r.Count {
			set[n] = true
			n--
		}
	}
	return set
}

// Whatever comes in whatever order: only what came is acknowledged, the newest
// always is, no packet is taken twice, and memory is bounded.
func TestAcksAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const first = numberBase + 1<<32 - 50 // the numbers pass 2^32 on the wire
		a := acks{floor: first}
		seen := make(map[uint64]bool)
		confirmed := uint64(0)
		for range rapid.IntRange(1, 300).Draw(t, "packets") {
			n := first + rapid.Uint64Range(0, 400).Draw(t, "number")
			if a.duplicate(n) {
				if !seen[n] && n >= a.floor {
					t.Fatalf("%d is said to be a duplicate and never came", n)
				}
				continue
			}
			if seen[n] {
				t.Fatalf("%d is taken a second time", n)
			}
			late := a.any && n < a.largest
			if got := a.received(0, n); got != late {
				t.Fatalf("%d out of order: %v, want %v", n, got, late)
			}
			seen[n] = true
			if len(a.seen) > maxTrackedRanges {
				t.Fatalf("%d ranges tracked", len(a.seen))
			}
			var f proto.Ack
			a.frame(0, &f)
			if f.N > proto.MaxAckRanges {
				t.Fatalf("%d ranges in a frame", f.N)
			}
			acked := numbers(&f)
			for low := range acked {
				if !seen[proto.Expand(low, a.largest)] {
					t.Fatalf("%d is acknowledged and never came", low)
				}
			}
			// What was received is told until the peer is known to know, and so
			// is the packet that just came, unless it lies below the frame.
			if f.N < proto.MaxAckRanges && n >= a.floor && !acked[uint32(n)] {
				t.Fatalf("%d just came and is not acknowledged", n)
			}
			if rapid.IntRange(0, 9).Draw(t, "confirm") == 0 {
				confirmed = max(confirmed, a.largest)
				a.confirmed(a.largest)
			}
		}
	})
}

func TestAckIsImmediateWhenItHelps(t *testing.T) {
	receive := func(eliciting bool, numbers ...uint64) *acks {
		var a acks
		for _, n := range numbers {
			a.received(0, n)
			if eliciting {
				a.ackElicited()
			}
		}
		return &a
	}
	// One packet that asks, after others that do not.
	last := func(numbers ...uint64) *acks {
		a := receive(false, numbers...)
		a.ackElicited()
		return a
	}
	for _, c := range []struct {
		name           string
		a              *acks
		due, immediate bool
	}{
		{"one packet in order", receive(true, 10), true, false},
		{"two packets", receive(true, 10, 11), true, true},
		{"a gap", receive(true, 10, 12), true, true},
		{"one behind a gap", last(10, 12), true, true},
		{"one out of order", last(10, 12, 11), true, true},
		{"one in order", last(10, 11, 12), true, false},
		{"nothing that asks", receive(false, 10, 12, 11), false, false},
	} {
		if c.a.due() != c.due || c.a.immediate != c.immediate {
			t.Errorf("%s: due %v immediate %v, want %v %v", c.name, c.a.due(), c.a.immediate, c.due, c.immediate)
		}
		c.a.sent()
		if c.a.due() || c.a.immediate {
			t.Errorf("%s: still due after it was sent", c.name)
		}
	}
}

// What the peer wishes of our acks counts in the order of its numbers, which
// wrap, and within our bounds.
func TestWishesInOrder(t *testing.T) {
	var a acks
	for _, c := range []struct {
		what      string
		seq       uint32
		threshold uint16
		want      int
	}{
		{"the first, whatever its number", 1<<32 - 1, 10, 10},
		{"a newer one, beyond the wrap", 1, 20, 20},
		{"one that comes late", 1<<32 - 2, 30, 20},
		{"a copy", 1, 40, 20},
		{"a newer one", 2, 50, 50},
	} {
		a.wish(&proto.AckFrequency{Seq: c.seq, Threshold: c.threshold})
		if got := a.threshold(); got != c.want {
			t.Errorf("%s: an ack each %d packets, want %d", c.what, got, c.want)
		}
	}
	for wish, want := range map[time.Duration]time.Duration{0: minAckDelay, 10 * ms: 10 * ms, time.Hour: maxAckDelay} {
		a.wishes.MaxDelay = wish
		if got := a.delay(5 * ms); got != want {
			t.Errorf("acks wait %v where the peer wishes %v, want %v", got, wish, want)
		}
	}
}

// RFC 9000 section 13.2.4: what the peer is known to know need not be told
// again, but a packet that fills a hole below it must be.
func TestConfirmedRangesAreLeftOut(t *testing.T) {
	var a acks
	for _, n := range []uint64{1, 2, 4, 5} {
		a.received(0, n)
	}
	a.confirmed(5)
	a.received(0, 6)
	var f proto.Ack
	a.frame(0, &f)
	if got := numbers(&f); got[2] || !got[6] {
		t.Errorf("frame %v, want 6 and nothing below the hole", got)
	}
	a.received(0, 3)
	a.frame(0, &f)
	if got := numbers(&f); !got[3] || !got[6] {
		t.Errorf("frame %v, want the late 3 and 6", got)
	}
}

// A million holes keep 64 ranges; what lies below the floor counts as seen.
func TestR16_HolesDoNotGrowMemory(t *testing.T) {
	var a acks
	for n := uint64(0); n < 2_000_000; n += 2 {
		a.received(0, n)
	}
	if got := len(a.seen); got != maxTrackedRanges {
		t.Errorf("%d ranges, want %d", got, maxTrackedRanges)
	}
	if !a.duplicate(1) || a.duplicate(2_000_001) {
		t.Error("the floor is not where the oldest range begins")
	}
	if got := testing.AllocsPerRun(100, func() { a.received(0, a.largest+2) }); got != 0 {
		t.Errorf("%v allocations for one more hole", got)
	}
}
