package arq

import (
	"net/netip"
	"time"

	"udplab/reliable/congestion"
)

// Conn is one end of a connection. See the package documentation for how it
// must be driven. It is not safe for concurrent use, and its zero value is not
// usable: an Endpoint makes connections.
//
// Its methods are of four kinds. Inputs change the state and carry the time:
// Handle, HandleTimeout, Send, Receive, Close, Abort. Outputs are drained
// after every input: AppendPacket until it gives nothing more, then
// NextTimeout once. Deliveries are taken when wanted: Receive, Receipt.
// Queries change nothing: State, Err, Stats, Readable, CanSend.
type Conn struct {
	// Tag is the driver's; the connection never looks at it.
	Tag any

	config  Config
	random  func() uint64 // the endpoint's
	state   State
	err     error
	localID uint64         // what the peer writes into its packets to us
	knownAt netip.AddrPort // the peer's address in the endpoint's tables; the endpoint's
	peerID  uint64         // what we write into ours; 0 until known

	handshake  handshake
	nextNumber uint64 // packet number of the next data packet
	peerFirst  uint64 // the peer's first packet number
	maxPacket  int    // largest datagram we send now
	idle       time.Duration

	sent       sent
	skips      skips
	recovery   recovery
	reordering reordering
	sampler    congestion.Sampler
	frequency  frequency
	jitter     jitter
	rtt        rtt
	congestion congestion.Controller
	pacer      pacer
	path       path
	pmtu       pmtu
	ecn        ecn
	arrival    arrival // of the packet in hand
	acks       acks
	out        outgoing
	in         incoming
	closing    closing
	finish     finish
	redundancy redundancy
	urgency    urgency
	limits     limits
	timers     timers
	receipts   []Receipt

	deliveryRate float64 // bytes per second, by the newest sample

	heardAt     time.Duration // when a packet last came from the peer
	asked       bool          // something that asks for an answer was sent since
	timeHeard   bool          // the peer has a packet that says when it was sent
	pingPending bool
	stats       Stats
}

// State is where a connection is in its life.
//
//	Dialing ──accept/hello──► Open ──Close──► Draining ──all acked──► Closing ──answered──► Closed
//	Accepted ──first packet──► Open ──close from the peer──────────► Lingering ──timer────► Closed
//	(Draining if Close was called meanwhile)
//	any ──timeout, reset, Abort──► Closed
type State uint8

const (
	// Dialing: hellos go out, nothing was agreed.
	Dialing State = iota
	// Accepted: our accept is on its way, the peer's first packet is not here.
	Accepted
	// Open: messages flow.
	Open
	// Draining: Close was called; what was queued is still being delivered.
	Draining
	// Closing: our close is on its way, the answer is not here.
	Closing
	// Lingering: the peer closed; its close is answered for a while.
	Lingering
	// Closed: nothing is sent or expected any more.
	Closed
)

var stateNames = [...]string{"dialing", "accepted", "open", "draining", "closing", "lingering", "closed"}

func (s State) String() string { return stateNames[s] }

// State returns where the connection is in its life.
func (c *Conn) State() State { return c.state }

// LocalID returns the connection id this side chose.
func (c *Conn) LocalID() uint64 { return c.localID }

// PeerID returns the connection id the peer chose, 0 while unknown.
func (c *Conn) PeerID() uint64 { return c.peerID }

// Err returns why the connection takes no more messages: nil while it does,
// ErrClosed after Close, and otherwise what ended it.
func (c *Conn) Err() error {
	if c.err == nil && (c.state >= Draining || c.closing.wanted) {
		return ErrClosed
	}
	return c.err
}

// Stats returns a snapshot of the counters and gauges.
func (c *Conn) Stats() Stats {
	s := c.stats
	s.SmoothedRTT, s.RTTVar, s.MinRTT, s.LatestRTT = c.rtt.smoothed, c.rtt.variance, c.rtt.min, c.rtt.latest
	s.Jitter = time.Duration(c.jitter.smoothed)
	s.ReorderingWindow = c.reordering.window
	s.PacingRate = int(c.congestion.PacingRate())
	s.PacketSize = c.maxPacket
	t := &c.limits.times
	s.TimeApplicationLimited, s.TimeFlowLimited = t[limitApplication], t[limitFlow]
	s.TimeCongestionLimited, s.TimePacingLimited = t[limitCongestion], t[limitPacing]
	s.QueueingDelay = max(c.rtt.smoothed-c.rtt.min, 0)
	s.DeliveryRate = int(c.deliveryRate)
	s.ReorderingExtent = c.acks.extent
	s.LossRate = c.redundancy.loss.rate
	s.CongestionWindow = c.congestion.Window()
	s.BytesInFlight = c.recovery.inFlight
	s.SendQueueBytes = c.out.bytes
	s.ReceiveBytes = c.in.held
	for _, l := range c.in.lanes {
		s.MessagesDropped += l.overrun
		s.MessagesPassedOver += l.lapsed
	}
	return s
}

