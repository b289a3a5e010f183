package arq

import (
	"time"

	"udplab/proto"
)

// maxAhead bounds how far ahead of the next message a sequence number may be.
// Credit bounds the messages held (each costs messageCost); this bounds the
// number space, so that expanding 32 bits to 64 is never ambiguous.
const maxAhead = 1 << 30

// recvQueue puts the peer's messages back together and in order.
type recvQueue struct {
	next    uint64                 // sequence number of the next message to become ready
	beyond  uint64                 // one above the largest sequence number seen
	pending map[uint64]*reassembly // messages at or after next, in parts or out of order
	ready   ring[[]byte]           // in order, for the application
	held    int                    // payload bytes in pending and ready

	charged      uint64 // credit the peer used up (SPEC 6.1)
	released     uint64 // credit given back by what the application read
	limit        uint64 // credit announced
	confirmed    uint64 // credit the peer is known to know of
	window       uint64
	grantPending bool // limit has to be announced
}

func (q *recvQueue) init(first uint64, window int) {
	q.next, q.beyond = first, first
	q.window = uint64(window)
	q.limit = q.window
	q.pending = make(map[uint64]*reassembly)
}

// handleMessage takes in a message frame.
func (c *Conn) handleMessage(m *proto.Message) {
	q := &c.in
	seq := c.expand(m.Seq, q.next)
	if seq < q.next {
		return // delivered before
	}
	if seq-q.next >= maxAhead {
		c.violation(CodeViolation, "message sequence number far ahead")
		return
	}
	if int64(m.Size) > int64(c.config.MaxMessage) {
		c.violation(CodeMessageTooBig, "message larger than this side accepts")
		return
	}
	if c.finish.peer && seq >= c.finish.peerNext {
		c.violation(CodeViolation, "a message after the end of the messages")
		return
	}
	q.beyond = max(q.beyond, seq+1)
	r := q.pending[seq]
	if r == nil {
		r = &reassembly{size: uint64(m.Size)}
		q.pending[seq] = r
		q.charged += messageCost
	}
	if r.size != uint64(m.Size) {
		c.violation(CodeViolation, "fragments of one message disagree about its size")
		return
	}
	added := r.add(uint64(m.Offset), m.Payload)
	q.charged += added
	q.held += int(added)
	if q.charged > q.limit {
		c.violation(CodeFlowControl, "more data than the credit allows")
		return
	}
	if len(r.ahead) > maxGaps {
		c.violation(CodeViolation, "too many gaps in one message")
		return
	}
	q.advance()
	q.grant()
}

// advance moves complete messages, in order, to the application's queue.
func (q *recvQueue) advance() {
	for {
		r := q.pending[q.next]
		if r == nil || !r.complete() {
			return
		}
		delete(q.pending, q.next)
		q.next++
		q.ready.push(r.start)
	}
}

// grant raises the credit once a quarter of the window was used up and given
// back. The bytes of the message at the head of the line count as given back:
// it can't be read before it is whole, and it may be larger than the window.
func (q *recvQueue) grant() {
	limit := q.released + q.window
	if head := q.pending[q.next]; head != nil {
		limit += messageCost + head.received
	}
	if limit >= q.limit+q.window/4 {
		q.limit = limit
		q.grantPending = true
	}
}

// Receive returns the next message in order, which the caller then owns.
func (c *Conn) Receive(now time.Duration) ([]byte, bool) {
	if c.in.ready.len() == 0 {
		return nil, false
	}
	msg := *c.in.ready.at(c.in.ready.first())
	c.in.ready.popFront(1)
	c.in.held -= len(msg)
	c.in.released += messageCost + uint64(len(msg))
	c.in.grant()
	c.stats.MessagesReceived++
	c.stats.MessageBytesReceived += uint64(len(msg))
	c.advance(now)
	return msg, true
}

// Readable reports whether Receive has a message.
func (c *Conn) Readable() bool { return c.in.ready.len() > 0 }

// restSilence is how long a receiver that knows of something missing lets the
// peer be silent: the peer's first probes would have come by then.
func (c *Conn) restSilence() time.Duration { return max(3*c.probeTimeout(), minRestSilence) }

const minRestSilence = 250 * time.Millisecond

// awaitRest arms the timer that asks where the rest of a message is, unless it
// is our credit that the peer waits for. The peer may be sending it to an address we had before: a router on the way gave us
// another one, and only a packet of ours can tell the peer.
func (c *Conn) awaitRest(now time.Duration) {
	switch {
	case len(c.in.pending) == 0 || c.in.limit-c.in.charged < crumb || c.state != Open && c.state != Draining:
		c.timers.stop(timerRest)
	case !c.timers.isSet(timerRest):
		at := c.heardAt + c.restSilence()
		if at <= now { // asked, and not answered
			at = now + c.restSilence()
		}
		c.timers.set(timerRest, at)
	}
}

// restExpired pings if nothing was heard meanwhile. If the ping is not answered
// the probe timer repeats it.
func (c *Conn) restExpired(now time.Duration) {
	if now-c.heardAt >= c.restSilence() && c.recovery.inFlight == 0 {
		c.pingPending = true
	}
}
