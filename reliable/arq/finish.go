package arq

import (
	"time"

	"udplab/proto"
)

// finish is the state of a half-close (SPEC 7.14): each side says on its own
// that no message follows, and goes on receiving. When both have said so and
// everything is delivered and acknowledged, the connection ends like after a
// Close with code 0.
type finish struct {
	wanted  bool // Finish was called
	pending bool // the fin frame has to be sent
	acked   bool // the peer has it

	peer     bool   // the peer finished
	peerNext uint64 // and no message from this number on will come
}

// Finish ends the sending side: Send refuses from now on, what is queued is
// delivered, and the peer learns that nothing follows. Receiving goes on. It
// does nothing to a connection that is ending.
func (c *Conn) Finish(now time.Duration) {
	if c.finish.wanted || c.state >= Draining {
		return
	}
	c.finish.wanted, c.finish.pending = true, true
	c.advance(now)
}

// PeerFinishedOn reports whether the peer finished and every message of a channel
// has been taken by ReceiveOn. On all lanes but the first they are here before
// the fin; a message that is whole may still wait for the deadline of one that
// was given up.
func (c *Conn) PeerFinishedOn(channel uint8) bool {
	if !c.finish.peer || c.ReadableOn(channel) || channel == 0 && !c.allReceived() {
		return false
	}
	for _, l := range c.in.timed {
		if l.channel.number == channel && l.earliest != never {
			return false
		}
	}
	return true
}

// PeerFinished is PeerFinishedOn for channel 0.
func (c *Conn) PeerFinished() bool { return c.PeerFinishedOn(0) }

// allReceived reports whether the peer finished and all its messages are here.
func (c *Conn) allReceived() bool {
	return c.finish.peer && c.in.lane(0, proto.ModeOrdered).next == c.finish.peerNext
}

// handleFin takes in that no message from next on will come.
func (c *Conn) handleFin(low uint32) {
	l := c.in.lane(0, proto.ModeOrdered)
	next := c.expand(low, l.next)
	switch f := &c.finish; {
	case f.peer && f.peerNext != next:
		c.violation(CodeViolation, "two different ends of the messages")
	case next < l.beyond:
		c.violation(CodeViolation, "the end of the messages lies before one that came")
	default:
		f.peer, f.peerNext = true, next
	}
}

// finLost notes that a packet with the fin frame was lost.
func (c *Conn) finLost() { c.finish.pending = c.finish.wanted && !c.finish.acked }

// bothFinished reports whether neither side has anything left to say.
func (c *Conn) bothFinished() bool {
	return c.finish.acked && c.out.open == 0 && c.allReceived()
}

// finDue reports whether the fin frame has to be sent now: it names the end of
// lane 0, so nothing may be open on the others.
func (c *Conn) finDue() bool {
	if !c.finish.pending {
		return false
	}
	open := 0
	if l := c.out.find(0, proto.ModeOrdered); l != nil {
		open = l.open
	}
	return c.out.open == open
}
