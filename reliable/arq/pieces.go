package arq

import (
	"time"

	"udplab/proto"
)

// appendMessages fills the packet with message frames: of each lane whose turn
// it is, l first, repairs first, then new data as far as the credit goes. limit
// is the size the datagram may have.
func (c *Conn) appendMessages(now time.Duration, b *proto.DataBuilder, p *sentPacket, limit int, l *sendLane) {
	for l != nil && limit-b.Len() >= maxHeaders {
		c.sayTime(now, l, b, p)
		before := b.Len()
		if l.hasRepair() {
			r := &l.repair[l.repaired]
			hi := c.appendPiece(now, b, p, limit, l, r.seq, r.lo, r.hi)
			if hi == noRoom {
				return
			}
			if !r.copy {
				c.sent.pieces.at(c.sent.pieces.end() - 1).reason = r.reason
			}
			c.countRetransmit(l, r.seq, r.reason)
			r.lo = hi
			if r.lo >= r.hi {
				l.repaired++
			}
		} else {
			seq := l.nextSeq
			size := uint64(len(l.messages.at(seq).data))
			hi := c.appendPiece(now, b, p, limit, l, seq, l.nextOffset, min(size, l.nextOffset+l.available()))
			if hi == noRoom {
				return
			}
			if l.took(hi) {
				c.receipt(l, seq, l.messages.at(seq), Sent)
				if index := c.sent.pieces.end() - 1; c.sent.pieces.at(index).whole(size) {
					c.sent.pieces.at(index).first = true
					l.messages.at(seq).whole = index
					c.protect(now, l, seq, int(size))
				}
			}
		}
		c.out.served(l, b.Len()-before)
		if limit-b.Len() >= maxHeaders {
			l = c.nextLane()
		}
	}
}

// countRetransmit counts one frame sent again.
func (c *Conn) countRetransmit(l *sendLane, seq uint64, reason repairReason) {
	l.messages.at(seq).retransmits++
	switch reason {
	case repairThreshold:
		c.stats.RetransmitsThreshold++
	case repairTime:
		c.stats.RetransmitsTime++
	case repairProbe:
		c.stats.RetransmitsProbe++
	}
}

// noRoom is appendPiece's answer when the packet is full.
const noRoom = ^uint64(0)

// frameSlack is what a frame may add beyond its own size: the packet's frame
// array and the payload's length may each need a wider header.
const frameSlack = 3

// minFragment is the least payload worth a fragment's header when the next
// packet can take the whole rest.
const minFragment = 64

// appendPiece adds bytes [lo, hi) of a message to the packet, or as many of
// them as there is room for, and returns where they end.
func (c *Conn) appendPiece(now time.Duration, b *proto.DataBuilder, p *sentPacket, limit int, l *sendLane, seq, lo, hi uint64) uint64 {
	data := l.messages.at(seq).data
	m := proto.Message{
		Channel: l.channel.number, Mode: l.mode, Seq: uint32(seq),
		Size: uint32(len(data)), Offset: uint32(lo), Payload: data[lo:hi],
	}
	if l.mode == proto.ModeDeadline {
		m.Left = l.messages.at(seq).expires - now
	}
	if fits := proto.MessageFit(&m, limit-b.Len()); fits < len(m.Payload) {
		// A message that fits into half a packet is not cut: two packets
		// would have to arrive instead of one.
		if fits < 0 || p.pieceCount > 0 && (fits < minFragment || len(m.Payload) <= c.packetLimit()/2) {
			return noRoom
		}
		m.Payload = m.Payload[:fits]
		hi = lo + uint64(fits)
	}
	b.AddMessage(&m)
	if lo == 0 && hi == uint64(len(data)) {
		l.messages.at(seq).flying++
	}
	c.carry(p, piece{lane: l.index, seq: seq, lo: lo, hi: hi})
	return hi
}
