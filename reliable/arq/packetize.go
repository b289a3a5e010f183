package arq

import (
	"net/netip"
	"time"
	"unicode/utf8"

	"udplab/proto"
	"udplab/reliable/congestion"
)

func validUTF8(s string) bool { return utf8.ValidString(s) }

// AppendPacket appends the next datagram to send to dst, and returns where it
// goes to and whether there was one. Callers drain it after every input. It
// never appends more than Config.MaxPacket bytes.
func (c *Conn) AppendPacket(now time.Duration, dst []byte) (datagram []byte, to netip.AddrPort, ok bool) {
	before := len(dst)
	to = c.path.peer
	switch c.state {
	case Dialing:
		dst = c.appendHandshake(now, dst)
	case Accepted:
		dst = c.appendHandshake(now, dst)
	case Open, Draining:
		dst = c.appendHandshake(now, dst)
		if len(dst) == before {
			dst, to = c.appendPath(now, dst)
		}
		if len(dst) == before {
			to = c.path.peer
			dst = c.appendProbe(now, dst)
		}
		if len(dst) == before {
			dst = c.appendData(now, dst)
		}
	case Closing, Lingering, Closed:
		dst = c.appendClose(now, dst)
		if len(dst) == before && c.closing.answerDue && c.state != Closed {
			c.closing.answerDue = false
			to = c.closing.elsewhere
			dst = c.appendCloseFrame(now, dst, false)
		}
	}
	if len(dst) == before {
		return dst, to, false
	}
	c.stats.PacketsSent++
	c.stats.BytesSent += uint64(len(dst) - before)
	return dst, to, true
}

// appendData appends a data packet: an ack if one is owed, credit, and as
// many message bytes as window, pacer and credit let go.
func (c *Conn) appendData(now time.Duration, dst []byte) []byte {
	n := c.nextUp()
	data := c.mayElicit(now, n)
	if !data && !c.acks.immediate {
		if n.lane == nil && n.room > 0 {
			c.sampler.AppLimited(c.recovery.inFlight)
		}
		return dst
	}
	b := proto.BeginData(dst, c.peerID, uint32(c.nextNumber))
	p := sentPacket{at: now, marked: c.ECN() != NotECT, moreWaited: n.lane != nil}
	if !c.timeHeard && c.nextNumber-c.firstNumber() < firstTimes {
		c.addTime(now, &b, &p)
	}
	bare := b.Frames()
	if c.acks.any && (c.acks.immediate || c.acks.due()) {
		c.addAck(now, &b, &p, basePacket)
	}
	if data {
		c.fill(now, &b, &p, n)
	}
	if b.Frames() == bare {
		return dst
	}
	before := len(dst)
	dst = b.Finish()
	p.size = int32(len(dst) - before)
	c.packetSent(now, &p)
	if data && c.urgency.now {
		c.urgency.bytes += int(p.size)
		c.stats.PacketsAhead++
	}
	c.copyRepairs(&p)
	return dst
}

// nextUp is what holds until the packet in hand is made: looked up once, for it
// is asked for again and again.
type nextUp struct {
	lane  *sendLane // whose bytes go next; nil if none may
	size  int       // of the packet that would carry its next piece whole, as far as one packet can
	limit int       // size of a full packet
	room  int       // bytes that the congestion window lets go
}

func (c *Conn) nextUp() nextUp {
	n := nextUp{lane: c.nextLane(), limit: c.packetLimit(), room: c.windowRoom()}
	n.size = maxHeaders
	if n.lane != nil {
		n.size += n.lane.upcoming()
	}
	n.size = min(n.size, n.limit)
	return n
}

// maxHeaders is more than a packet needs around the payload of one frame when
// it carries no ack: an ack only leaves less room for payload.
const maxHeaders = 64

