package congestion

import (
	"math"
	"testing"
	"time"
)

func TestBBRHoldsTheLinkUpToItsLossThreshold(t *testing.T) {
	for _, c := range []struct{ loss, least, most float64 }{
		{0, 0.95, 1}, {0.01, 0.75, 1},
		{0.1, 0, 0.5}, // five times the threshold: each probe looks like overflow
	} {
		m := link(t, "bbr")
		m.loss = c.loss
		if f := m.run().flows[0]; f.share < c.least || f.share > c.most {
			t.Errorf("at %.0f %% loss: %.3f of the link, want %.2f to %.2f", 100*c.loss, f.share, c.least, c.most)
		}
	}
}

func TestBBRKeepsTheQueueShort(t *testing.T) {
	if r := link(t, "bbr").run(); r.medianQueue > ms(5) {
		t.Errorf("median queue %v, want <= 5 ms: cruising is at the estimated rate", r.medianQueue)
	}
}

func TestBBRProbesTheRoundTripWhenItIsOld(t *testing.T) {
	// Section 5.3.4: after 5 s without a lower sample, half the product for at
	// least 200 ms.
	b := NewBBR(Config{MaxPacket: packet})
	rate := Rate{BytesPerSecond: 1e6, Delivered: 50e3, Interval: ms(50)}
	visited := false
	for now := ms(50); now < 7*time.Second; now += ms(5) {
		rate.PriorDelivered = rate.TotalDelivered
		rate.TotalDelivered += 5000
		rtt := ms(60)
		if now == ms(50) {
			rtt = ms(50)
		}
		b.Acked(now, Ack{Bytes: 5000, LargestSentAt: now - rtt, InFlight: 20e3, WindowLimited: true, Rate: rate,
			RTT: RTT{Latest: rtt, Smoothed: rtt, Min: ms(50)}})
		if b.state == bbrProbeRTT {
			visited = true
			if got, most := b.Window(), int(b.probeRTTWindow()); got > most {
				t.Fatalf("window %d in probe rtt, want at most %d", got, most)
			}
			if now < 5*time.Second {
				t.Fatalf("probe rtt at %v, want not before 5 s", now)
			}
		}
	}
	if !visited {
		t.Error("never in probe rtt")
	}
	if b.state == bbrProbeRTT {
		t.Error("still in probe rtt, want out of it after 200 ms")
	}
}

func TestBBRsOfOneSeedAreEqual(t *testing.T) {
	a, b := link(t, "bbr"), link(t, "bbr")
	if x, y := a.run(), b.run(); x.flows[0].share != y.flows[0].share || x.flows[0].wire != y.flows[0].wire {
		t.Error("two runs with one seed differ")
	}
	c := NewBBR(Config{MaxPacket: packet, Seed: 1})
	d := NewBBR(Config{MaxPacket: packet, Seed: 2})
	if c.draw() == d.draw() {
		t.Error("two seeds draw the same first number")
	}
}

// cruising is a BBR that knows a path of 1 MB/s and 50 ms and cruises on it.
func cruising() *BBR {
	b := NewBBR(Config{MaxPacket: packet})
	b.model.cycles[0], b.model.fullReached = 1e6, true
	b.minRTT.rtt, b.minRTT.probe = ms(50), ms(50)
	b.window, b.state = 100e3, bbrCruise
	return b
}

// ackRound acknowledges what was sent since the last one, at the rate of the path.
func ackRound(b *BBR, now time.Duration, delivered uint64) {
	b.Acked(now, Ack{Bytes: 5000, InFlight: 50e3, WindowLimited: true, RTT: RTT{Latest: ms(50), Smoothed: ms(50), Min: ms(50)},
		Rate: Rate{BytesPerSecond: 1e6, Delivered: 50e3, Interval: ms(50), TxInFlight: 50e3,
			PriorDelivered: delivered, TotalDelivered: delivered + 5000}})
}

func TestBBRTakesOnlyAFullWindowForTheLimit(t *testing.T) {
	// Sections 5.3.3.6 and 5.3.3.9: a probe whose window is the long-term bound
	// goes on, and raises the bound, only while the window is fully used. When
	// the pacer keeps what is in flight below it, three rounds without growth
	// are the end.
	for _, c := range []struct {
		inFlight int
		limited  bool
	}{{50e3, false}, {1 << 20, true}} {
		b := cruising()
		b.probe.inflightLongterm, b.window = 60e3, 60e3
		b.startUp(Ack{Rate: Rate{BytesPerSecond: 1e6}})
		for i := range 5 {
			b.PacketSent(time.Second, Sent{Bytes: packet, InFlight: min(c.inFlight, b.Window())})
			ackRound(b, time.Second+time.Duration(i)*ms(50), uint64(5000*(i+1)))
		}
		if up, raised := b.state == bbrUp, b.probe.inflightLongterm > 60e3; up != c.limited || raised != c.limited {
			t.Errorf("at most %d bytes in flight of a window of 60000: still probing %v, bound raised %v, want both %v", c.inFlight, up, raised, c.limited)
		}
	}
}

