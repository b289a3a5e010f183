package arq

import (
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// ackResult sums up what an ack frame newly acknowledged.
type ackResult struct {
	count        int // packets that ask for acknowledgment
	bytes        int // of those that were still in flight
	newestSentAt time.Duration
	moreWaited   bool
	marked       int                 // packets that left as ECN-capable
	spurious     congestion.Spurious // those that had been declared lost
}

// handleAck takes in one ack frame. Its cost follows what is newly
// acknowledged, not what is in flight.
func (c *Conn) handleAck(now time.Duration, f *proto.Ack) {
	c.stats.AcksReceived++
	largest := c.expand(f.Largest, c.nextNumber)
	if wrong := c.ackViolation(f, largest); wrong != "" {
		c.violation(CodeViolation, wrong)
		return
	}
	// RFC 9002 section 5.1: a sample only if the largest acknowledged packet
	// is newly acknowledged, and asked for it.
	sampled := c.sent.packets.has(largest) && !c.sent.packets.at(largest).acked &&
		c.sent.packets.at(largest).eliciting
	before := c.recovery
	var found ackResult
	top := largest + 1 // one above the range in hand
	for i := 0; i < f.N; i++ {
		top -= uint64(f.Ranges[i].Gap)
		lo := top - uint64(f.Ranges[i].Count)
		c.sent.acknowledge(lo, top, func(n uint64) { c.ackPacket(now, n, &found) })
		top = lo
	}
	if !c.recovery.anyAcked || largest > c.recovery.largestAcked {
		c.recovery.anyAcked, c.recovery.largestAcked = true, largest
	}
	if found.count == 0 {
		return
	}
	path := congestion.RTT{}
	if sampled {
		c.arrival.roundTrip = now - c.sent.packets.at(largest).at
		c.rtt.sample(c.arrival.roundTrip, f.Delay)
		path.Latest = c.rtt.latest
	}
	path.Smoothed, path.Min = c.rtt.smoothed, c.rtt.min
	c.recovery.probeCount, c.recovery.probes = 0, 0
	if found.spurious.Packets > 0 {
		c.congestion.Spurious(now, found.spurious)
	}
	c.detectLoss(now, path)
	rate := c.sampler.Sample(c.rtt.min)
	if rate.BytesPerSecond > 0 {
		c.deliveryRate = rate.BytesPerSecond
	}
	if found.bytes > 0 {
		c.congestion.Acked(now, congestion.Ack{
			Bytes: found.bytes, LargestSentAt: found.newestSentAt,
			PriorInFlight: before.inFlight, InFlight: c.recovery.inFlight,
			WindowLimited: found.moreWaited,
			Quiet:         c.urgency.lately(now),
			CE:            c.congestionMarks(found.marked),
			RTT:           path, Rate: rate,
		})
	}
	c.setRecoveryTimers()
}

// ackViolation says what is wrong with an ack frame, "" if nothing: all that it
// acknowledges must have been sent.
func (c *Conn) ackViolation(f *proto.Ack, largest uint64) string {
	const neverSent, belowFirst = "acknowledgment of a packet that was never sent", "acknowledgment below the first packet"
	first := c.firstNumber()
	switch {
	case largest >= c.nextNumber:
		return neverSent
	case largest < first:
		return belowFirst
	}
	top := largest + 1 // one above the range in hand
	for i := 0; i < f.N; i++ {
		covered := uint64(f.Ranges[i].Gap) + uint64(f.Ranges[i].Count)
		if covered > top-first {
			return belowFirst
		}
		if c.skips.kept.intersects(top-covered, top-uint64(f.Ranges[i].Gap)) {
			return neverSent
		}
		top -= covered
	}
	return ""
}

// firstNumber is the number of the first packet of this connection.
func (c *Conn) firstNumber() uint64 { return numberBase + uint64(c.config.FirstNumber) }

// ackPacket records that packet n arrived.
func (c *Conn) ackPacket(now time.Duration, n uint64, found *ackResult) {
	p := c.sent.packets.at(n)
	p.acked = true
	if p.hasAck {
		c.acks.confirmed(p.ackedUpTo)
	}
	c.timeHeard = c.timeHeard || p.timed
	if p.marked {
		found.marked++
	}
	if !p.eliciting {
		return
	}
	c.pmtu.packetArrived(n, int(p.size))
	c.redundancy.loss.add(0)
	c.in.credit.confirm(p.maxDataLimit)
	if p.fin {
		c.finish.acked, c.finish.pending = true, false
	}
	c.recovery.run.acked(n)
	found.count++
	found.moreWaited = found.moreWaited || p.moreWaited
	found.newestSentAt = max(found.newestSentAt, p.at)
	switch {
	case p.lost:
		c.reordering.tooEarly(now-p.at-c.recovery.newestRTT, &c.rtt)
	case c.recovery.anyAcked && n < c.recovery.largestAcked:
		c.reordering.overtaken(&c.rtt)
	case p.at >= c.recovery.newestAt:
		c.recovery.newestAt, c.recovery.newestRTT = p.at, now-p.at
	}
	if p.lost {
		c.stats.PacketsLostSpurious++
		if c.onPath(n) {
			found.spurious.Packets++
			found.spurious.Bytes += int(p.size)
			found.spurious.SentAt = max(found.spurious.SentAt, p.at)
		}
	} else {
		c.sent.settle(p)
		c.recovery.inFlight -= int(p.size)
		found.bytes += int(p.size)
	}
	c.sampler.Acked(now, p.at, int(p.size), &p.rate)
	for i := range uint64(p.pieceCount) {
		c.pieceAcked(c.sent.pieces.at(p.firstPiece + i))
	}
}

// pieceAcked records that a piece arrived.
func (c *Conn) pieceAcked(p *piece) {
	switch p.kind {
	case pieceMessage:
		l := c.out.lanes[p.lane]
		if !l.acked(p) {
			return
		}
		c.spare(l, p)
		if l.mode == proto.ModeDeadline {
			l.messages.at(p.seq).here = true
			c.settleInTurn(l)
		} else {
			c.settled(l, p.seq, Acked)
		}
	case pieceSkip:
		c.skipAcked(c.out.lanes[p.lane], p.seq, p.hi)
	case pieceLate:
		c.in.lanes[p.lane].late.confirmed(p.seq, p.hi)
	case pieceCredit:
		c.in.channels[p.lane].credit.confirm(p.hi)
	}
}
