package raw

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestStoryOfOneStream reads as what a person would say about each arrival.
func TestStoryOfOneStream(t *testing.T) {
	var a Account
	steps := []struct {
		seq    uint32
		want   Arrival
		lost   uint64
		reason string
	}{
		{2, Arrival{Kind: First, Number: 2, Missing: 2}, 0, "0 and 1 may have been sent before we listened: not lost"},
		{3, Arrival{Kind: InOrder, Number: 3}, 0, "the next one"},
		{6, Arrival{Kind: Gap, Number: 6, Missing: 2}, 2, "4 and 5 are missing"},
		{3, Arrival{Kind: Duplicate, Number: 3}, 2, "a second copy repairs nothing"},
		{5, Arrival{Kind: Late, Number: 5, Extent: 1}, 1, "5 was late, not lost; 6 came one arrival earlier"},
		{5, Arrival{Kind: Duplicate, Number: 5}, 1, "a late packet can be doubled too"},
		{7, Arrival{Kind: InOrder, Number: 7}, 1, "the highest was 6"},
		{4, Arrival{Kind: Late, Number: 4, Extent: 3}, 0, "overtaken by 6, 5 and 7; copies do not count (RFC 4737 section 3.3)"},
		{1, Arrival{Kind: Late, Number: 1, Extent: 6}, 0, "below the first arrival, which overtook it: 2 3 6 5 7 4"},
		{7 + MaxJump + 1, Arrival{Kind: Jump, Number: 7 + MaxJump + 1}, 0, "beyond the bound: a new numbering, no loss claimed"},
		{7 + MaxJump, Arrival{Kind: Late, Number: 7 + MaxJump, Extent: 1}, 0, "below the start of the new numbering"},
		{7, Arrival{Kind: Jump, Number: 7}, 0, "back over the bound: again a new numbering"},
	}
	for _, s := range steps {
		if got := a.Receive(0, s.seq, 0); got != s.want {
			t.Errorf("number %d: got %+v, want %+v: %s", s.seq, got, s.want, s.reason)
		}
		if got := a.Stats().Lost; got != s.lost {
			t.Errorf("number %d: lost %d, want %d: %s", s.seq, got, s.lost, s.reason)
		}
	}
	want := AccountStats{Expected: 10, Received: 10, Before: 1, OutOfOrder: 4, Duplicate: 2, Jumps: 2, MaxExtent: 6}
	if got := a.Stats(); got != want {
		t.Errorf("stats\n got %+v\nwant %+v", got, want)
	}
}

func TestEdgeOfTheWindow(t *testing.T) {
	var a Account
	a.Receive(0, 0, 0)
	a.Receive(0, Window+1, 0)
	if got := a.Receive(0, 1, 0).Kind; got != OutOfWindow {
		t.Errorf("Window numbers behind the highest: %v, want out of window", got)
	}
	if got := a.Receive(0, 2, 0); got.Kind != Late || got.Extent != 1 {
		t.Errorf("Window-1 behind: %+v, want late with extent 1", got)
	}
	if got := a.Receive(0, 0xFFFFFFFF, 0).Kind; got != OutOfWindow {
		t.Errorf("before the stream's first number: %v, want out of window", got)
	}
	if got := a.Stats().Lost; got != Window-1 {
		t.Errorf("lost %d, want %d: a packet out of the window takes no loss back", got, Window-1)
	}
}

// TestAccountAgainstOracle compares every verdict and every counter with an
// oracle that keeps all arrivals, for any order, with starts near the wrap.
func TestAccountAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Account
		var o oracle
		now := time.Duration(0)
		at := rapid.SampledFrom([]int64{0, 1, 5, 2000, 1 << 31, 1<<32 - 700, 1<<32 - 3}).Draw(t, "start")
		step := rapid.OneOf(
			rapid.Int64Range(-4, 4),
			rapid.Int64Range(-1, 2),
			rapid.Int64Range(-Window-3, Window+3),
			rapid.SampledFrom([]int64{1, 1, 1, 1, 2, Window, MaxJump, MaxJump + 1, -MaxJump, -MaxJump - 1}),
		)
		for range rapid.IntRange(1, 120).Draw(t, "packets") {
			now += time.Duration(rapid.IntRange(0, 5000).Draw(t, "pause")) * time.Microsecond
			sentAt := rapid.SampledFrom([]uint64{0, uint64(now.Microseconds()), 1 << 63, 1<<64 - 1}).Draw(t, "sent at")
			got, want := a.Receive(now, uint32(at), sentAt), o.receive(now, at, sentAt)
			if got != want {
				t.Fatalf("number %d: got %+v, want %+v", at, got, want)
			}
			if got, want := a.Stats(), o.stats(); got != want {
				t.Fatalf("after number %d:\n got %+v\nwant %+v", at, got, want)
			}
			// Mostly around the highest, as a network delivers; the wire shows
			// the low 32 bits only, so a step must stay below half of them.
			if at = o.highest + step.Draw(t, "step"); at < 0 {
				at = 0
			}
		}
	})
}

// TestPermutedStream delivers a block of numbers across the wrap in any order
// with copies, and wants the totals a person would count by hand.
func TestPermutedStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const start = 1<<32 - 40
		var block []int64
		for n := range int64(80) {
			block = append(block, start+n)
		}
		order := rapid.Permutation(block).Draw(t, "order")
		kept := order[:rapid.IntRange(1, len(order)).Draw(t, "kept")]
		var a Account
		a.Receive(0, start-1, 0)
		for _, n := range kept {
			a.Receive(0, uint32(n), 0)
			a.Receive(0, uint32(n), 0)
		}
		highest := int64(start - 1)
		for _, n := range kept {
			highest = max(highest, n)
		}
		got := a.Stats()
		if want := uint64(len(kept)) + 1; got.Received != want || got.Duplicate != want-1 {
			t.Fatalf("received %d, duplicate %d, want %d and %d", got.Received, got.Duplicate, want, want-1)
		}
		if want := uint64(highest - (start - 1) - int64(len(kept))); got.Lost != want {
			t.Fatalf("lost %d, want %d", got.Lost, want)
		}
	})
}

// TestHostileNumbersCostNothing: whatever a packet claims, no memory is taken,
// and the loss count grows by at most MaxJump a packet.
func TestHostileNumbersCostNothing(t *testing.T) {
	var a Account
	claims := []uint32{0, MaxJump, 1 << 31, 1<<32 - 1, 7, 1<<31 + 5, 1 << 30, 3}
	i := 0
	allocs := testing.AllocsPerRun(1000, func() {
		before := a.Stats().Lost
		a.Receive(0, claims[i%len(claims)], uint64(i)<<40)
		if grown := a.Stats().Lost - before; grown > MaxJump {
			t.Errorf("one packet added %d to the loss count, want at most %d", grown, MaxJump)
		}
		i++
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet, want 0", allocs)
	}
}

func TestArrivalKindsHaveNames(t *testing.T) {
	for k := First; k <= Jump; k++ {
		if s := k.String(); s == "" || s[:1] == "B" {
			t.Errorf("kind %d reads %q", k, s)
		}
	}
	if got := ArrivalKind(99).String(); got != "BUG: unknown arrival kind" {
		t.Errorf("an unknown kind reads %q", got)
	}
}
