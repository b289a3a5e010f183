package arq

import "time"

// rtt estimates the path's round trip (RFC 9002 section 5).
type rtt struct {
	latest   time.Duration
	min      time.Duration
	smoothed time.Duration
	variance time.Duration
	again    bool // more than once
	sampled  bool
}

// sample takes in one measurement: the time from sending the largest newly
// acknowledged packet to its acknowledgment, and the delay the peer reports
// to have added.
func (r *rtt) sample(measured, ackDelay time.Duration) {
	r.latest = measured
	if !r.sampled {
		r.sampled = true
		r.min, r.smoothed, r.variance = measured, measured, measured/2
		return
	}
	r.again = true
	r.min = min(r.min, measured)
	// RFC 9002 section 5.3: "MUST NOT subtract the acknowledgment delay from
	// the RTT sample if the resulting value is smaller than the min_rtt".
	adjusted := measured
	if d := min(ackDelay, maxAckDelay); measured-d >= r.min {
		adjusted = measured - d
	}
	r.variance = (3*r.variance + (r.smoothed - adjusted).Abs()) / 4
	r.smoothed = (7*r.smoothed + adjusted) / 8
}

// timeThreshold is how long a packet may be outstanding, once a later one was
// acknowledged, before it counts as lost (RFC 9002 section 6.1.2).
func (r *rtt) timeThreshold() time.Duration {
	return max(9*max(r.smoothed, r.latest)/8, granularity)
}

// thinTimeThreshold is the time threshold of a thin flow. Its packets are so far
// apart that time, not their number, shows a loss. "Smaller thresholds reduce
// reordering resilience" (RFC 9002 section 6.1.2): it holds only while nothing
// was overtaken.
func (r *rtt) thinTimeThreshold() time.Duration {
	return max(17*max(r.smoothed, r.latest)/16, granularity)
}

// persistentCongestion is how long losses must span, with nothing acknowledged
// between them, to establish persistent congestion (RFC 9002 section 7.6.1).
func (r *rtt) persistentCongestion() time.Duration {
	return 3 * (r.smoothed + max(4*r.variance, granularity) + maxAckDelay)
}

// ackDelay is how long our own acknowledgments may wait: a quarter of the
// round trip, so that they never add much to the peer's view of it.
func (r *rtt) ackDelay() time.Duration {
	if !r.sampled {
		return maxAckDelay
	}
	return min(max(r.smoothed/4, minAckDelay), maxAckDelay)
}
