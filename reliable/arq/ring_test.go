package arq

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRingAgainstSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r ring[int]
		first := rapid.Uint64Range(0, 1<<63).Draw(t, "first")
		r.start(first)
		var want []int
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				v := rapid.Int().Draw(t, "value")
				if got := r.push(v); got != first+uint64(len(want)) {
					t.Fatalf("pushed at %d, want %d", got, first+uint64(len(want)))
				}
				want = append(want, v)
			},
			"pop": func(t *rapid.T) {
				n := rapid.IntRange(0, len(want)).Draw(t, "n")
				r.popFront(n)
				want = want[n:]
				first += uint64(n)
			},
			"": func(t *rapid.T) {
				if r.len() != len(want) || r.first() != first || r.end() != first+uint64(len(want)) {
					t.Fatalf("%d elements from %d, want %d from %d", r.len(), r.first(), len(want), first)
				}
				for i, v := range want {
					if got := *r.at(first + uint64(i)); got != v {
						t.Fatalf("element %d is %d, want %d", i, got, v)
					}
				}
				if r.has(first-1) || r.has(r.end()) {
					t.Fatal("has elements outside of its ends")
				}
			},
		})
	})
}

// What left the ring must not be kept alive by it.
func TestRingForgetsWhatWasPopped(t *testing.T) {
	var r ring[*int]
	r.push(new(int))
	r.popFront(1)
	for i, v := range r.slots {
		if v != nil {
			t.Errorf("slot %d still holds its element", i)
		}
	}
}

func TestRingDoesNotGrowInSteadyState(t *testing.T) {
	var r ring[int]
	for i := range 100 {
		r.push(i)
	}
	if got := testing.AllocsPerRun(1000, func() { r.popFront(1); r.push(1) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// A packet declared lost is remembered for a while, because its
// acknowledgment may only be late; then it is forgotten with its pieces.
func TestRetire(t *testing.T) {
	var s sent
	for i := range 4 {
		p := sentPacket{at: time.Duration(i) * time.Second, eliciting: true, pieceCount: 1}
		p.acked, p.lost = i == 0, i == 1
		p.firstPiece = s.pieces.push(piece{})
		s.packets.push(p)
	}
	s.retire(time.Second)
	if got := s.packets.len(); got != 3 {
		t.Errorf("%d packets, want 3: the lost one is young enough to be late", got)
	}
	s.retire(time.Second + 1)
	if got := s.packets.len(); got != 2 || s.pieces.len() != 2 {
		t.Errorf("%d packets with %d pieces, want the 2 that are outstanding", got, s.pieces.len())
	}
}
