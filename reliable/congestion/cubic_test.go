package congestion

import (
	"math"
	"testing"
	"time"
)

// inAvoidance is a Cubic past one loss at 100 packets, at the time 1 s.
func inAvoidance(t *testing.T) *Cubic {
	t.Helper()
	c := NewCubic(Config{MaxPacket: packet})
	c.window = 100 * packet
	c.Lost(time.Second, Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(900), InFlight: 99 * packet})
	c.Acked(ms(1050), Ack{Bytes: packet, LargestSentAt: ms(1001), InFlight: 60 * packet, RTT: RTT{Latest: ms(50), Smoothed: ms(50)}})
	if got, want := c.Window(), 70*packet; got != want {
		t.Fatalf("window after recovery = %d, want 0.7 of 100 packets (RFC 9438 section 4.6)", got/packet)
	}
	return c
}

// advance acknowledges a window per 300 ms until then: on so long a path the
// curve is above what Reno would do.
func advance(c *Cubic, from, until time.Duration) {
	const rtt = 300 * time.Millisecond
	for now := from; now < until; now += rtt {
		c.Acked(now, Ack{Bytes: c.Window(), LargestSentAt: now - rtt, WindowLimited: true, RTT: RTT{Latest: rtt, Smoothed: rtt}})
	}
}

func TestCubicReachesTheOldMaximumAfterK(t *testing.T) {
	// RFC 9438 section 4.2: K = cbrt((W_max - cwnd_epoch) / C) = cbrt(30/0.4) =
	// 4.2 s; the curve is flat around it.
	c := inAvoidance(t)
	advance(c, ms(1100), ms(1100+4200))
	if got := float64(c.Window()) / packet; math.Abs(got-100) > 1.5 {
		t.Errorf("after K: %.1f packets, want W_max = 100", got)
	}
	// Concave before, convex after: two seconds on either side cost 0.4*8.
	advance(c, ms(5300), ms(7300))
	if got := float64(c.Window()) / packet; math.Abs(got-103.2) > 1.5 {
		t.Errorf("two seconds after K: %.1f packets, want 100 + 0.4*2^3", got)
	}
}

func TestCubicConvergesFast(t *testing.T) {
	// Section 4.7: a flow that loses below its old maximum gives up more.
	c := inAvoidance(t)
	c.Lost(ms(1300), Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(1200), InFlight: 69 * packet})
	if got, want := c.curve.max, 70*(1+0.7)/2; math.Abs(got-want) > 0.01 {
		t.Errorf("W_max = %.2f, want %.2f", got, want)
	}
}

func TestCubicIsRenoFriendlyOnShortPaths(t *testing.T) {
	// Section 4.3: at 1 ms the cubic curve is slower than Reno would be.
	c := inAvoidance(t)
	for now := ms(1100); now < ms(1600); now += ms(1) {
		c.Acked(now, Ack{Bytes: c.Window(), LargestSentAt: now - ms(1), WindowLimited: true, RTT: RTT{Latest: ms(1), Smoothed: ms(1)}})
	}
	if got := float64(c.Window()) / packet; got < 70+500*cubicAlpha {
		t.Errorf("after 500 round trips: %.1f packets, want at least 70 + 500*0.53", got)
	}
}

func TestCubicWaitsWhileTheApplicationDoes(t *testing.T) {
	// Section 5.8: neither growth nor time.
	c := inAvoidance(t)
	advance(c, ms(1100), ms(2000))
	before := c.Window()
	for now := ms(2000); now < 12*time.Second; now += ms(50) {
		c.Acked(now, Ack{Bytes: packet, LargestSentAt: now - ms(50), RTT: RTT{Latest: ms(50), Smoothed: ms(50)}})
	}
	if c.Window() != before {
		t.Errorf("window went from %d to %d while underused", before, c.Window())
	}
	advance(c, 12*time.Second, ms(12100))
	if got := float64(c.Window()-before) / packet; got > 2 {
		t.Errorf("the window jumped by %.1f packets after ten idle seconds", got)
	}
}

