package congestion

import (
	"slices"
	"testing"
	"time"
)

// quietLink is 20 Mbit/s with 50 ms round trip and a queue of 50 ms for 100 s,
// with flows that begin a second apart and have urgent messages beside them.
func quietLink(t *testing.T, names ...string) modelLink {
	t.Helper()
	m := link(t, names...)
	m.rate, m.length = 20e6, 100*time.Second
	for i := range m.flows {
		m.flows[i].quiet = true
	}
	return m
}

// queueAt is a quantile of the queue after the start.
func (r linkResult) queueAt(quantile float64) time.Duration {
	queues := slices.Clone(r.queues[2*time.Second/queueSampling:])
	slices.Sort(queues)
	return queues[int(float64(len(queues)-1)*quantile)]
}

func TestQuietDaltKeepsTheQueueEmpty(t *testing.T) {
	// One packet is on the wire and one may wait: 99 times in a hundred there is
	// no more.
	packetTime := func(rate float64) time.Duration { return time.Duration(linkPacket * 8 / rate * 1e9) }
	for _, c := range []struct {
		name        string
		rate        float64
		rtt, jitter int
		loss        float64
		queue       int
		share       float64
	}{
		{"no loss", 20e6, 50, 0, 0, 50, 0.96},
		{"5 Mbit/s", 5e6, 50, 0, 0, 50, 0.96},
		{"1 % loss", 20e6, 50, 0, 0.01, 50, 0.94},
		{"5 % loss", 20e6, 50, 0, 0.05, 50, 0.86},
		{"jitter of 2 ms", 20e6, 50, 2, 0, 50, 0.92},
		{"a queue of 5 ms", 20e6, 50, 0, 0, 5, 0.96},
	} {
		m := quietLink(t, "dalt")
		m.rate, m.rtt, m.jitter, m.loss, m.queue = c.rate, ms(c.rtt), ms(c.jitter), c.loss, ms(c.queue)
		r := m.run()
		if got, most := r.queueAt(0.99), 2*packetTime(c.rate)+ms(1); got > most {
			t.Errorf("%s: the queue's 99th percentile is %v, want <= two packets and 1 ms, %v", c.name, got, most)
		}
		if got := r.share(); got < c.share {
			t.Errorf("%s: share of the link %.3f, want >= %.2f", c.name, got, c.share)
		}
	}
	m := quietLink(t, "dalt")
	m.flows[0].quiet = false
	if got := m.run().queueAt(0.99); got < ms(10) {
		t.Errorf("not quiet: the queue's 99th percentile is %v, want over 10 ms: the bound can fail", got)
	}
}

func TestQuietDaltOnJitterAndLossKeepsItsShare(t *testing.T) {
	// The queue can't be seen well enough to be kept empty. That may not cost
	// the bulk its share.
	m := quietLink(t, "dalt")
	m.jitter, m.loss = ms(10), 0.02
	if got := m.run().share(); got < 0.85 {
		t.Errorf("share of the link %.3f, want >= 0.85", got)
	}
}

func TestQuietDaltsShareALink(t *testing.T) {
	for _, c := range []struct {
		name  string
		flows int
		quiet int // so many of them
	}{
		{"two quiet", 2, 2}, {"quiet beside one that is not", 2, 1}, {"four quiet", 4, 4},
	} {
		m := quietLink(t)
		m.length = 120 * time.Second
		for i := range c.flows {
			f := bulk(t, "dalt", time.Duration(i)*time.Second)
			f.quiet = i < c.quiet
			m.flows = append(m.flows, f)
		}
		r := m.run()
		for i, f := range r.flows {
			if got := f.share / r.share() * float64(c.flows); got < 0.6 || got > 1.4 {
				t.Errorf("%s: flow %d has %.2f of an equal share, want 0.6 to 1.4", c.name, i, got)
			}
		}
		if r.medianQueue > ms(15) {
			t.Errorf("%s: median queue %v, want <= 15 ms", c.name, r.medianQueue)
		}
	}
}

func TestQuietDaltBesideCubic(t *testing.T) {
	// No worse than without (TestDaltBesideLossBasedFlows).
	for _, c := range []struct {
		queue time.Duration
		least float64
	}{{ms(50), 0.02}, {ms(10), 0.3}} {
		m := quietLink(t, "dalt", "cubic")
		m.queue = c.queue
		r := m.run()
		if got := r.flows[0].share / r.share(); got < c.least {
			t.Errorf("queue of %v: %.3f of what both have, want >= %.2f", c.queue, got, c.least)
		}
	}
}

func TestQuietDaltFollowsThePath(t *testing.T) {
	m := quietLink(t, "dalt")
	m.rate, m.length = 10e6, 60*time.Second
	m.rateChanges = []rateChange{{10 * time.Second, 50e6}}
	// A cruise of 640 round trips may have just begun.
	if got := m.run().flows[0].perSec[50]; got < 4.5 {
		t.Errorf("40 s after the rate rose fivefold: %.2f of the old rate, want >= 4.5", got)
	}
	m.rate = 50e6
	m.flows = []linkFlow{bulk(t, "dalt", 0)}
	m.flows[0].quiet = true
	m.rateChanges = []rateChange{{20 * time.Second, 10e6}}
	r := m.run()
	if q := r.queueBetween(21*time.Second, 30*time.Second); q > ms(15) {
		t.Errorf("median queue %v a second after the rate fell to a fifth, want <= 15 ms", q)
	}
	if got := r.flows[0].perSec[25]; got < 0.18 {
		t.Errorf("5 s after the rate fell to a fifth: %.2f of the old rate, want >= 0.18", got)
	}
}

func TestCruiseDoesNotHoldAnApplicationToItsOwnRate(t *testing.T) {
	// What an application sends is not what the path carries.
	m := quietLink(t, "dalt")
	m.length, m.jitter = 40*time.Second, ms(5)
	m.flows[0].appRate = 1e6
	m.run()
	d := m.flows[0].controller.(*Dalt)
	if rate := 8 * d.quiet.rate; rate > 0 && rate < 16e6 {
		t.Errorf("of an application that sends 1 of 20 Mbit/s the path's rate is taken for %.1f Mbit/s", rate/1e6)
	}
}

func TestASleepingPeerDoesNotSlowTheNextCruise(t *testing.T) {
	q := daltQuiet{wanted: true}
	q.learn(1000)
	q.learn(300)
	if q.rate < 900 {
		t.Errorf("after one low measurement the rate is %.0f of 1000, want >= 900", q.rate)
	}
	if !q.begin(1, ms(50)) || !q.cruising() {
		t.Fatal("no cruise begins")
	}
	q.fail()
	q.learn(300)
	if q.rate != 300 {
		t.Errorf("after a cruise that failed the rate is %.0f, want the new one, 300", q.rate)
	}
}

func TestCruisesThatFailComeLessOften(t *testing.T) {
	q := daltQuiet{wanted: true}
	for n := range 10 {
		q.learn(1000)
		climbs := 0
		for !q.begin(1, ms(50)) {
			climbs++
		}
		want := 0
		if n > 0 {
			want = 1 << min(n-1, daltCruisesFailed)
		}
		if climbs != want {
			t.Fatalf("cruise %d came after %d climbs, want %d", n, climbs, want)
		}
		q.fail()
	}
	for !q.begin(1, ms(50)) {
		q.learn(1000)
	}
	if !q.over(1 + daltCruiseMost) {
		t.Fatal("a cruise does not end")
	}
	if q.failed != 0 {
		t.Errorf("after a cruise that lasted %d have failed in a row", q.failed)
	}
}
