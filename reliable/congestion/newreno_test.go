package congestion

import (
	"testing"
	"time"
)

const packet = 1200

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// ack is a full packet acknowledged while the window held the sender back.
func ack(sentAt time.Duration) Ack {
	return Ack{Bytes: packet, LargestSentAt: sentAt, WindowLimited: true}
}

func TestInitialWindow(t *testing.T) {
	// RFC 9002 section 7.2.
	for _, c := range []struct{ maxPacket, want int }{
		{1200, 12000}, {1472, 14720}, {9000, 18000}, {65507, 131014},
	} {
		if got := NewNewReno(Config{MaxPacket: c.maxPacket}).Window(); got != c.want {
			t.Errorf("initial window with packets of %d = %d, want %d", c.maxPacket, got, c.want)
		}
	}
}

func TestNewRenoSlowStartGrowsByBytesAcked(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	for i := range 10 {
		n.Acked(ms(50), ack(ms(i)))
	}
	if got, want := n.Window(), 20*packet; got != want {
		t.Errorf("after a window of acks in slow start: %d, want twice the initial window %d", got, want)
	}
}

func TestNewRenoDoesNotGrowWhenApplicationLimited(t *testing.T) {
	// RFC 9002 section 7.8: "the congestion window SHOULD NOT be increased".
	n := NewNewReno(Config{MaxPacket: packet})
	a := ack(ms(1))
	a.WindowLimited = false
	n.Acked(ms(50), a)
	if got, want := n.Window(), 10*packet; got != want {
		t.Errorf("underused window grew to %d, want %d", got, want)
	}
}

func TestNewRenoHalvesOncePerRoundTrip(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	n.Lost(ms(100), Loss{Bytes: packet, LargestSentAt: ms(40)})
	if got, want := n.Window(), 5*packet; got != want {
		t.Fatalf("window after the first loss = %d, want %d", got, want)
	}
	// Sent before the loss was noticed: the same congestion event.
	n.Lost(ms(120), Loss{Bytes: packet, LargestSentAt: ms(90)})
	if got, want := n.Window(), 5*packet; got != want {
		t.Errorf("window after a loss of the same round = %d, want %d", got, want)
	}
	// Acks of packets sent before recovery do not grow it.
	n.Acked(ms(130), ack(ms(95)))
	if got, want := n.Window(), 5*packet; got != want {
		t.Errorf("window grew on an ack from before recovery: %d, want %d", got, want)
	}
	n.Lost(ms(200), Loss{Bytes: packet, LargestSentAt: ms(150)})
	if got, want := n.Window(), 5*packet/2; got != want {
		t.Errorf("window after a loss of the next round = %d, want %d", got, want)
	}
}

func TestNewRenoAvoidanceAddsOnePacketPerWindow(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	n.Lost(ms(100), Loss{Bytes: packet, LargestSentAt: ms(40)})
	for range 5 {
		n.Acked(ms(200), ack(ms(150)))
	}
	if got, want := n.Window(), 6*packet; got != want {
		t.Errorf("after one window of acks: %d, want one packet more: %d", got, want)
	}
}

func TestNewRenoPersistentCongestion(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	n.Lost(ms(100), Loss{Bytes: packet, LargestSentAt: ms(40), Persistent: true})
	if got, want := n.Window(), 2*packet; got != want {
		t.Errorf("window = %d, want the minimum %d", got, want)
	}
	if !n.slowStart() {
		t.Error("not in slow start after persistent congestion")
	}
	for range 100 {
		n.Lost(n.loss.since+ms(1), Loss{Bytes: packet, LargestSentAt: n.loss.since + ms(1)})
	}
	if got, want := n.Window(), 2*packet; got != want {
		t.Errorf("window fell below the minimum: %d, want %d", got, want)
	}
}

func TestFixedNeverMoves(t *testing.T) {
	f := NewFixed(Config{MaxPacket: packet}, 64*packet)
	f.Acked(ms(1), ack(0))
	f.Lost(ms(2), Loss{Bytes: packet, Persistent: true})
	if got, want := f.Window(), 64*packet; got != want {
		t.Errorf("window = %d, want %d", got, want)
	}
	if got, want := NewFixed(Config{MaxPacket: packet}, 1).Window(), 2*packet; got != want {
		t.Errorf("smallest window = %d, want two packets: %d", got, want)
	}
}

func TestNewRenoTakesMarksForCongestion(t *testing.T) {
	// RFC 9002 section 7.1, once per round trip as with losses.
	n := NewNewReno(Config{MaxPacket: packet})
	a := ack(ms(40))
	a.CE = 1
	n.Acked(ms(100), a)
	if got, want := n.Window(), 5*packet; got != want {
		t.Fatalf("window after the first mark = %d, want half of it, %d", got, want)
	}
	a = ack(ms(90))
	a.CE = 3
	n.Acked(ms(120), a)
	if got, want := n.Window(), 5*packet; got != want {
		t.Errorf("window after marks of the same round = %d, want %d", got, want)
	}
}

func TestNewRenoHoldsTwoPacketsOfAnySize(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	n.SetMaxPacket(9000)
	if got, want := n.Window(), 18000; got != want {
		t.Errorf("window with packets of 9000 = %d, want two of them", got)
	}
	n.SetMaxPacket(packet)
	n.Lost(ms(100), Loss{Bytes: packet, LargestSentAt: ms(40), Persistent: true})
	if got, want := n.Window(), 2*packet; got != want {
		t.Errorf("smallest window with packets of %d again = %d, want %d", packet, got, want)
	}
}
