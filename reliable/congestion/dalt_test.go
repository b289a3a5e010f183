package congestion

import (
	"testing"
	"time"
)

// bulk is a flow of the named controller with always more to send.
func bulk(t *testing.T, name string, start time.Duration) linkFlow {
	t.Helper()
	if Named(name) == nil {
		t.Fatalf("no controller %q", name)
	}
	return linkFlow{controller: Named(name)(Config{MaxPacket: linkPacket}), start: start}
}

// link is 50 Mbit/s with 50 ms round trip and a queue of 50 ms for 15 s.
func link(t *testing.T, names ...string) modelLink {
	t.Helper()
	m := modelLink{rate: 50e6, rtt: ms(50), queue: ms(50), length: 15 * time.Second, seed: 1}
	for i, name := range names {
		m.flows = append(m.flows, bulk(t, name, time.Duration(i)*time.Second))
	}
	return m
}

func TestDaltFillsTheLinkAtAnyRandomLoss(t *testing.T) {
	// The rows of the engine's table, in packets of the link: what a header
	// costs is not the controller's, what the path loses neither.
	for _, c := range []struct {
		name        string
		rate        float64
		rtt         int
		loss, burst float64
		share, wire float64
	}{
		{"no loss", 50e6, 50, 0, 0, 0.967, 1.025},
		{"0.1 %", 50e6, 50, 0.001, 0, 0.96, 1.026},
		{"1 %", 50e6, 50, 0.01, 0, 0.942, 1.045},
		{"5 %", 20e6, 50, 0.05, 0, 0.891, 1.094},
		{"10 %", 20e6, 100, 0.1, 0, 0.819, 1.17},
		{"2 % in bursts of 8", 50e6, 50, 0.02, 8, 0.922, 1.064},
	} {
		m := link(t, "dalt")
		m.rate, m.rtt, m.loss, m.burst = c.rate, ms(c.rtt), c.loss, c.burst
		r := m.run()
		if f := r.flows[0]; f.share < c.share || f.wire > c.wire {
			t.Errorf("%s: share of the link %.3f at wire %.3f, want >= %.3f at <= %.3f", c.name, f.share, f.wire, c.share, c.wire)
		}
		if r.medianQueue > ms(15) {
			t.Errorf("%s: median queue %v, want <= 15 ms", c.name, r.medianQueue)
		}
	}
}

func TestLossBasedControllersFailWhereDaltHolds(t *testing.T) {
	// The bounds above can fail.
	for _, name := range []string{"newreno", "cubic"} {
		m := link(t, name)
		m.loss = 0.01
		if f := m.run().flows[0]; f.share > 0.3 {
			t.Errorf("%s at 1 %% loss: %.3f of the link, want under 0.3: random loss costs it its window", name, f.share)
		}
		if r := link(t, name).run(); r.medianQueue < ms(15) {
			t.Errorf("%s without loss: median queue %v, want over 15 ms: it fills what there is", name, r.medianQueue)
		}
	}
}

func TestDaltToleratesReordering(t *testing.T) {
	m := link(t, "dalt")
	m.rtt, m.jitter = ms(30), ms(5)
	if f := m.run().flows[0]; f.share < 0.967 {
		t.Errorf("share of the link with jitter of 5 ms each way = %.3f, want >= 0.967", f.share)
	}
}

func TestDaltHoldsTheLinkThroughJitterAndLoss(t *testing.T) {
	// Jitter hides that a drained path is empty, so its losses were never learned,
	// and looks like a queue to a window of few packets: one flow in six fell to a
	// thirtieth of the link for half a minute.
	for seed := range uint64(12) {
		m := link(t, "dalt")
		m.rate, m.length, m.seed = 20e6, 100*time.Second, seed
		m.jitter, m.loss = ms(10), 0.05
		if f := m.run().flows[0]; f.share < 0.65 {
			t.Errorf("seed %d: share of the link with jitter of 10 ms each way and 5 %% loss = %.3f, want >= 0.65", seed, f.share)
		}
	}
}

func TestDaltObeysAShallowQueue(t *testing.T) {
	for _, c := range []struct {
		queue time.Duration
		loss  float64
		most  float64
	}{
		{ms(5), 0, 0.03}, {ms(2), 0, 0.03}, {ms(5), 0.01, 0.03},
	} {
		m := link(t, "dalt")
		m.queue, m.loss = c.queue, c.loss
		r := m.run()
		if got := r.selfInflicted(); got > c.most {
			t.Errorf("queue of %v and %.0f %% loss: it refused %.2f %% of the packets, want <= %.0f %%", c.queue, 100*c.loss, 100*got, 100*c.most)
		}
		if f := r.flows[0]; f.share < 0.9 {
			t.Errorf("queue of %v and %.0f %% loss: share %.3f, want >= 0.9", c.queue, 100*c.loss, f.share)
		}
	}
	m := link(t)
	m.queue = ms(5)
	m.flows = []linkFlow{{controller: NewFixed(Config{MaxPacket: linkPacket}, 1<<20)}}
	if got := m.run().selfInflicted(); got < 0.1 {
		t.Errorf("a fixed window: the queue refused %.2f %%, want over 10 %%: the bound can fail", 100*got)
	}
}

