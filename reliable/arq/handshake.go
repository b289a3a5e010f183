package arq

import (
	"time"

	"udplab/proto"
)

// handshake is the state of becoming a connection (SPEC 5):
//
//	dialer                                  listener
//	  hello, padded to 1200 ───────────────►  keeps nothing
//	  ◄──────────────── retry: a cookie
//	  hello with the cookie ───────────────►  address proven: a connection
//	  ◄──────────────── accept
//	  first data packet ───────────────────►  open
//
// When both dial each other from the sockets they dial to, each hello is also
// the answer to the other's: no cookie is needed, since each side sends to an
// address it chose itself, and there is one connection.
type handshake struct {
	token     []byte
	helloDue  bool
	hellos    int // sent with the present token
	helloAt   time.Duration
	helloSize int // bytes of the last hello
	interval  time.Duration
	retryAt   time.Duration // when a retry last came
	holdUntil time.Duration // no copy of the hello leaves before
	giveUpAt  time.Duration
	// giveUpLast is the time beyond which copies of the hello do not move
	// giveUpAt; 0 on the side that dials.
	giveUpLast time.Duration
	acceptDue  bool
	accepts    int // accepts sent
	acceptAt   time.Duration
	answeredAt time.Duration // when the peer was first told enough to send data
	didAnswer  bool          // it was
}

// dialing reports whether this side began.
func (h *handshake) dialing() bool { return h.giveUpLast == 0 }

// dial makes the connection that asks.
func dial(now time.Duration, config Config, o origin) *Conn {
	c := newConn(now, config, o)
	c.state = Dialing
	c.handshake.helloDue = true
	c.handshake.interval = helloInterval
	c.handshake.giveUpAt = never
	if c.config.HandshakeTimeout > 0 {
		c.handshake.giveUpAt = now + c.config.HandshakeTimeout
	}
	c.timers.set(timerHandshake, min(now+helloInterval, c.handshake.giveUpAt))
	return c
}

// accept makes the connection that answers a hello with a valid cookie.
func accept(now time.Duration, config Config, o origin, h *proto.Hello) *Conn {
	c := newConn(now, config, o)
	c.state = Accepted
	c.agree(h.SourceID, &h.Params)
	c.handshake.giveUpAt = now + acceptTimeout
	c.handshake.giveUpLast = now + maxAcceptTimeout
	c.timers.set(timerHandshake, c.handshake.giveUpAt)
	return c
}

// agree takes over what the peer said about itself.
func (c *Conn) agree(peerID uint64, p *proto.Params) {
	c.peerID = peerID
	c.peerFirst = numberBase + uint64(p.First)
	c.acks.floor = c.peerFirst
	c.in.init(c.peerFirst, uint64(c.config.FirstWindow), uint64(c.config.ReceiveWindow))
	c.out.credit, c.out.firstGrant = p.MaxData, p.MaxData
	c.limitPacketSize(int(p.MaxPacket))
	if theirs := time.Duration(p.IdleMillis) * time.Millisecond; theirs > 0 && (c.idle == 0 || theirs < c.idle) {
		c.idle = theirs
	}
}

// params is what we say about ourselves.
func (c *Conn) params() proto.Params {
	return proto.Params{
		MaxData:    uint64(c.config.FirstWindow),
		MaxPacket:  proto.MaxDatagram,
		IdleMillis: uint32(c.config.IdleTimeout / time.Millisecond),
		First:      c.config.FirstNumber,
	}
}

// handleRetry takes in the cookie that proves our address.
func (c *Conn) handleRetry(now time.Duration, r *proto.Retry) {
	h := &c.handshake
	if c.state != Dialing {
		return
	}
	before := h.retryAt
	h.retryAt = now
	if string(r.Token) == string(h.token) {
		// A copy of the hello from before we had the token was on its way
		// until now, and what was sent since is still behind it. Another copy
		// would only make the queue longer: on a link of 8 kbit/s one takes
		// 1.2 s. So none leaves while such answers come.
		h.holdUntil = now + min(2*(now-before), maxRetryWait)
		c.timers.set(timerHandshake, min(max(c.timers[timerHandshake], h.holdUntil), h.giveUpAt))
		return
	}
	c.sampleHandshake(now)
	h.token = append(h.token[:0], r.Token...)
	h.hellos = 0
	h.helloDue = true
	h.interval = helloInterval
	c.timers.set(timerHandshake, min(max(now+helloInterval, h.holdUntil), h.giveUpAt))
}

