package arq

import (
	"net/netip"
	"time"

	"udplab/proto"
)

// closing is the state of ending a connection (SPEC 7.6). The one who closes
// first delivers what is queued, then says close until it is answered; the
// other answers each close it hears with one of its own.
type closing struct {
	wanted   bool // Close was called before the connection was open
	code     uint32
	reason   string
	pending  bool // a close frame has to be sent
	attempts int  // closes sent without an answer

	// A peer that moves while the connection ends is answered where it is, and
	// its packets there pay for that. The address is not validated: nothing but
	// these answers will ever go there (RFC 9000 section 10.2.1 leaves it at a
	// limit of three times the bytes that came).
	elsewhere netip.AddrPort
	credit    int  // bytes that came from elsewhere and were not answered
	answerDue bool // a close has to be sent to elsewhere
}

// closeRoom is more than a close needs besides its reason.
const closeRoom = 48

// maxCloseWait caps the doubling wait for the answer to a close.
const maxCloseWait = 2 * time.Second

// arrived notes a data packet that came when nothing but closing is left to
// do. To an address that was never validated no more is sent than came from it
// (RFC 9000 section 8.1 allows three times as much).
func (k *closing) arrived(a arrival, peer netip.AddrPort) {
	if a.from == peer {
		return
	}
	if a.from != k.elsewhere {
		k.elsewhere, k.credit = a.from, 0
	}
	k.credit += a.size
	if need := closeRoom + len(k.reason); k.credit >= need {
		k.credit -= need
		k.answerDue = true
	}
}

// Close ends the connection in order: no message is taken any more, those
// already queued are delivered, then the peer is told. It does nothing to a
// connection that is already ending. reason is cut to proto.MaxReason bytes.
func (c *Conn) Close(now time.Duration, code uint32, reason string) {
	switch c.state {
	case Dialing:
		c.setCloseReason(code, reason)
		c.end(ErrClosed)
		return
	case Accepted:
		// Nothing may be sent before the peer has shown that it means this
		// connection: it may have been restarted since.
		if !c.closing.wanted {
			c.setCloseReason(code, reason)
			c.closing.wanted = true
		}
		return
	case Open:
		c.setCloseReason(code, reason)
		c.state = Draining
	case Draining, Closing, Lingering, Closed:
		return
	}
	c.timers.stop(timerKeepAlive)
	c.advance(now)
}

// Abort ends the connection at once. Messages not yet acknowledged are given
// up; the peer is told once, with a packet that AppendPacket still gives.
func (c *Conn) Abort(code uint32, reason string) {
	if c.state == Closed {
		return
	}
	tell := c.peerID != 0 && c.state != Lingering
	c.setCloseReason(code, reason)
	c.end(ErrClosed)
	c.closing.pending = tell
}

func (c *Conn) setCloseReason(code uint32, reason string) {
	c.closing.code = code
	c.closing.reason = reason[:min(len(reason), proto.MaxReason)]
	for !validUTF8(c.closing.reason) { // a character was cut
		c.closing.reason = c.closing.reason[:len(c.closing.reason)-1]
	}
}

// idleExpired ends the connection because nothing came from the peer. If it
// owes an answer it may hear us all the same, on a path that is dark in one
// direction, and would wait as long again without being told. In silence it is
// as quiet as we are (RFC 9000 section 10.1: "silently closed").
func (c *Conn) idleExpired() {
	owed := c.recovery.inFlight > 0
	c.Abort(CodeAborted, "nothing was heard for the idle timeout")
	c.err = ErrIdleTimeout
	c.closing.pending = owed
}

// stallExpired ends the connection because the peer takes nothing.
func (c *Conn) stallExpired() {
	c.Abort(CodeAborted, "no message was read for too long")
	c.err = ErrStalled
}

// violation ends the connection because the peer broke the protocol.
func (c *Conn) violation(code uint32, what string) {
	c.Abort(code, what)
	c.err = &ProtocolError{Code: code, What: what}
}

// startClosing says close for the first time.
func (c *Conn) startClosing() {
	c.state = Closing
	c.stopData()
	c.closing.pending = true
}

// handleClose takes in the peer's close.
func (c *Conn) handleClose(now time.Duration, f *proto.Close) {
	switch c.state {
	case Closing:
		// The answer to ours, or both closed at once. If the peer has not
		// heard ours, its next close meets a connection unknown here, and the
		// reset it gets ends its wait.
		c.end(ErrClosed)
	case Open, Draining:
		c.failPending()
		c.stopData()
		c.err = &PeerError{Code: f.Code, Reason: string(f.Reason)}
		c.state = Lingering
		c.closing.pending = true
		c.timers.set(timerClose, now+3*c.probeTimeout())
	case Dialing, Accepted, Lingering, Closed:
	}
}

// handleReset takes in that the peer does not know the connection.
func (c *Conn) handleReset() {
	switch c.state {
	case Closing, Lingering: // it has forgotten what we both gave up
		c.end(ErrClosed)
	case Accepted, Open, Draining:
		c.end(ErrPeerReset)
	case Dialing, Closed:
	}
}

// closeExpired repeats our close, or ends the wait.
func (c *Conn) closeExpired(now time.Duration) {
	if c.state == Lingering || c.closing.attempts >= closeAttempts {
		c.end(ErrClosed)
		return
	}
	c.closing.pending = true
}

// closeSent arms the wait for the answer, doubling it each time.
func (c *Conn) closeSent(now time.Duration) {
	c.closing.pending = false
	if c.state == Closing {
		wait := c.probeTimeout()
		wait = min(wait<<min(c.closing.attempts, 4), max(wait, maxCloseWait))
		c.timers.set(timerClose, now+wait)
		c.closing.attempts++
	}
}

// stopData silences everything that is about data. What is whole stays readable.
func (c *Conn) stopData() {
	for _, t := range []timer{timerLoss, timerProbe, timerAck, timerPace, timerIdle, timerKeepAlive, timerStall, timerRest, timerPath, timerPacketSize, timerRepeat, timerLapse} {
		c.timers.stop(t)
	}
	c.in.abandon()
}

// end is the last transition. The first reason given stays.
func (c *Conn) end(err error) {
	c.failPending()
	c.in.abandon()
	if c.err == nil {
		c.err = err
	}
	c.state = Closed
	c.timers.init()
}

// failPending gives up the messages not yet acknowledged and says so.
func (c *Conn) failPending() {
	c.out.fail(func(l *sendLane, seq uint64, m *outMessage) { c.receipt(l, seq, m, Failed) })
	c.recovery.inFlight = 0
}

// sendError is why Send refuses.
func (c *Conn) sendError() error {
	if err := c.Err(); err != nil || !c.finish.wanted {
		return err
	}
	return ErrFinished
}
