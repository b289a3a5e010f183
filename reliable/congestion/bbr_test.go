package congestion

import (
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
