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
		if got := (&Conn{rtt: c.r}).probeTimeout(); got != c.probe {
			t.Errorf("%s: probe timeout %v, want %v", c.name, got, c.probe)
		}
		if got := c.r.ackDelay(); got != c.ack {
			t.Errorf("%s: ack delay %v, want %v", c.name, got, c.ack)
		}
	}
}
