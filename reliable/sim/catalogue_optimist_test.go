package sim

import (
	"errors"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// leftOut follows the packet numbers of an end from its next packet on.
type leftOut struct {
	last  uint32
	any   bool
	count int // numbers left out
	bytes int // sent from the first packet behind one on
}

func (l *leftOut) sent(datagram []byte, number uint32) {
	if l.any {
		l.count += int(number - l.last - 1)
	}
	l.any, l.last = true, number
	if l.count > 0 {
		l.bytes += len(datagram)
	}
}

// A receiver that acknowledges what it expects instead of what arrived, to be
// sent more than its path carries, is found out with the first number that is
// left out: before another window of data is sent, its acknowledgment of that
// number ends the connection.
func TestA6_OptimisticAckersAreCaught(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		loss  float64
		ahead uint32 // how many packets in flight it acknowledges besides
	}{
		{"hides what was lost", 0.1, 0},
		{"acknowledges the next packet, too", 0, 1},
		{"acknowledges ten packets ahead", 0, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			left, seeds := 0, 20
			if raceEnabled {
				seeds = 5
			}
			for seed := uint64(1); seed <= uint64(seeds); seed++ {
				w, na, nb := pairWorld(seed, arq.Config{MaxPacket: 1452})
				a := na.Dial(nb)
				w.Run(time.Second)
				w.Path(na, nb).SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Rate: 20e6, Queue: 50 * time.Millisecond, Loss: c.loss})
				cheating, newest, window := false, uint32(0), 0
				w.Fate = func(_ uint64, from, _ *Node) Fate {
					if from == nb && !cheating { // the honest receiver is not heard
						return Fate{Kind: Drop}
					}
					return Fate{}
				}
				var numbers leftOut
				var p proto.Packet
				w.Observe = func(o Observation) {
					switch {
					case o.Kind == Sent && o.Node == na && proto.Parse(o.Datagram, &p) == nil:
						numbers.sent(o.Datagram, p.Data.Number)
					case o.Kind == Received && o.Node == nb && proto.Parse(o.Datagram, &p) == nil:
						newest = max(newest, p.Data.Number)
					}
				}
				cheat := w.forger(nb, a)
				a.Queue(8<<20, 8<<20)
				for acked := uint32(0); a.state == arq.Open && w.now < time.Minute; w.Run(time.Millisecond) {
					window = max(window, a.Conn.Stats().CongestionWindow)
					if newest > acked {
						acked, cheating = newest, true
						claimed := newest + min(c.ahead, newest/4) // so many are in flight
						cheat.ack(claimed, proto.AckRange{Count: claimed + 1})
						cheating = false
					}
				}
				var violation *arq.ProtocolError
				if !errors.As(a.Conn.Err(), &violation) || violation.Code != arq.CodeViolation {
					t.Errorf("seed %d: %v, %v, want closed for a violation", seed, a, a.Conn.Err())
				}
				if numbers.bytes > window {
					t.Errorf("seed %d: %d bytes sent behind the first number left out, want a window of %d at most", seed, numbers.bytes, window)
				}
				left += numbers.count
			}
			if left < seeds {
				t.Errorf("%d numbers were left out in %d runs", left, seeds)
			}
		})
	}
}

// Of an honest peer nothing is ever suspected, whatever the path does; and on
// one that loses nothing and keeps order, numbers that are left out count
// neither as lost nor as overtaken, and nothing is sent again for them.
func TestA6_HonestPeersAreNot(t *testing.T) {
	t.Parallel()
	left, seeds := 0, 40
	if raceEnabled {
		seeds = 8
	}
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		w, na, nb := pairWorld(seed, arq.Config{MaxPacket: 1452})
		link := lossy.Profile{Delay: 20 * time.Millisecond}
		if seed%2 == 0 {
			link.Loss, link.Duplicate, link.Reorder, link.ReorderBy = 0.05, 0.05, 0.05, 5
		}
		a := na.Dial(nb)
		w.Run(time.Second)
		b := nb.Ends()[0]
		w.Path(na, nb).SetProfile(link)
		w.Path(nb, na).SetProfile(link)
		var numbers [2]leftOut
		var p proto.Packet
		w.Observe = func(o Observation) {
			if o.Kind == Sent && proto.Parse(o.Datagram, &p) == nil {
				numbers[o.Node.index].sent(o.Datagram, p.Data.Number)
			}
		}
		b.Queue(200_000)
		if _, ok := transfer(w, a, time.Minute, 2<<20); !ok || a.Conn.Err() != nil || b.Conn.Err() != nil {
			t.Errorf("seed %d: %v, %v", seed, a.Conn.Err(), b.Conn.Err())
		}
		left += numbers[0].count + numbers[1].count
		for _, e := range []*End{a, b} {
			s := e.Conn.Stats()
			if seed%2 == 1 && (s.PacketsLost+s.PacketsOutOfOrder+s.PacketsDuplicate+s.Retransmits() > 0 || s.ReorderingWindow > 0) {
				t.Errorf("seed %d: on a clean path %v counts %d lost, %d out of order, %d twice, %d frames again, window of reordering %v",
					seed, e, s.PacketsLost, s.PacketsOutOfOrder, s.PacketsDuplicate, s.Retransmits(), s.ReorderingWindow)
			}
		}
		w.Settled()
		if err := w.Err(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if left < 5*seeds {
		t.Errorf("%d numbers were left out, want %d and more", left, 5*seeds)
	}
	t.Logf("%d numbers left out", left)
}