// mayElicit reports whether an ack-eliciting packet may leave now, and arms
// the pacer's timer when only the pacer keeps it back.
func (c *Conn) mayElicit(now time.Duration, n nextUp) bool {
	c.timers.stop(timerPace)
	c.urgency.now = false
	owed, repeats := c.pingPending || c.owes(), c.repeatsDue(now)
	if !owed && !repeats && n.lane == nil {
		if c.out.flowBlocked() {
			c.limits.note(now, limitFlow)
		} else {
			c.limits.note(now, limitApplication)
		}
		return false
	}
	if c.recovery.probes > 0 || owed {
		return true // small and rare, or owed to the peer: not held back
	}
	urgent := c.noteUrgency(now, n.lane)
	if n.room >= n.size {
		// The byte more is what is left of a quantum when its packets are full:
		// another goes with them, as where they lack a few bytes.
		burst := c.packetsInARow(now)*n.limit + 1
		c.pacer.advance(now, c.congestion.PacingRate(), burst, c.config.PacingQuantum)
		wait := c.pacer.wait()
		if wait == 0 {
			c.urgency.bytes = 0
			return true
		}
		c.timers.set(timerPace, now+wait)
		c.limits.note(now, limitPacing)
	} else {
		c.limits.note(now, limitCongestion)
	}
	c.urgency.now = urgent && c.mayGoAhead(n)
	return c.urgency.now
}

// windowRoom is how many bytes the congestion window lets go now (RFC 9002
// section 7: bytes in flight must not exceed it).
func (c *Conn) windowRoom() int { return c.congestion.Window() - c.recovery.inFlight }

// hasData reports whether message bytes could go if window and pacer let them.
func (c *Conn) hasData() bool { return c.nextLane() != nil }

// nextLane is the lane whose bytes go next, nil if none may.
func (c *Conn) nextLane() *sendLane { return c.out.next(c.recovery.inFlight == 0) }

// fill puts everything ack-eliciting into the packet.
func (c *Conn) fill(now time.Duration, b *proto.DataBuilder, p *sentPacket, n nextUp) {
	c.addOwed(b, p)
	limit, size := n.limit, n.size
	switch {
	case c.urgency.now:
		limit, size = min(limit, b.Len()+size), 0 // that and no more
	case c.recovery.probes == 0:
		limit = min(limit, n.room)
	default:
		// Silence may mean that the path no longer carries large packets.
		limit, size = min(limit, basePacket), min(size, basePacket)
	}
	if c.frequency.decide(now, c.congestion.Window(), n.limit, &c.rtt, c.config.ReportReceivedAt); c.frequency.pending {
		f := c.frequency.frame(c.config.ReportReceivedAt)
		c.frequency.pending = false
		b.AddAckFrequency(&f)
		p.ackFrequency, p.eliciting = f.Seq, true
	}
	thinned := c.frequency.told() > defaultAckThreshold
	// Room for an ack_now frame: for this packet, and for when what it carries is
	// sent again alone.
	most := limit - proto.AckNowFrameSize
	if limit >= size {
		c.appendMessages(now, b, p, most, n.lane)
		c.addRepeats(now, b, p, most)
		p.eliciting = p.eliciting || p.pieceCount > 0
	}
	p.moreWaited = c.out.next(false) != nil
	room := limit-b.Len() >= proto.AckNowFrameSize
	p.prompt = p.pieceCount > 0 && c.alone(now, p) && room
	last := c.recovery.probeCount > 0 || !p.moreWaited
	switch {
	case p.prompt || thinned && p.eliciting && last && room:
		b.AddAckNow() // nothing follows that would make the peer acknowledge this
	case !last && p.pieceCount > 0 && limit == n.limit:
		fillUp(b, most)
	}
	if c.pingPending && !p.eliciting {
		b.AddPing()
		p.eliciting = true
	}
	c.pingPending = false
}

// maxPadding is how much a packet may lack where not even a fragment of
// minFragment bytes fits.
const maxPadding = 80

