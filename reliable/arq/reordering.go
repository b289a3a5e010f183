package arq

import "time"

// reordering learns how late packets of this path may come without being lost
// (RFC 8985 section 6.2, the idea of RACK's reordering window), so that loss
// detection is as early as the path allows: three packets or an eighth of a
// round trip while nothing was ever overtaken, a time window once something
// was.
//
// RACK widens its window by a step for each round trip with a proof that it was
// too small. Here packet numbers are never reused, so an acknowledgment that
// comes late says by how much, and the window goes there at once.
type reordering struct {
	window   time.Duration // 0 = no reordering seen
	evidence int           // loss events until the window is forgotten
}

// evidenceLasts is how many loss events without reordering end the window (RFC
// 8985 section 6.2 step 4: "16 loss recoveries").
const evidenceLasts = 16

// seen reports whether packets overtook each other lately.
func (r *reordering) seen() bool { return r.window > 0 }

// late learns from a packet acknowledged after a newer one: lateness is how
// much longer its round trip took than that of the newest packet acknowledged
// before.
func (r *reordering) late(lateness time.Duration, path *rtt) {
	// A quarter on top: the latest so far is hardly the latest there will be.
	// "The RACK reordering window MUST be bounded, and this bound SHOULD be
	// one round trip" (step 4).
	window := max(lateness+lateness/4, path.min/4, granularity)
	r.window = max(r.window, min(window, path.smoothed))
	r.evidence = evidenceLasts
}

// lossEvent tells that packets were lost, once per round trip of losses.
func (r *reordering) lossEvent() {
	if r.evidence--; r.evidence <= 0 {
		*r = reordering{}
	}
}

// lossDelay is how long a packet may be outstanding, once one sent later was
// acknowledged, before it counts as lost: RFC 9002 section 6.1.2, or the newest
// round trip and the reordering window if that is more.
func (r *reordering) lossDelay(path *rtt) time.Duration {
	return max(path.timeThreshold(), path.latest+r.window)
}

// packetThreshold is how many packets sent later must have been acknowledged
// for a packet to count as lost whatever the time (RFC 9002 section 6.1.1); 0 =
// no number is enough, because packets are known to overtake each other (RFC
// 8985 section 6.2 step 5).
func (r *reordering) packetThreshold() uint64 {
	if r.seen() {
		return 0
	}
	return packetThreshold
}