func TestBBRFindsThePacketThatWasTooMuch(t *testing.T) {
	// Section 5.5.10.2, HandleLostPacket: 30 packets prove lost at once, which
	// left while the flight grew from 300 packets by two with each. The seventh
	// makes it more than 2 %, so the 311 before it were not too many.
	b := cruising()
	b.probe.sample, b.state = true, bbrUp
	l := Loss{Bytes: 30 * packet, Packets: 30, LargestSentAt: ms(950)}
	for i := range 30 {
		l.Rates = append(l.Rates, Rate{TotalDelivered: 1000, TxInFlight: (300 + 2*i) * packet, Lost: (i + 1) * packet})
	}
	b.Lost(time.Second, l)
	if got := b.probe.inflightLongterm / packet; got < 311 || got > 312 {
		t.Errorf("bound of %.1f packets, want 311 to 312", got)
	}
	if b.state != bbrDown {
		t.Errorf("in %v, want the probe to be over", b.state)
	}
}

func TestBBRsFirstSightOfAProbeIsNotBelowWhatWasInFlight(t *testing.T) {
	// The losses before it exceeded the threshold already.
	b := cruising()
	b.probe.sample, b.state = true, bbrUp
	b.Lost(time.Second, Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(950), Rates: []Rate{{TotalDelivered: 1000, TxInFlight: 300 * packet, Lost: 30 * packet}}})
	if got := b.probe.inflightLongterm / packet; got != 299 {
		t.Errorf("bound of %.1f packets, want the 299 before this one", got)
	}
}

func TestBBRLearnsNoRateFromProbeRTT(t *testing.T) {
	// Section 5.3.4.3: "Ignore low rate samples during ProbeRTT". They neither
	// end a cycle of the bandwidth's filter nor say that the pipe is full, and a
	// round begins when the state is left.
	b := cruising()
	b.minRTT.probeAt = -6 * time.Second
	total, now := uint64(1e6), time.Duration(0)
	ack := func() {
		total += 5000
		b.Acked(now, Ack{Bytes: 5000, InFlight: 25e3, RTT: RTT{Latest: ms(60), Smoothed: ms(60), Min: ms(50)},
			Rate: Rate{BytesPerSecond: 0.4e6, Delivered: 25e3, Interval: ms(60), TxInFlight: 25e3, PriorDelivered: total - 25e3, TotalDelivered: total}})
		now += ms(12)
	}
	for ack(); b.state == bbrProbeRTT; ack() {
	}
	if now < bbrProbeRTTDuration {
		t.Fatalf("left at %v, want at least 200 ms", now)
	}
	if b.model.nextRound != total {
		t.Errorf("round ends at %d delivered, want it to begin with what is delivered now, %d", b.model.nextRound, total)
	}
	for range 6 {
		ack()
	}
	if b.model.cycles[0] != 1e6 {
		t.Errorf("cycles %v, want the rate of the last probe kept", b.model.cycles)
	}
}

func TestBBRUndoesSpuriousLossesAfterRealOnes(t *testing.T) {
	b := cruising()
	b.Lost(time.Second, Loss{Bytes: 2 * packet, Packets: 2, LargestSentAt: ms(900), Rates: []Rate{{}, {}}})
	ackRound(b, ms(1050), 5000)
	b.Lost(2*time.Second, Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(1900), Rates: []Rate{{TotalDelivered: 10e3}}})
	b.model.bwShortterm = 1e5 // the response to the second
	b.Spurious(ms(2060), Spurious{Bytes: packet, Packets: 1, SentAt: ms(1900)})
	if !math.IsInf(b.model.bwShortterm, 1) {
		t.Errorf("short-term rate %v, want none as before: the two lost a second ago are another episode", b.model.bwShortterm)
	}
}

func TestBBRKeepsItsRateThroughACycleWithoutSamples(t *testing.T) {
	b := cruising()
	b.model.advanceFilter()
	b.model.advanceFilter()
	if got := b.model.max(); got != 1e6 {
		t.Errorf("rate %v after two cycles without a sample, want 1e6", got)
	}
}