// fillUp makes a packet that others follow and that lacks a few bytes as long as
// they are: equal packets leave with one call to the system (GSO).
func fillUp(b *proto.DataBuilder, limit int) {
	if lacks := limit - b.Len(); lacks >= proto.MinPadding && lacks <= maxPadding {
		b.AddPadding(lacks)
	}
}

// addAck adds an ack and what has to stand before it; limit is the size the
// datagram may have behind it.
func (c *Conn) addAck(now time.Duration, b *proto.DataBuilder, p *sentPacket, limit int) {
	c.addLates(b, p, true)
	if len(c.out.timed) > 0 {
		c.addTime(now, b, p) // the peer learns how slow the packet was at most
	}
	var f proto.Ack
	c.acks.frame(now, &f)
	if f.N == 0 { // all of it was confirmed: the newest packet alone
		f.Ranges[0], f.N = proto.AckRange{Count: 1}, 1
	}
	if c.acks.wishes.ReportReceivedAt {
		b.AddReceivedAt(&proto.ReceivedAt{Number: uint32(c.acks.largest), At: c.acks.largestAt})
	}
	if c.ecn.due() {
		b.AddECN(&c.ecn.received) // before the ack it belongs to
	}
	for f.N > 1 && b.Len()+frameSlack+proto.AckFrameSize(&f) > limit {
		f.N-- // lower ranges were said before, or will be said again
	}
	b.AddAck(&f)
	c.acks.sent()
	c.timers.stop(timerAck)
	p.hasAck, p.ackedUpTo = true, c.acks.largest
	c.stats.AcksSent++
}

// packetSent records a data packet that is about to leave.
func (c *Conn) packetSent(now time.Duration, p *sentPacket) {
	if p.eliciting {
		c.recovery.probes = max(c.recovery.probes-1, 0)
		p.rate = c.sampler.Sent(now, int(p.size), c.recovery.inFlight)
		c.recovery.inFlight += int(p.size)
		c.recovery.lastEliciting, c.recovery.prompt = now, p.prompt
		c.congestion.PacketSent(now, congestion.Sent{Bytes: int(p.size), InFlight: c.recovery.inFlight})
		c.pacer.sent(int(p.size))
	}
	c.numbered(now, p)
	if p.eliciting {
		c.askedNow(now)
		c.setRecoveryTimers()
	} else {
		if c.sent.quiet > maxQuiet && c.sent.oldest != 0 {
			c.losePacket(c.sent.oldest, c.sent.packets.at(c.sent.oldest), repairTime)
		}
		c.retire(now)
	}
}

// askedNow starts the idle timer anew with the first packet since the peer was
// last heard that asks for an answer (RFC 9000 section 10.1).
func (c *Conn) askedNow(now time.Duration) {
	if !c.asked && c.idle > 0 {
		c.timers.set(timerIdle, now+c.idle)
	}
	c.asked = true
}

// appendClose appends the close frame if one is due.
func (c *Conn) appendClose(now time.Duration, dst []byte) []byte {
	if !c.closing.pending {
		return dst
	}
	dst = c.appendCloseFrame(now, dst, c.state == Closing && c.acks.any)
	c.closeSent(now)
	return dst
}

// appendCloseFrame appends a packet with the close, and with an ack if the
// peer may be waiting for it to end as well.
func (c *Conn) appendCloseFrame(now time.Duration, dst []byte, ack bool) []byte {
	b := proto.BeginData(dst, c.peerID, uint32(c.nextNumber))
	p := sentPacket{at: now, acked: true}
	if ack {
		c.addAck(now, &b, &p, basePacket-closeRoom-len(c.closing.reason))
	}
	b.AddClose(&proto.Close{Code: c.closing.code, Reason: []byte(c.closing.reason)})
	p.eliciting = false // no answer is wanted but the peer's close
	c.numbered(now, &p)
	return b.Finish()
}
