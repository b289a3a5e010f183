package arq

import (
	"errors"
	"math/rand/v2"
	"testing"

	"udplab/proto"
)

// skipping is a sender that leaves out the number after its n-th packet.
func skipping(t testing.TB, n, packets int) *sender {
	s := newSender(t, 0)
	s.conn.skips.next = s.first + uint64(n)
	for range packets {
		s.send()
	}
	return s
}

// A number that was left out is in no acknowledgment of an honest peer: one
// that has it ends the connection, and nothing of it counts.
func TestAckOfASkippedNumber(t *testing.T) {
	for _, c := range []struct {
		name    string
		largest uint64 // from the first number on; 3 was left out
		ranges  []proto.AckRange
		caught  bool
		lost    int
	}{
		{"the number alone", 3, []proto.AckRange{{Count: 1}}, true, 0},
		{"everything", 6, []proto.AckRange{{Count: 7}}, true, 0},
		{"up to it", 3, []proto.AckRange{{Count: 4}}, true, 0},
		{"in a lower range", 6, []proto.AckRange{{Count: 1}, {Gap: 1, Count: 2}}, true, 0},
		{"what arrived", 6, []proto.AckRange{{Count: 3}, {Gap: 1, Count: 3}}, false, 0},
		{"what is above", 6, []proto.AckRange{{Count: 3}}, false, 3},
		{"what is below", 2, []proto.AckRange{{Count: 3}}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := skipping(t, 3, 6)
			f := proto.Ack{Largest: uint32(s.first + c.largest), N: len(c.ranges)}
			copy(f.Ranges[:], c.ranges)
			s.conn.handleAck(s.now, &f)
			var violation *ProtocolError
			switch caught := errors.As(s.conn.Err(), &violation); {
			case caught != c.caught:
				t.Errorf("%v, want a violation: %v", s.conn.Err(), c.caught)
			case caught && (violation.Code != CodeViolation || len(s.cc.acks) > 0 || s.conn.Stats().MessagesAcked > 0):
				t.Errorf("code %#x, %d acks told, %d messages acknowledged", violation.Code, len(s.cc.acks), s.conn.Stats().MessagesAcked)
			case s.lostPackets() != c.lost:
				t.Errorf("%d packets count as lost, want %d", s.lostPackets(), c.lost)
			}
		})
	}
}

// What counts as lost because later packets arrived is what that many packets
// overtook, not numbers: a packet before one left out may be overtaken as often
// as any other.
func TestSkippedNumberOvertakesNothing(t *testing.T) {
	s := skipping(t, 2, 4)                  // 0 1 . 3 4
	s.ack(s.now+100*ms, 3, 4)               // two overtook 1
	if lost := s.lostPackets(); lost != 1 { // 0 alone: three overtook it
		t.Errorf("%d packets lost after two overtook the second, want 1", lost)
	}
	s.send()
	s.ack(s.now+100*ms, 5, 5)
	if lost := s.lostPackets(); lost != 2 {
		t.Errorf("%d packets lost after three overtook the second, want 2", lost)
	}
}

func (s *sender) lostPackets() (n int) {
	for _, l := range s.cc.losses {
		n += l.Packets
	}
	return n
}

// Numbers are left out at random, never two close together, and never so far
// apart that a window goes without one for long.
func TestSkipsAreSpread(t *testing.T) {
	for _, window := range []int{2, 100, 256, 5000} {
		s := newSender(t, 0)
		s.conn.random = rand.New(rand.NewPCG(1, 2)).Uint64
		s.cc.window = window * 1200
		s.conn.drawSkip()
		at, least, most, seen := s.conn.nextNumber, uint64(1<<62), uint64(0), make(map[uint64]bool)
		for len(seen) < 100 {
			before := s.conn.nextNumber
			s.send()
			if s.conn.nextNumber == before+2 {
				d := before - at
				at, least, most, seen[d] = before+1, min(least, d), max(most, d), true
			}
			s.ack(s.now, before-s.first, before-s.first)
		}
		if least < skipApart-1 || most > uint64(max(window, skipPeriod)) {
			t.Errorf("window of %d packets: %d to %d packets between numbers left out", window, least, most)
		}
		if kept := len(s.conn.skips.kept); kept > skipsKept {
			t.Errorf("%d are remembered, want %d", kept, skipsKept)
		}
	}
}
