package arq

import "udplab/proto"

// Owes reports whether the peer has to be told something that no timer is set
// for. After ReceiveOn, a driver need not drain a connection that owes nothing
// and whose State is the same.
func (c *Conn) Owes() bool { return c.owes() }

// owes reports whether the peer has to be told something that is small and
// rare, and may keep it waiting: it is held back neither by the window nor by
// the pacer.
func (c *Conn) owes() bool {
	if c.in.credit.pending || c.in.granting || c.finDue() {
		return true
	}
	for _, l := range c.out.timed {
		if len(l.skip.due) > 0 {
			return true
		}
	}
	for _, l := range c.in.timed {
		if len(l.late.due) > 0 {
			return true
		}
	}
	return false
}

// owedRoom is more than any frame of addOwed needs.
const owedRoom = 24

// addOwed adds what the peer has to be told, as far as there is room.
func (c *Conn) addOwed(b *proto.DataBuilder, p *sentPacket) {
	if c.in.credit.pending {
		c.in.credit.pending = false
		b.AddMaxData(c.in.credit.limit)
		p.maxDataLimit, p.eliciting = c.in.credit.limit, true
	}
	if c.finDue() {
		c.finish.pending = false
		b.AddFin(uint32(c.out.lane(0, proto.ModeOrdered).messages.end()))
		p.fin, p.eliciting = true, true
	}
	if c.in.granting {
		c.in.granting = c.addCredits(b, p)
	}
	for _, l := range c.out.timed {
		for len(l.skip.due) > 0 && c.hasRoom(b) {
			s := firstRun(l.skip.due)
			b.AddSkip(lapseOf(l.channel.number, l.mode, s))
			c.carry(p, piece{kind: pieceSkip, lane: l.index, seq: s.lo, hi: s.hi})
			l.skip.sent(s.lo, s.hi)
		}
	}
	c.addLates(b, p, false)
}

// addCredits announces the credit of channels and reports whether some is left.
func (c *Conn) addCredits(b *proto.DataBuilder, p *sentPacket) (more bool) {
	for _, ch := range c.in.channels {
		if ch == nil || !ch.credit.pending {
			continue
		}
		if !c.hasRoom(b) {
			return true
		}
		ch.credit.pending = false
		b.AddChannelCredit(&proto.ChannelCredit{Channel: ch.number, Limit: ch.credit.limit})
		c.carry(p, piece{kind: pieceCredit, lane: uint16(ch.number), hi: ch.credit.limit})
	}
	return false
}

// addLates says which messages were not delivered: before an ack also what the
// peer is not known to have been told before.
func (c *Conn) addLates(b *proto.DataBuilder, p *sentPacket, again bool) {
	for _, l := range c.in.timed {
		if again {
			for _, s := range l.late.flying {
				l.late.due.add(s.lo, s.hi)
			}
		}
		for len(l.late.due) > 0 && c.hasRoom(b) {
			s := firstRun(l.late.due)
			b.AddLate(lapseOf(l.channel.number, l.mode, s))
			c.carry(p, piece{kind: pieceLate, lane: l.index, seq: s.lo, hi: s.hi})
			l.late.sent(s.lo, s.hi)
		}
	}
}

func (c *Conn) hasRoom(b *proto.DataBuilder) bool { return b.Len()+owedRoom <= basePacket }

// carry notes that a packet carries something that is repaired.
func (c *Conn) carry(p *sentPacket, what piece) {
	index := c.sent.pieces.push(what)
	if p.pieceCount == 0 {
		p.firstPiece = index
	}
	p.pieceCount++
	p.eliciting = true
}

// maxRun is how many messages a skip or late frame can name.
const maxRun = 1<<16 - 1

// firstRun is the start of a set as far as one frame can name it.
func firstRun(s spans) span {
	return span{s[0].lo, min(s[0].hi, s[0].lo+maxRun)}
}

func lapseOf(channel uint8, mode proto.Mode, s span) *proto.Lapse {
	return &proto.Lapse{Channel: channel, Mode: mode, Seq: uint32(s.lo), Count: uint16(s.hi - s.lo)}
}
