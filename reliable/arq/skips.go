package arq

import "time"

// skips leaves a packet number out now and then. Who acknowledges what it can
// predict, to be sent more than its path takes, acknowledges such a number
// sooner or later, and is found out: "an endpoint could skip packet numbers
// when sending packets to detect this behavior" (RFC 9000 section 21.4). A peer
// that acknowledges what arrived sees a gap, as behind a packet that was lost,
// and answers it at once; nothing is sent again for it.
type skips struct {
	next uint64 // the number that will be left out
	kept spans  // those left out lately
}

const (
	// skipPeriod is how many packets follow a number left out before another
	// is, at most and on paths of small windows. On others it is a window:
	// then one is in flight at any time, and the acks that its gap calls for
	// at once stay few besides those that come anyway.
	skipPeriod = 256
	// skipApart is how many at least. It is more than packetThreshold, so that
	// the count of packets that overtook another is off by one at most.
	skipApart = 16
	// skipsKept bounds those that are remembered: more than are in flight while
	// a window grows to many times the one they were drawn for.
	skipsKept = 16
)

// drawSkip chooses the number that will be left out next.
func (c *Conn) drawSkip() {
	period := max(c.congestion.Window()/c.packetLimit(), skipPeriod)
	c.skips.next = c.nextNumber + skipApart + c.random()%uint64(period-skipApart+1)
}

// numbered records the packet with the next number, which is about to leave,
// and leaves a number out behind it if it is time to.
func (c *Conn) numbered(now time.Duration, p *sentPacket) {
	c.sent.push(p)
	c.nextNumber++
	if c.nextNumber != c.skips.next {
		return
	}
	kept := &c.skips.kept
	if kept.add(c.nextNumber, c.nextNumber+1); len(*kept) > skipsKept {
		kept.removeBelow((*kept)[1].lo)
	}
	c.sent.push(&sentPacket{at: now, acked: true})
	c.nextNumber++
	c.drawSkip()
}

// overtook is how many packets were sent after packet n up to packet largest,
// or one more where more than packetThreshold were.
func (s *skips) overtook(n, largest uint64) uint64 {
	if s.kept.intersects(n, largest) {
		return largest - n - 1
	}
	return largest - n
}
