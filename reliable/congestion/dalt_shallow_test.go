package congestion

import (
	"testing"
	"time"
)

func TestDaltsObeyAQueueTheyShare(t *testing.T) {
	// Each one's overflow is in what the others see. Before the target was
	// halved to what the queue takes, the rows lost 4, 12 and 16 %.
	for _, c := range []struct {
		name          string
		flows         int
		queue         time.Duration
		loss          float64
		most, smaller float64 // of the packets; of an equal share
	}{
		{"two in 5 ms", 2, ms(5), 0, 0.015, 0.7},
		{"two in 5 ms at 5 % loss", 2, ms(5), 0.05, 0.03, 0.6},
		{"two in 2 ms at 1 % loss", 2, ms(2), 0.01, 0.03, 0.7},
		{"four in 10 ms", 4, ms(10), 0, 0.03, 0.6},
		{"eight in 5 ms", 8, ms(5), 0, 0.065, 0.4},
	} {
		m := link(t)
		m.length, m.queue, m.loss = 40*time.Second, c.queue, c.loss
		for i := range c.flows {
			m.flows = append(m.flows, bulk(t, "dalt", time.Duration(i)*ms(370)))
		}
		r := m.run()
		if got := r.selfInflicted(); got > c.most {
			t.Errorf("%s: the queue refused %.2f %%, want <= %.1f %%", c.name, 100*got, 100*c.most)
		}
		if got := r.share() / (1 - c.loss); got < 0.95 {
			t.Errorf("%s: %.3f of the link, want >= 0.95", c.name, got)
		}
		for i, f := range r.flows {
			if got := f.share / r.share() * float64(c.flows); got < c.smaller {
				t.Errorf("%s: flow %d has %.2f of an equal share, want >= %.2f", c.name, i, got, c.smaller)
			}
		}
	}
}

func TestDaltObeysAPolicer(t *testing.T) {
	// A policer drops as a queue of that length would, and gives no delay.
	for _, c := range []struct {
		bucket time.Duration
		loss   float64
		most   float64
	}{
		{ms(5), 0, 0.02}, {ms(20), 0, 0.025}, {ms(20), 0.01, 0.025}, {ms(50), 0, 0.04},
	} {
		m := link(t, "dalt")
		m.length, m.queue, m.loss, m.policed = 20*time.Second, c.bucket, c.loss, true
		r := m.run()
		if got := r.selfInflicted(); got > c.most {
			t.Errorf("bucket of %v and %.0f %% loss: %.2f %% refused, want <= %.1f %%", c.bucket, 100*c.loss, 100*got, 100*c.most)
		}
		if got := r.share() / (1 - c.loss); got < 0.95 {
			t.Errorf("bucket of %v and %.0f %% loss: %.3f of the rate, want >= 0.95", c.bucket, 100*c.loss, got)
		}
	}
}

func TestDaltFindsADeepQueueAgain(t *testing.T) {
	// A target that was halved for one bottleneck is not for the next one.
	var p daltDepth
	p.largest.add(0, ms(5))
	for range daltOverflows {
		p.overflowed(ms(5), ms(10))
	}
	if p.halvings != 2 {
		t.Fatalf("%d halvings after losses at 5 ms, want 2: 2.5 ms is the first below", p.halvings)
	}
	for range 2 * daltHeld {
		p.reached()
	}
	if p.halvings != 0 {
		t.Errorf("%d halvings left after %d climbs without losses, want none", p.halvings, 2*daltHeld)
	}
}

func TestDaltTakesOnlyLossesAtTheLargestQueueForOverflow(t *testing.T) {
	// Losses of the path end climbs at any queue.
	var p daltDepth
	p.largest.add(0, ms(10))
	for i := range 10 * daltOverflows {
		if p.overflowed(ms(2+i%6), ms(10)); p.halvings > 0 {
			t.Fatalf("halved by losses at %v, where queues of 10 ms were seen", ms(2+i%6))
		}
	}
	p.overflowed(ms(9), ms(10))
	p.reached()
	for range daltOverflows - 1 {
		p.overflowed(ms(9), ms(10))
	}
	if p.halvings > 0 {
		t.Errorf("halved although a climb reached the target in between")
	}
}

func TestDaltDoubtsAReferenceThatAClimbOutlives(t *testing.T) {
	// 5 % were lost when the path was last thought empty, and 5 % are lost
	// while a queue of 3 ms stands and never reaches the target. That may be
	// others' overflow: no climb goes on so for ever.
	d := NewDalt(Config{MaxPacket: packet})
	d.state, d.window, d.srtt, d.losses.base = daltClimb, 100*packet, ms(53), 0.05
	d.path.lowest.add(0, ms(50))
	for i := 1; i <= daltPatience; i++ {
		if d.state != daltClimb {
			t.Fatalf("in %v after %d rounds, want %d rounds of climb", d.state, i-1, daltPatience)
		}
		d.round.minRTT, d.round.limited = ms(53), true
		d.round.tally = daltTally{lost: 5 * packet, delivered: 95 * packet}
		d.climbed(time.Duration(i)*ms(53), Ack{Bytes: packet})
	}
	if d.state != daltDrain {
		t.Errorf("in %v after %d rounds, want a drain", d.state, daltPatience)
	}
}
