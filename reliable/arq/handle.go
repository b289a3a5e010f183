package arq

import (
	"net/netip"
	"time"

	"udplab/proto"
)

// Handle takes in one packet that package proto parsed and the endpoint found
// to be this connection's. from is where it came from, size the datagram's
// length in bytes, mark its ECN mark as far as the socket tells. It keeps
// nothing of p.
func (c *Conn) Handle(now time.Duration, from netip.AddrPort, p *proto.Packet, size int, mark ECN) {
	c.arrival = arrival{from: from, size: size, ecn: mark}
	c.stats.PacketsReceived++
	c.stats.BytesReceived += uint64(size)
	switch p.Type {
	case proto.TypeHello:
		c.handleHello(now, &p.Hello)
	case proto.TypeRetry:
		c.handleRetry(now, &p.Retry)
	case proto.TypeAccept:
		c.handleAccept(now, &p.Accept)
	case proto.TypeData:
		c.handleData(now, &p.Data)
	case proto.TypeReset:
		c.handleReset()
	case proto.TypeVersion:
		c.handleVersions(&p.Version)
	case proto.TypeRaw: // not addressed to any connection
	default:
		panic("BUG: packet type " + p.Type.String())
	}
	c.advance(now)
}

// handleData takes in a data packet: deduplicate, note for acknowledgment,
// then the frames.
func (c *Conn) handleData(now time.Duration, d *proto.Data) {
	switch c.state {
	case Dialing, Closed:
		return // not agreed on yet, or no longer
	case Accepted:
		c.sampleAccept(now)
		c.opened()
	case Lingering:
		c.closing.arrived(c.arrival, c.path.peer)
		c.closing.pending = true // the peer has not heard our answer
		return
	case Closing:
		c.closing.arrived(c.arrival, c.path.peer)
		c.handleDataClosing(now, d)
		return
	case Open, Draining:
	}
	expected := c.peerFirst
	if c.acks.any {
		expected = c.acks.largest + 1
	}
	number := c.expand(d.Number, expected)
	c.heard(now)
	c.credited(c.arrival)
	if c.acks.duplicate(number) {
		c.stats.PacketsDuplicate++
		frames := d.Frames()
		var f proto.Frame
		for frames.Next(&f) {
			if asksForAck(f.Type) { // the peer may not have heard our acknowledgment
				c.acks.ackElicited()
				return
			}
		}
		return
	}
	c.arrivedFrom(now, c.arrival, !c.acks.any || number > c.acks.largest)
	if c.acks.received(now, number) {
		c.stats.PacketsOutOfOrder++
	}
	congested := c.ecn.arrived(c.arrival.ecn)
	if congested {
		c.stats.MarksReceived++
	}
	c.ecn.fresh = false
	eliciting := false
	frames := d.Frames()
	var f proto.Frame
	for frames.Next(&f) {
		eliciting = eliciting || asksForAck(f.Type)
		c.handleFrame(now, &f)
		if c.state == Closed || c.state == Lingering {
			return
		}
	}
	c.judgeFirst()
	if c.arrival.timed && c.arrival.roundTrip > 0 {
		c.judgeBack(now)
	}
	if eliciting {
		c.acks.ackElicited()
		// RFC 9000 section 13.2.1: at once, so that the peer slows down soon.
		c.acks.immediate = c.acks.immediate || congested
	}
}

// expand returns the 64-bit number that the one on the wire stands for.
func (c *Conn) expand(low uint32, expected uint64) uint64 {
	if unread := 32 - c.config.numberBits; unread < 32 {
		distance := int32(low-uint32(expected)) << unread >> unread
		low = uint32(expected) + uint32(distance)
	}
	return proto.Expand(low, expected)
}

// handleDataClosing takes in a data packet while our close waits for its
// answer, which is all that matters now. Messages find no reader any more, so
// the packet is not noted as received: what is acknowledged was delivered.
func (c *Conn) handleDataClosing(now time.Duration, d *proto.Data) {
	frames := d.Frames()
	var f proto.Frame
	for frames.Next(&f) {
		if f.Type == proto.FrameClose {
			c.handleClose(now, &f.Close)
			return
		}
	}
}

// asksForAck reports whether a frame makes its packet ack-eliciting (SPEC 6,
// RFC 9002 section 2).
func asksForAck(t proto.FrameType) bool {
	switch t {
	case proto.FrameAck, proto.FrameECN, proto.FrameReceivedAt, proto.FrameSentAt, proto.FrameClose, proto.FramePadding:
		return false
	}
	return true
}

func (c *Conn) handleFrame(now time.Duration, f *proto.Frame) {
	switch f.Type {
	case proto.FrameMessage, proto.FrameFragment:
		c.handleMessage(now, &f.Message)
	case proto.FrameAck:
		c.handleAck(now, &f.Ack)
		c.sizeAcked(now, &f.Ack)
	case proto.FrameMaxData:
		if f.MaxData > c.out.credit {
			c.out.credit = f.MaxData
			c.timers.stop(timerStall)
		}
	case proto.FrameChannelCredit:
		if c.out.grant(f.ChannelCredit.Channel, f.ChannelCredit.Limit) {
			c.timers.stop(timerStall)
		}
	case proto.FrameSkip:
		c.handleSkip(now, &f.Lapse)
	case proto.FrameLate:
		c.handleLate(&f.Lapse)
	case proto.FrameSentAt:
		c.in.hasten(c.in.transit.arrived(now, f.SentAt))
		c.arrival.timed = true
	case proto.FramePing, proto.FramePadding:
	case proto.FrameRepair:
		c.handleRepair(now, &f.Repair)
	case proto.FrameAckFrequency:
		c.acks.wish(&f.AckFrequency)
	case proto.FrameAckNow:
		c.acks.immediate = true
	case proto.FrameReceivedAt:
		c.handleReceivedAt(&f.ReceivedAt)
	case proto.FrameFin:
		c.handleFin(f.FinNext)
	case proto.FrameECN:
		c.ecn.frame, c.ecn.fresh = f.ECN, true
	case proto.FramePathChallenge:
		c.path.replies.add(now, reply{to: c.arrival.from, token: f.PathToken, size: c.arrival.size})
	case proto.FramePathResponse:
		c.handlePathResponse(now, f.PathToken)
	case proto.FrameClose:
		c.handleClose(now, &f.Close)
	default:
		panic("BUG: frame type " + f.Type.String())
	}
}
