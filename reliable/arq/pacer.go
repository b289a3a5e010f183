package arq

import "time"

// pacer spreads packets over the round trip (RFC 9002 section 7.7) with a
// token bucket. The rate is the window per round trip times a gain, so that
// the pacer alone never makes the window underused.
type pacer struct {
	tokens  int // bytes that may leave now; negative after a burst's last packet
	updated time.Duration
	rate    float64 // bytes per second; 0 = not known yet, no pacing
	burst   int     // bytes the bucket holds
}

// timerSlack is how late the timers beneath us may fire: Go rounds waits below
// a millisecond up to one. The bucket holds what the rate gives in twice that
// time, so a late timer costs burstiness and never throughput.
const timerSlack = 2 * time.Millisecond

// advance fills the bucket up to now for the given window.
func (p *pacer) advance(now time.Duration, window, maxPacket int, slowStart bool, r *rtt) {
	elapsed := now - p.updated
	p.updated = now
	if !r.sampled || r.smoothed <= 0 {
		p.rate = 0
		return
	}
	gain := 1.25 // RFC 9002 section 7.7: "N = 1.25"
	if slowStart {
		gain = 2 // the window doubles within the round trip that is being paced
	}
	fresh := p.rate == 0
	p.rate = gain * float64(window) / r.smoothed.Seconds()
	// "Senders SHOULD limit bursts to the initial congestion window" of ten
	// packets, or to what late timers need if that is more.
	p.burst = max(10*maxPacket, int(p.rate*timerSlack.Seconds()))
	if fresh {
		p.tokens = p.burst
		return
	}
	added := p.rate * elapsed.Seconds()
	p.tokens = int(min(float64(p.tokens)+added, float64(p.burst)))
}

// sent takes a packet's bytes out of the bucket.
func (p *pacer) sent(bytes int) { p.tokens -= bytes }

// wait is how long until a packet may leave; 0 = now.
func (p *pacer) wait() time.Duration {
	if p.rate == 0 || p.tokens > 0 {
		return 0
	}
	// One nanosecond more than exact, so that the bucket is surely above zero.
	return time.Duration(float64(1-p.tokens)/p.rate*1e9) + 1
}