func TestDaltOnASlowLinkMeansPacketsNotMilliseconds(t *testing.T) {
	// 1 Mbit/s: a packet takes longer than the target of fast links. What the
	// queue of four packets refuses is mostly the initial window.
	for _, c := range []struct{ rate, share, most float64 }{
		{1e6, 0.85, 0.08}, {2e6, 0.93, 0.02}, {5e6, 0.97, 0.005},
	} {
		m := link(t, "dalt")
		m.rate = c.rate
		r := m.run()
		if got := r.share(); got < c.share || r.selfInflicted() > c.most {
			t.Errorf("%.0f Mbit/s: share %.3f with %.1f %% refused, want >= %.2f with <= %.1f %%", c.rate/1e6, got, 100*r.selfInflicted(), c.share, 100*c.most)
		}
	}
}

func TestDaltObeysALinkThatBecomesSlow(t *testing.T) {
	m := link(t, "dalt")
	m.rateChanges = []rateChange{{7 * time.Second, 10e6}}
	r := m.run()
	// A second is twenty round trips; four of them would do.
	if q := r.queueBetween(8*time.Second, 15*time.Second); q > ms(20) {
		t.Errorf("median queue %v a second after the rate fell to a fifth, want <= 20 ms", q)
	}
	if got := r.selfInflicted(); got > 0.03 {
		t.Errorf("the queue refused %.2f %%, want <= 3 %%", 100*got)
	}
}

func TestDaltFindsALinkThatBecomesFast(t *testing.T) {
	m := link(t, "dalt")
	m.rate, m.loss = 10e6, 0.01
	m.rateChanges = []rateChange{{7 * time.Second, 50e6}}
	f := m.run().flows[0]
	// perSec is in parts of the first rate: five is all.
	if got := f.perSec[10]; got < 4.5 {
		t.Errorf("3 s after the rate rose fivefold: %.2f of the old rate, want >= 4.5", got)
	}
}

func TestTwoDaltsShareALink(t *testing.T) {
	for _, c := range []struct {
		name  string
		queue time.Duration
		loss  float64
	}{
		{"no loss", ms(50), 0}, {"1 % loss", ms(50), 0.01}, {"shallow queue", ms(5), 0},
	} {
		m := link(t, "dalt", "dalt")
		m.length, m.queue, m.loss = 60*time.Second, c.queue, c.loss
		r := m.run()
		for i, f := range r.flows {
			if got := f.share / r.share(); got < 0.4 || got > 0.6 {
				t.Errorf("%s: flow %d has %.3f of what both have, want 0.4 to 0.6", c.name, i, got)
			}
		}
		if r.medianQueue > ms(15) {
			t.Errorf("%s: median queue %v, want <= 15 ms", c.name, r.medianQueue)
		}
	}
}

func TestDaltIsStarvedByNoControlAtAll(t *testing.T) {
	// The bound on shares can fail, and this is what Fixed is here to show.
	m := link(t, "dalt", "fixed")
	r := m.run()
	if got := r.flows[0].share / r.share(); got > 0.4 {
		t.Errorf("beside a fixed window of 1 MiB dalt has %.3f of what both have, want under 0.4", got)
	}
}

func TestDaltRidesOverThinnedAcks(t *testing.T) {
	m := link(t, "dalt")
	m.thinned, m.loss = 10, 0.01
	if f := m.run().flows[0]; f.share < 0.942 {
		t.Errorf("with ten acks per window and 1 %% loss: %.3f of the link, want >= 0.942", f.share)
	}
}

func TestDaltAnswersMarksBeforeTheQueueStands(t *testing.T) {
	m := link(t, "dalt")
	m.markAbove = ms(3)
	r := m.run()
	if r.medianQueue > ms(4) {
		t.Errorf("median queue %v with marks from 3 ms on, want <= 4 ms", r.medianQueue)
	}
	if f := r.flows[0]; f.share < 0.85 {
		t.Errorf("share %.3f with marks from 3 ms on, want >= 0.85", f.share)
	}
}

func TestDaltStartsAgainAfterPersistentCongestion(t *testing.T) {
	d := NewDalt(Config{MaxPacket: packet})
	d.Lost(ms(100), Loss{Bytes: packet, Packets: 1, LargestSentAt: ms(50), Persistent: true})
	if got, want := d.Window(), 2*packet; got != want || d.state != daltStartup {
		t.Errorf("window %d in %v, want the minimum %d in startup", got, d.state, want)
	}
}
