package arq

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// RFC 9002 section 5.3: "smoothed_rtt = latest_rtt; rttvar = latest_rtt / 2"
// for the first sample, then the weighted means.
func TestRTTFormulas(t *testing.T) {
	var r rtt
	for i, step := range []struct {
		measured, delay        time.Duration
		smoothed, variance, lo time.Duration
	}{
		{100 * ms, 50 * ms, 100 * ms, 50 * ms, 100 * ms}, // the first: no delay is taken off
		// 120-20 = 100 is not below the minimum: 7/8*100+1/8*100, 3/4*50+1/4*0
		{120 * ms, 20 * ms, 100 * ms, 37500 * time.Microsecond, 100 * ms},
		// 110-20 = 90 would be below the minimum: the delay is not taken off
		{110 * ms, 20 * ms, 101250 * time.Microsecond, 30625 * time.Microsecond, 100 * ms},
		// a delay beyond 25 ms counts as 25 ms: 181.25-25 = 156.25
		{181250 * time.Microsecond, time.Second, 108125 * time.Microsecond, 36718750, 100 * ms},
		{60 * ms, 0, 102109375, 39570312, 60 * ms},
	} {
		r.sample(step.measured, step.delay)
		if r.smoothed != step.smoothed || r.variance != step.variance || r.min != step.lo || r.latest != step.measured {
			t.Errorf("sample %d: smoothed %v variance %v min %v, want %v %v %v",
				i, r.smoothed, r.variance, r.min, step.smoothed, step.variance, step.lo)
		}
	}
}

func TestTimersFromRTT(t *testing.T) {
	for _, c := range []struct {
		name                  string
		r                     rtt
		threshold, probe, ack time.Duration
	}{
		// RFC 9002 section 6.2.2: twice the initial round trip of 333 ms.
		{"before any sample", rtt{}, ms, 691 * ms, 25 * ms},
		// 9/8 * max(smoothed, latest); smoothed + 4*variance + twice the ack delay, at most 25 ms; smoothed/4
		{"ordinary", rtt{latest: 40 * ms, smoothed: 80 * ms, variance: 10 * ms, sampled: true}, 90 * ms, 145 * ms, 20 * ms},
		{"latest above", rtt{latest: 160 * ms, smoothed: 80 * ms, variance: 10 * ms, sampled: true}, 180 * ms, 145 * ms, 20 * ms},
		{"no shorter than the timers", rtt{latest: 100, smoothed: 100, variance: 10, sampled: true}, ms, 100 + ms + 2*ms, ms},
		{"acks wait 25 ms at most", rtt{latest: time.Second, smoothed: time.Second, sampled: true}, 1125 * ms, 1026 * ms, 25 * ms},
	} {
		if got := c.r.timeThreshold(); got != c.threshold {
			t.Errorf("%s: time threshold %v, want %v", c.name, got, c.threshold)
		}
		if got := c.r.probeTimeout(); got != c.probe {
			t.Errorf("%s: probe timeout %v, want %v", c.name, got, c.probe)
		}
		if got := c.r.ackDelay(); got != c.ack {
			t.Errorf("%s: ack delay %v, want %v", c.name, got, c.ack)
		}
	}
}

func TestPacerSpreadsTheWindow(t *testing.T) {
	r := rtt{latest: 100 * ms, smoothed: 100 * ms, sampled: true}
	const window, packet = 120_000, 1200
	for _, c := range []struct {
		slowStart bool
		rate      float64 // RFC 9002 section 7.7: N * window / smoothed
	}{{false, 1.25 * window / 0.1}, {true, 2 * window / 0.1}} {
		var p pacer
		now, bytes := time.Duration(0), 0
		p.advance(now, window, packet, c.slowStart, &r)
		burst := 0
		for p.wait() == 0 {
			p.sent(packet)
			burst += packet
		}
		if want := 10 * packet; burst != want {
			t.Errorf("burst of %d bytes, want ten packets: %d", burst, want)
		}
		for now < 10*time.Second {
			wait := p.wait()
			now += wait
			p.advance(now, window, packet, c.slowStart, &r)
			if wait > 0 && p.wait() != 0 {
				t.Fatalf("after a wait of %v the pacer wants another %v", wait, p.wait())
			}
			p.sent(packet)
			bytes += packet
		}
		if got := float64(bytes) / now.Seconds(); got < 0.99*c.rate || got > 1.01*c.rate {
			t.Errorf("slow start %v: %.0f bytes a second, want %.0f", c.slowStart, got, c.rate)
		}
	}
}

func TestPacerLetsEverythingGoBeforeTheFirstSample(t *testing.T) {
	var p pacer
	p.advance(0, 12000, 1200, true, &rtt{})
	for range 100 {
		p.sent(1200)
	}
	if got := p.wait(); got != 0 {
		t.Errorf("wait %v without knowing the round trip", got)
	}
}

// At high rates the bucket holds what late timers need, so that they cost no
// throughput.
func TestPacerForgivesLateTimers(t *testing.T) {
	r := rtt{latest: ms, smoothed: ms, sampled: true}
	var p pacer
	p.advance(0, 1<<20, 1200, false, &r)
	sent := 0
	for now := time.Duration(0); now < time.Second; now += 2 * ms { // nobody looks more often
		p.advance(now, 1<<20, 1200, false, &r)
		for p.wait() == 0 {
			p.sent(1200)
			sent += 1200
		}
	}
	if want := 1.25 * (1 << 20) * 1000 * 0.95; float64(sent) < want {
		t.Errorf("%d bytes in a second, want at least %.0f", sent, want)
	}
}
