package arq

import "udplab/proto"

// appendMessages fills the packet with message frames: repairs first, then
// new data as far as the credit goes. limit is the size the datagram may have.
func (c *Conn) appendMessages(b *proto.DataBuilder, p *sentPacket, limit int) {
	for c.out.hasRepair() {
		r := &c.out.repair[c.out.repaired]
		hi := c.appendPiece(b, p, limit, r.seq, r.lo, r.hi)
		if hi == noRoom {
			return
		}
		if !r.copy {
			c.sent.pieces.at(c.sent.pieces.end() - 1).reason = r.reason
		}
		c.countRetransmit(r.seq, r.reason)
		r.lo = hi
		if r.lo >= r.hi {
			c.out.repaired++
		}
	}
	for c.out.hasNew() {
		if c.awaitsCredit() {
			return
		}
		m := c.out.messages.at(c.out.nextSeq)
		end := min(uint64(len(m.data)), c.out.nextOffset+c.out.available())
		seq := c.out.nextSeq
		hi := c.appendPiece(b, p, limit, seq, c.out.nextOffset, end)
		if hi == noRoom {
			return
		}
		if c.out.took(hi) {
			c.receipt(seq, c.out.messages.at(seq), Sent)
		}
	}
}

// crumb is how few bytes of a message are not worth a packet of their own.
const crumb = 512

// awaitsCredit reports whether the next message has to wait for credit: there
// is none, or only for a crumb of it while an answer is on its way that may
// bring more (silly window syndrome, RFC 1122 section 4.2.3.4).
func (c *Conn) awaitsCredit() bool {
	credit := c.out.available()
	left := uint64(len(c.out.messages.at(c.out.nextSeq).data)) - c.out.nextOffset
	return credit == 0 || credit < min(left, crumb) && c.recovery.inFlight > 0
}

// countRetransmit counts one frame sent again.
func (c *Conn) countRetransmit(seq uint64, reason repairReason) {
	c.out.messages.at(seq).retransmits++
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
func (c *Conn) appendPiece(b *proto.DataBuilder, p *sentPacket, limit int, seq, lo, hi uint64) uint64 {
	data := c.out.messages.at(seq).data
	m := proto.Message{Seq: uint32(seq), Size: uint32(len(data)), Offset: uint32(lo), Payload: data[lo:hi]}
	room := limit - b.Len() - frameSlack
	if size := proto.MessageFrameSize(&m); size > room {
		header := size - len(m.Payload)
		if lo == 0 && hi == uint64(len(data)) {
			m.Payload = data[:0] // sized as a fragment, not as a whole message
			header = proto.MessageFrameSize(&m)
			m.Payload = data[lo:hi]
		}
		fits := room - header - frameSlack
		// A message that fits into half a packet is not cut: two packets
		// would have to arrive instead of one.
		if fits <= 0 || p.pieceCount > 0 && (fits < minFragment || len(m.Payload) <= c.packetLimit()/2) {
			return noRoom
		}
		m.Payload = m.Payload[:min(fits, len(m.Payload))]
		hi = lo + uint64(len(m.Payload))
	}
	b.AddMessage(&m)
	index := c.sent.pieces.push(piece{seq: seq, lo: lo, hi: hi})
	if p.pieceCount == 0 {
		p.firstPiece = index
	}
	p.pieceCount++
	return hi
}
