package raw

import "testing"

// TestForgottenStreamsStayCounted: somebody who invents streams pushes old
// accounts out, and what they had counted stays in the totals.
func TestForgottenStreamsStayCounted(t *testing.T) {
	var s streams
	const many = 3 * maxStreams
	for id := range uint64(many) {
		if _, isNew := s.receive(0, id, 0, 0); !isNew {
			t.Errorf("stream %d: known, want new", id)
		}
		s.receive(0, id, 2, 0) // 1 is lost
		s.receive(0, id, 2, 0)
	}
	if len(s.live) != maxStreams {
		t.Errorf("%d accounts kept, want %d", len(s.live), maxStreams)
	}
	got := s.stats()
	if got.Lost != many || got.Duplicate != many || got.Received != 2*many || got.Expected != 3*many {
		t.Errorf("stats %+v", got)
	}
}

// TestSpokenStreamIsKept: a stream that goes on is not the one to be forgotten.
func TestSpokenStreamIsKept(t *testing.T) {
	var s streams
	s.receive(0, 1, 0, 0)
	for id := range uint64(3 * maxStreams) {
		s.receive(0, 100+id, 0, 0)
		if a, isNew := s.receive(0, 1, uint32(id)+1, 0); isNew || a.Kind != InOrder {
			t.Fatalf("after %d other streams: new %v, %v", id+1, isNew, a.Kind)
		}
	}
}
