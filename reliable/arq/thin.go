package arq

import "time"

// thin reports whether nothing waits to leave: the application sends less than
// the path carries, and what counts is how soon each message arrives.
func (c *Conn) thin() bool { return !c.hasData() }

// copyRepairs has the small messages that a thin flow's packet just repaired
// leave once more, in a packet of their own. A repair that is lost as well costs
// another round trip, in order for everything behind it; a copy costs as much as
// the repair, for the share of the packets that are lost. Messages of more than
// half a packet, and parts of them, are not worth it; nor are those that repair
// symbols have most likely repaired before. What is lost of
// both is sent again.
func (c *Conn) copyRepairs(p *sentPacket) {
	if p.moreWaited {
		return
	}
	for i := range uint64(p.pieceCount) {
		piece := c.sent.pieces.at(p.firstPiece + i)
		if piece.kind != pieceMessage || piece.reason == noRepair {
			continue
		}
		l := c.out.lanes[piece.lane]
		size := uint64(len(l.messages.at(piece.seq).data))
		if piece.whole(size) && int(size) <= c.packetLimit()/2 && l.code.encoder == nil {
			l.repair = append(l.repair, repair{seq: piece.seq, hi: size, reason: piece.reason, copy: true})
			l.all.wait(l)
			piece.copied = true
		}
	}
}

// alone reports whether the flow of a packet is thin, and its packets so far
// apart that the peer acknowledged the last one before the next leaves. Each is
// acknowledged by itself then, and may as well be at once. The probes for such a
// packet are like it.
func (c *Conn) alone(now time.Duration, p *sentPacket) bool {
	if c.recovery.probeCount > 0 {
		return c.recovery.prompt
	}
	return !p.moreWaited && now-c.recovery.lastEliciting > max(c.rtt.ackDelay(), c.frequency.maxDelay)
}