func TestCubicUndoesASpuriousEpisodeWhole(t *testing.T) {
	c := NewCubic(Config{MaxPacket: packet})
	c.window = 100 * packet
	c.Lost(time.Second, Loss{Bytes: 2 * packet, Packets: 2, LargestSentAt: ms(900), InFlight: 98 * packet})
	c.Spurious(ms(1010), Spurious{Bytes: packet, Packets: 1, SentAt: ms(899)})
	if c.threshold == maxWindow {
		t.Fatal("undone although one of two losses stands")
	}
	c.Spurious(ms(1011), Spurious{Bytes: packet, Packets: 1, SentAt: ms(900)})
	if got := c.Window(); got < 100*packet || c.threshold != maxWindow || !c.initial {
		t.Errorf("window %d packets, threshold %v after all losses proved spurious, want 100 and slow start", got/packet, c.threshold)
	}
}

func TestCubicTakesAMarkForALossWithoutRepair(t *testing.T) {
	c := NewCubic(Config{MaxPacket: packet})
	c.window = 100 * packet
	mark := Ack{Bytes: packet, LargestSentAt: ms(50), PriorInFlight: 100 * packet, InFlight: 99 * packet, CE: 1, RTT: RTT{Smoothed: ms(50)}}
	c.Acked(ms(100), mark)
	if got, want := int(c.threshold), 70*packet; got != want {
		t.Fatalf("threshold %d after a mark, want %d", got, want)
	}
	mark.LargestSentAt = ms(90)
	c.Acked(ms(110), mark)
	if got, want := int(c.threshold), 70*packet; got != want {
		t.Errorf("threshold %d after a second mark of the round trip, want %d still", got, want)
	}
}

func TestPRRSpreadsTheReduction(t *testing.T) {
	// RFC 9937: of 100 packets 70 leave while 100 are delivered, about two for
	// each three, never in a burst.
	p := beginPRR(70*packet, 100*packet)
	pipe, sent := 99, 0
	for range 99 {
		pipe--
		room := int(p.acked(Ack{Bytes: packet, InFlight: pipe * packet}, packet))/packet - pipe
		if room > 2 {
			t.Fatalf("%d packets may leave on one ack, want at most 2", room)
		}
		for range room {
			p.sent(packet)
			pipe++
			sent++
		}
	}
	if pipe < 69 || pipe > 71 {
		t.Errorf("%d in flight at the end, want 70; %d were sent", pipe, sent)
	}
}

func TestHyStartLeavesBeforeTheQueueIsFull(t *testing.T) {
	// RFC 9406: a round trip 1/8 longer slows the growth to a quarter, five
	// such rounds end slow start.
	var h hystart
	delivered := uint64(0)
	round := func(rtt time.Duration) (grow float64, done bool) {
		for range hystartSamples {
			// The first ack of the round is of a packet sent since it began.
			grow, done = h.acked(Ack{Bytes: packet, RTT: RTT{Latest: rtt}, Rate: Rate{PriorDelivered: delivered, TotalDelivered: delivered + 1}})
		}
		delivered++
		return grow, done
	}
	round(ms(50))
	if grow, _ := round(ms(56)); grow != packet {
		t.Errorf("growth %v on a round trip 6 ms longer, want all of a packet: the threshold is 50/8 ms", grow)
	}
	if grow, _ := round(ms(63)); grow != packet/4 {
		t.Errorf("growth %v on a round trip 7 ms longer still, want a quarter packet", grow)
	}
	for i := range hystartRounds {
		if _, done := round(ms(63)); done != (i == hystartRounds-1) {
			t.Errorf("conservative round %d: done = %v", i+1, done)
		}
	}
}

func TestNewRenoUndoesASpuriousEpisode(t *testing.T) {
	n := NewNewReno(Config{MaxPacket: packet})
	n.Lost(ms(100), Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(40)})
	n.Spurious(ms(110), Spurious{Bytes: packet, Packets: 1, SentAt: ms(40)})
	if got, want := n.Window(), 10*packet; got != want || !n.slowStart() {
		t.Errorf("window %d, want %d and slow start again", got, want)
	}
}