// numberBase keeps 64-bit numbers away from zero, so that the arithmetic of
// expanding and of thresholds never goes below it.
const numberBase = 1 << 32

// origin is what a connection gets from its endpoint.
type origin struct {
	localID uint64
	peer    netip.AddrPort
	random  func() uint64
}

func newConn(now time.Duration, config Config, o origin) *Conn {
	c := &Conn{config: config.withDefaults(), random: o.random, localID: o.localID, knownAt: o.peer, heardAt: now}
	c.path.peer = o.peer
	c.timers.init()
	c.nextNumber = c.firstNumber()
	c.sent.packets.start(c.nextNumber)
	c.out.first, c.out.buffers = c.nextNumber, c.config.Buffers
	c.in.buffers = c.config.Buffers
	c.idle = c.config.IdleTimeout
	c.startPacketSize()
	c.drawSkip()
	return c
}

// heard notes that the peer is alive.
func (c *Conn) heard(now time.Duration) {
	c.heardAt, c.asked = now, false
	if c.idle > 0 {
		c.timers.set(timerIdle, now+c.idle)
	}
	if c.config.KeepAlive > 0 && c.state == Open {
		c.timers.set(timerKeepAlive, now+c.config.KeepAlive)
	}
}

// HandleTimeout takes in that the time returned by NextTimeout has come.
func (c *Conn) HandleTimeout(now time.Duration) {
	for c.state != Closed {
		which, ok := c.timers.takeExpired(now)
		if !ok {
			break
		}
		switch which {
		case timerHandshake:
			c.handshakeExpired(now)
		case timerLoss:
			c.detectLoss(now, congestion.RTT{Smoothed: c.rtt.smoothed, Min: c.rtt.min})
			c.setRecoveryTimers()
		case timerProbe:
			c.probeExpired()
		case timerAck:
			c.acks.immediate = true
		case timerPace, timerRepeat: // AppendPacket looks at what may leave
		case timerIdle:
			c.idleExpired()
		case timerKeepAlive:
			c.pingPending = true // the answer arms the timer again
		case timerStall:
			c.stallExpired()
		case timerRest:
			c.restExpired(now)
		case timerPath:
			c.pathExpired(now)
		case timerPacketSize:
			c.packetSizeExpired(now)
		case timerLapse: // advance looks at what has lapsed
		case timerClose:
			c.closeExpired(now)
		default:
			panic("BUG: timer " + which.String())
		}
	}
	c.advance(now)
}

// NextTimeout returns when HandleTimeout wants to be called, if ever.
func (c *Conn) NextTimeout() (time.Duration, bool) { return c.timers.next() }

// advance settles what follows from an input, whichever it was.
func (c *Conn) advance(now time.Duration) {
	c.lapse(now)
	if c.state == Draining && c.out.open == 0 {
		c.startClosing()
	}
	if c.state == Open && c.bothFinished() {
		c.startClosing()
	}
	if c.acks.due() && !c.acks.immediate && !c.timers.isSet(timerAck) && c.state < Closing {
		c.timers.set(timerAck, now+c.acks.delay(c.rtt.ackDelay()))
	}
	c.awaitRest(now)
	c.armLapse()
	c.awaitCredit(now)
}

// awaitCredit arms the timers of a sender that waits for a peer that is slow to
// read.
func (c *Conn) awaitCredit(now time.Duration) {
	if c.state >= Closing || !c.out.flowBlocked() {
		c.timers.stop(timerStall)
		if c.config.KeepAlive == 0 {
			c.timers.stop(timerKeepAlive)
		}
		return
	}
	if c.idle > 0 && !c.timers.isSet(timerKeepAlive) {
		// Such a peer is not dead. Credit is repeated until it is
		// acknowledged, so this only keeps both idle timers from ending the
		// wait (RFC 9000 section 10.1.2).
		c.timers.set(timerKeepAlive, now+c.idle/4)
	}
	if c.config.StallTimeout > 0 && !c.timers.isSet(timerStall) {
		c.timers.set(timerStall, now+c.config.StallTimeout)
	}
}
