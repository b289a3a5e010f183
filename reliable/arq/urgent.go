package arq

import "time"

// This file lets urgent messages leave at once. Bulk fills the window, and a
// controller that drains the path lets nothing go for a good part of a round
// trip. What a lane sends while one of smaller priority waits does not wait with
// it. It counts as in flight and takes the pacer's tokens like everything else,
// so that the bulk pays for it, only later. How much is ahead is bounded, for
// what is in flight is the controller's to say.

const (
	// aheadPart is the part of the window that may be in flight beyond it.
	aheadPart = 8
	// aheadPackets is how many packets may leave ahead in a row: a burst that
	// RFC 9002 section 7.7 allows at the start.
	aheadPackets = 10
	// quietFor is how long after an urgent message the next is expected.
	// People who write to each other leave such pauses.
	quietFor = 30 * time.Second
)

// urgency is what left ahead of window and pacer.
type urgency struct {
	bytes int           // since both let something go
	now   bool          // the packet in hand
	last  time.Duration // when one left; 0 = never
}

// lately reports whether urgent messages go out beside bulk. The bulk then
// keeps the queue empty that they would have to wait in.
func (u *urgency) lately(now time.Duration) bool { return u.last != 0 && now-u.last < quietFor }

// packetsInARow is how many packets the pacer lets go at a time.
func (c *Conn) packetsInARow(now time.Duration) int {
	if c.urgency.lately(now) {
		return 1
	}
	return minBurst
}

// noteUrgency reports whether what goes next outranks something that waits too.
func (c *Conn) noteUrgency(now time.Duration, l *sendLane) bool {
	if l == nil || !c.out.outranks(l) {
		return false
	}
	c.urgency.last = now
	return true
}

// mayGoAhead reports whether an urgent packet may leave although window or pacer
// hold it back.
func (c *Conn) mayGoAhead(n nextUp) bool {
	return c.urgency.bytes+n.size <= min(c.congestion.Window()/aheadPart, aheadPackets*n.limit)
}

// outranks reports whether a lane of smaller priority waits.
func (o *outgoing) outranks(l *sendLane) bool {
	for _, other := range o.waiting {
		if other.channel.Priority < l.channel.Priority && (other.hasRepair() || other.hasNew()) {
			return true
		}
	}
	return false
}
