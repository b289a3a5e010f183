package arq

import "time"

// reordering learns how late packets of this path may come without being lost
// (RFC 8985 section 6.2, the idea of RACK's reordering window), so that loss
// detection is as early as the path allows: three packets or an eighth of a
// round trip while nothing was ever overtaken, a time window once something
// was.
//
// RACK widens its window by a step for each round trip with a proof that it was
// too small. Here packet numbers are never reused, so a packet that was declared
// lost and is acknowledged after all says by how much, and the window goes there
// at once. A packet that was overtaken and not declared lost proves that there
// is reordering, and nothing about the window.
type reordering struct {
	window time.Duration // 0 = no reordering seen
	least  time.Duration // of the window while reordering is seen
	seen   int           // loss events until reordering is forgotten
	proof  int           // loss events until the window shrinks to the least again
}

// evidenceLasts is how many loss events without reordering end the window (RFC
// 8985 section 6.2 step 4: "16 loss recoveries").
const evidenceLasts = 16

// overtaken notes that packets overtake each other: one was acknowledged after
// a newer one.
func (r *reordering) overtaken(path *rtt) {
	r.least = max(path.min/4, granularity) // step 4: "min_RTT/4"
	r.window = max(r.window, r.least)
	r.seen = evidenceLasts
}

// tooEarly learns from a packet that was declared lost and is acknowledged
// after all: lateness is how much longer its round trip took than that of the
// newest packet acknowledged before.
func (r *reordering) tooEarly(lateness time.Duration, path *rtt) {
	r.overtaken(path)
	// A quarter on top: the latest so far is hardly the latest there will be.
	// "The RACK reordering window MUST be bounded, and this bound SHOULD be
	// one round trip" (step 4).
	r.window = max(r.window, min(lateness+lateness/4, path.smoothed))
	r.proof = evidenceLasts
}

// lossEvent tells that packets were lost, once per round trip of losses.
func (r *reordering) lossEvent() {
	r.seen--
	r.proof--
	switch {
	case r.seen <= 0:
		*r = reordering{}
	case r.proof <= 0:
		r.window, r.proof = r.least, 0
	}
}

// lossDelay is how long a packet may be outstanding, once one sent later was
// acknowledged, before it counts as lost: RFC 9002 section 6.1.2, or the newest
// round trip and the reordering window if that is more. A thin flow waits half
// as long beyond the round trip while nothing was overtaken.
func (r *reordering) lossDelay(path *rtt, thin bool) time.Duration {
	if thin && r.window == 0 {
		return path.thinTimeThreshold()
	}
	return max(path.timeThreshold(), path.latest+r.window)
}

// packetThreshold is how many packets sent later must have been acknowledged
// for a packet to count as lost whatever the time (RFC 9002 section 6.1.1); 0 =
// no number is enough, because packets are known to overtake each other (RFC
// 8985 section 6.2 step 5).
func (r *reordering) packetThreshold() uint64 {
	if r.window > 0 {
		return 0
	}
	return packetThreshold
}