// handleAccept takes in the listener's agreement.
func (c *Conn) handleAccept(now time.Duration, a *proto.Accept) {
	if c.state != Dialing && c.state != Accepted || c.peerID != 0 && c.peerID != a.SourceID {
		return // a copy, or not from the peer we agreed with
	}
	if c.peerID == 0 {
		c.sampleHandshake(now)
		c.agree(a.SourceID, &a.Params)
		c.helloAnswered()
	}
	c.handshake.answered(now)
	c.opened()
	c.heard(now)
	c.pingPending = true // something must tell the peer that its accept arrived
}

// handleHello takes in a hello of a peer this connection already belongs to:
// a copy, because our accept was lost, or the other half of a simultaneous
// open.
func (c *Conn) handleHello(now time.Duration, h *proto.Hello) {
	switch c.state {
	case Dialing:
		c.agree(h.SourceID, &h.Params)
		c.state = Accepted
		c.handshake.helloDue = false
		c.timers.set(timerHandshake, min(now+c.handshake.interval, c.handshake.giveUpAt))
	case Accepted:
		// The dialer is still there and has not heard us: on a bad path that
		// may take longer than a peer that went away deserves.
		if !c.handshake.dialing() {
			c.handshake.giveUpAt = min(now+acceptTimeout, c.handshake.giveUpLast)
			c.timers.set(timerHandshake, c.handshake.giveUpAt)
		}
	case Open:
	case Draining, Closing, Lingering, Closed:
		return
	}
	c.handshake.acceptDue = true
	c.heardAt = now
}

// handleVersions takes in that the listener does not speak our version.
func (c *Conn) handleVersions(v *proto.Versions) {
	if c.state != Dialing {
		return
	}
	for _, version := range v.List[:v.Count] {
		if version == proto.Version {
			return // it does: the answer is damaged or forged
		}
	}
	c.end(ErrVersion)
}

// opened marks the handshake as done.
func (c *Conn) opened() {
	if c.state != Dialing && c.state != Accepted {
		return
	}
	c.state = Open
	if c.closing.wanted {
		c.state = Draining
	}
	c.timers.stop(timerHandshake)
	c.handshake.helloDue = false
}

// answered notes that the peer has enough to send data. Where both dialed that
// is so by whichever of the two dials was answered first.
func (h *handshake) answered(now time.Duration) {
	if !h.didAnswer {
		h.didAnswer, h.answeredAt = true, now
	}
}

// sampleHandshake measures the round trip of a hello that was sent only once,
// so that it is known which one was answered (Karn's rule).
func (c *Conn) sampleHandshake(now time.Duration) {
	if c.handshake.hellos == 1 {
		c.rtt.sample(now-c.handshake.helloAt, 0)
	}
}

// sampleAccept measures the round trip of an accept that was sent only once:
// the dialer answers it at once.
func (c *Conn) sampleAccept(now time.Duration) {
	if c.handshake.accepts == 1 && !c.rtt.sampled {
		c.rtt.sample(now-c.handshake.acceptAt, 0)
	}
}

// handshakeExpired sends the hello again, or gives up.
func (c *Conn) handshakeExpired(now time.Duration) {
	h := &c.handshake
	if now >= h.giveUpAt {
		c.end(ErrHandshakeTimeout)
		return
	}
	h.interval = min(2*h.interval, maxHelloInterval)
	h.helloDue = true
	c.timers.set(timerHandshake, min(now+h.interval, h.giveUpAt))
}

// appendHandshake appends the hello or accept that is due.
func (c *Conn) appendHandshake(now time.Duration, dst []byte) []byte {
	h := &c.handshake
	switch {
	case h.helloDue:
		h.helloDue = false
		h.helloSize = c.helloSize()
		h.hellos++
		h.helloAt = now
		return proto.AppendHello(dst, &proto.Hello{
			Version: proto.Version, SourceID: c.localID, Token: h.token, Params: c.params(),
		}, h.helloSize)
	case h.acceptDue:
		h.acceptDue = false
		h.accepts++
		h.acceptAt = now
		h.answered(now)
		return proto.AppendAccept(dst, &proto.Accept{DestID: c.peerID, SourceID: c.localID, Params: c.params()})
	}
	return dst
}
