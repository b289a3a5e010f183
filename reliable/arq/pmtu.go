package arq

import (
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// pmtu finds how large a datagram the path carries (DPLPMTUD, RFC 8899). Every
// path carries basePacket: the hello proved it. Beyond that it asks, with
// probes that carry nothing and whose loss means nothing to anyone else:
//
//	resting ──use for more, or searchRest──► searching ──nothing left to ask──► found
//	                                           ▲  ▲                               │
//	                                           │  └─────────raiseInterval─────────┤
//	                                           └── large packets are lost, small ones arrive: basePacket again
type pmtu struct {
	limit  int // never ask for more: ours or the peer's
	failed int // the smallest size known not to pass; above limit if none is
	first  int // the size to ask for first, 0 = the usual one

	probing  int    // size of the probe on its way, 0 = none
	number   uint64 // its packet number
	attempts int    // probes of this size that were lost
	rested   bool   // the search need not wait for anything
	searched bool   // nothing is left to ask
	raiseAt  time.Duration

	// What black-hole detection knows of packets above basePacket.
	lost       congestion.Spurious // declared lost since one was acknowledged
	newestLost uint64              // the newest of them
	fits       bool                // one that is newer and not above basePacket was acknowledged

	// The losses by which a black hole was found, and the number of the first
	// packet after that. Whether it was one, probes of the size at fault tell.
	hole    congestion.Spurious
	holeEnd uint64
}

const (
	// basePacket is BASE_PLPMTU (RFC 8899 section 5.1.2).
	basePacket = proto.MinHello
	// usualPacket is asked for first: what IPv6 over PPPoE or a tunnel on
	// Ethernet leaves, so nearly every path of today carries it.
	usualPacket = 1452
	// maxProbes is MAX_PROBES.
	maxProbes = 3
	// searchStep is where the search ends: what it could still gain is less
	// than 1.4 % of a packet.
	searchStep = 20
	// packetsPerWindow is how many packets a congestion window should hold: on
	// a slow link jumbo packets would only wait for each other, and the loss
	// of one would be much.
	packetsPerWindow = 8
	// raiseInterval is PMTU_RAISE_TIMER; after a black hole it is
	// blackHoleCooldown.
	raiseInterval     = 600 * time.Second
	blackHoleCooldown = 60 * time.Second
	// searchRest is how long a connection that has no use for larger packets
	// does not ask. Half of the packets of one that was opened for a message or
	// two were probes and the acks of them.
	searchRest = time.Second
	// blackHoleLosses is how many large packets in a row must be lost, and none
	// arrive, before that is taken for a black hole.
	blackHoleLosses = 6
)

// packetSizes are what links of today carry, as payload of UDP: IPv6's least,
// tunnels, PPPoE, Ethernet over IPv6 and IPv4, jumbo frames, loopback.
var packetSizes = [...]int{1280, 1380, 1420, 1452, 1472, 1492, 4052, 8952, 8972, 16384, 32768, proto.MaxDatagram}

// begin starts a search above size.
func (m *pmtu) begin(first int) {
	*m = pmtu{limit: m.limit, failed: m.limit + 1, first: first, rested: m.rested}
}

// next is the size to ask for when size is known to pass, 0 if nothing is left
// to ask.
func (m *pmtu) next(size int) int {
	switch {
	case m.failed-size <= searchStep && m.failed <= m.limit || size >= m.limit:
		return 0
	case m.first > size && m.first < m.failed:
		return m.first
	case m.failed > m.limit: // nothing failed yet: up the ladder
		for _, s := range packetSizes {
			if s > size && (s >= usualPacket || size > basePacket) {
				return min(s, m.limit)
			}
		}
		return m.limit
	}
	// In between: the middle rung, or the middle where there is none.
	low, high := rungsBelow(size+1), rungsBelow(m.failed)
	if low < high {
		return packetSizes[(low+high)/2]
	}
	return (size + m.failed) / 2
}

// rungsBelow is how many of packetSizes are smaller than size.
func rungsBelow(size int) (n int) {
	for n < len(packetSizes) && packetSizes[n] < size {
		n++
	}
	return n
}

// startPacketSize sets the size a connection begins with.
func (c *Conn) startPacketSize() {
	c.maxPacket = basePacket
	c.pmtu.limit = c.config.MaxPacket
	if c.config.FixedPacket > 0 {
		c.maxPacket = c.config.FixedPacket
		c.pmtu.limit = c.config.FixedPacket
	}
	c.pmtu.begin(0)
	c.newController()
}

// limitPacketSize takes in what the peer accepts.
func (c *Conn) limitPacketSize(most int) {
	c.pmtu.limit = min(c.pmtu.limit, most)
	c.pmtu.begin(0)
	if c.maxPacket > most {
		c.maxPacket = most
		c.newController()
	}
}

// restartPacketSize begins anew on another path.
func (c *Conn) restartPacketSize() {
	c.timers.stop(timerPacketSize)
	if c.config.FixedPacket > 0 {
		return
	}
	c.pmtu.begin(0)
	c.setPacketSize(basePacket)
}

// setPacketSize has packets of another size sent from now on.
func (c *Conn) setPacketSize(size int) {
	c.maxPacket = size
	if r, ok := c.congestion.(congestion.Resizer); ok {
		r.SetMaxPacket(size)
	}
}

// packetLimit is how large a packet may be now. A window that shrank below two
// of the size the path carries gets smaller ones, or nothing could leave.
func (c *Conn) packetLimit() int {
	if c.maxPacket == basePacket || c.config.FixedPacket > 0 {
		return c.maxPacket
	}
	return min(c.maxPacket, max(c.congestion.Window()/2, basePacket))
}

// newController makes the congestion controller of a path.
func (c *Conn) newController() {
	c.congestion = c.config.Congestion(congestion.Config{MaxPacket: c.maxPacket, Seed: c.localID})
}

// helloSize is how large the hello that is due is made. The first that brings a
// cookie asks the path for the usual size on its way; if it is not answered,
// the next has the size that always passes.
func (c *Conn) helloSize() int {
	h := &c.handshake
	if len(h.token) == 0 || h.hellos > 0 || c.config.FixedPacket > 0 {
		return proto.MinHello
	}
	return min(usualPacket, c.pmtu.limit)
}

// helloAnswered learns from the answer to a hello that was sent only once.
func (c *Conn) helloAnswered() {
	if size := c.handshake.helloSize; c.handshake.hellos == 1 && size > c.maxPacket && size <= c.pmtu.limit {
		c.setPacketSize(size)
	}
}

// appendProbe appends the next probe of the path's packet size, if one is due
// and the congestion window is large enough for packets of that size.
func (c *Conn) appendProbe(now time.Duration, dst []byte) []byte {
	m := &c.pmtu
	if c.state != Open || m.probing > 0 || m.searched && (now < m.raiseAt || !c.hasData()) {
		return dst
	}
	if m.searched {
		m.begin(0)
	}
	size := m.next(c.maxPacket)
	if size == 0 {
		m.searched = true
		if m.raiseAt <= now { // otherwise a black hole has set it
			m.raiseAt = now + raiseInterval
		}
		return dst
	}
	if !c.mayProbe(now) || size > c.windowRoom() || size > c.congestion.Window()/packetsPerWindow {
		return dst
	}
	b := proto.BeginData(dst, c.peerID, uint32(c.nextNumber))
	b.AddPing()
	b.AddPadding(size - b.Len())
	m.probing, m.number = size, c.nextNumber
	c.numbered(now, &sentPacket{at: now, size: int32(size)})
	c.retire(now)
	c.pacer.sent(size)
	c.stats.SizeProbesSent++
	c.timers.set(timerPacketSize, now+c.probeTimeout())
	return b.Finish()
}

// mayProbe reports whether the search is on: from the moment on at which more
// waits than a packet holds, and at last after searchRest.
func (c *Conn) mayProbe(now time.Duration) bool {
	m := &c.pmtu
	if !m.rested && c.out.bytes > c.maxPacket {
		m.rested = true
		c.timers.stop(timerPacketSize)
	}
	if !m.rested && !c.timers.isSet(timerPacketSize) {
		c.timers.set(timerPacketSize, now+searchRest)
	}
	return m.rested
}

// packetSizeExpired takes in that the probe was not acknowledged, or that there
// was rest enough.
func (c *Conn) packetSizeExpired(now time.Duration) {
	m := &c.pmtu
	if !m.rested {
		m.rested = true
		return
	}
	c.stats.SizeProbesLost++
	m.attempts++
	if m.attempts >= maxProbes {
		if m.probing == m.first && m.hole.Packets > 0 {
			// It was their size that packets were lost for, and no congestion.
			c.congestion.Spurious(now, m.hole)
			m.hole = congestion.Spurious{}
		}
		m.failed = m.probing
		m.attempts, m.first = 0, 0
	}
	m.probing = 0
}

// sizeAcked looks for the probe in an ack frame, and for black holes in what
// the acks and losses so far say.
func (c *Conn) sizeAcked(now time.Duration, f *proto.Ack) {
	m := &c.pmtu
	if m.probing > 0 && covers(f, uint32(m.number)) {
		size := m.probing
		m.probing, m.attempts, m.hole = 0, 0, congestion.Spurious{}
		c.timers.stop(timerPacketSize)
		if size > c.maxPacket {
			c.setPacketSize(size)
		}
	}
	if c.maxPacket > basePacket && m.lost.Packets >= blackHoleLosses && m.fits && c.config.FixedPacket == 0 {
		c.blackHole(now)
	}
}

// blackHole goes back to what always passes (RFC 8899 section 4.3). That the
// size is at fault is only likely: the first question is whether it still
// passes. If not, the controller is told that what was lost for it was lost for
// nothing else.
func (c *Conn) blackHole(now time.Duration) {
	size, lost := c.maxPacket, c.pmtu.lost
	c.stats.BlackHoles++
	c.timers.stop(timerPacketSize)
	c.pmtu.begin(size)
	c.pmtu.hole, c.pmtu.holeEnd = lost, c.nextNumber
	c.pmtu.raiseAt = now + blackHoleCooldown
	c.setPacketSize(basePacket)
}

// covers reports whether an ack frame acknowledges a packet number.
func covers(f *proto.Ack, number uint32) bool {
	below := f.Largest - number // how far below largest it lies
	top := uint32(0)
	for _, r := range f.Ranges[:f.N] {
		top += r.Gap
		if below-top < r.Count {
			return true
		}
		top += r.Count
	}
	return false
}

// packetArrived and packetLost tell of data packets, for black-hole detection.
func (m *pmtu) packetArrived(number uint64, size int) {
	switch {
	case size > basePacket:
		m.lost, m.fits = congestion.Spurious{}, false
	case m.lost.Packets > 0 && number > m.newestLost:
		m.fits = true
	}
}

func (m *pmtu) packetLost(number uint64, p *sentPacket) {
	if p.size <= basePacket || m.inHole(number, p) {
		return
	}
	m.newestLost = max(m.newestLost, number)
	m.lost.Packets++
	m.lost.Bytes += int(p.size)
	m.lost.SentAt = max(m.lost.SentAt, p.at)
}

// inHole reports whether a packet left before the black hole was found, and was
// too large for it. The controller has answered to the first of these: the
// rest is not told.
func (m *pmtu) inHole(number uint64, p *sentPacket) bool {
	return number < m.holeEnd && p.size > basePacket
}
