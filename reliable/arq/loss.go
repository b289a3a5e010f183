package arq

import (
	"time"

	"udplab/reliable/congestion"
)

// recovery is the sender's view of what is in flight (RFC 9002 section 6).
type recovery struct {
	inFlight      int    // bytes of outstanding packets
	largestAcked  uint64 // meaningful when anyAcked
	anyAcked      bool
	newestAt      time.Duration // when the newest packet acknowledged in its turn left
	newestRTT     time.Duration // and how long its acknowledgment took
	run           lossRun
	eventUntil    time.Duration     // losses of packets sent before belong to the last loss event
	fates         []congestion.Rate // of the packets just declared lost; kept for its memory
	probes        int               // probe packets that may leave whatever the window says
	probeCount    int               // probe timeouts in a row
	lastEliciting time.Duration     // when the newest ack-eliciting packet left
	prompt        bool              // and that it left alone and asked for its acknowledgment at once
}

// detectLoss declares packets lost that were sent long enough, or far enough,
// before an acknowledged one (RFC 9002 section 6.1). Packets are looked at from
// the oldest outstanding one until the first that may still come, so each is
// looked at once, and one more time per call.
func (c *Conn) detectLoss(now time.Duration, path congestion.RTT) {
	c.timers.stop(timerLoss)
	if !c.recovery.anyAcked {
		return
	}
	c.recovery.fates = c.recovery.fates[:0]
	delay, threshold := c.reordering.lossDelay(&c.rtt, c.thin()), c.reordering.packetThreshold()
	var lost congestion.Loss
	var newest *sentPacket
	longest := time.Duration(0)
	for c.sent.oldest != 0 && c.sent.oldest < c.recovery.largestAcked {
		n := c.sent.oldest
		p := c.sent.packets.at(n)
		reason := repairThreshold
		if threshold == 0 || c.skips.overtook(n, c.recovery.largestAcked) < threshold {
			if due := p.at + delay; now < due {
				c.timers.set(timerLoss, due)
				break
			}
			reason = repairTime
		}
		c.losePacket(n, p, reason)
		c.frequency.lossyUntil = now + lossMemory
		if !c.onPath(n) || c.pmtu.inHole(n, p) {
			continue
		}
		c.recovery.fates = append(c.recovery.fates, c.sampler.Fate(&p.rate))
		lost.Bytes += int(p.size)
		lost.Packets++
		newest = p
		longest = max(longest, c.recovery.run.extend(n, p.at, c.sent.acked))
	}
	if newest != nil {
		lost.LargestSentAt = newest.at
		lost.InFlight = c.recovery.inFlight
		lost.Persistent = c.rtt.sampled && longest > c.rtt.persistentCongestion()
		lost.RTT = path
		lost.Rates = c.recovery.fates
		if newest.at >= c.recovery.eventUntil {
			c.recovery.eventUntil = now
			c.reordering.lossEvent()
		}
		c.congestion.Lost(now, lost)
	}
	c.retire(now)
}

// retire forgets packets whose fate can't change. A packet declared lost is
// kept for two round trips more: its acknowledgment may just be late.
func (c *Conn) retire(now time.Duration) {
	c.sent.retire(now - 2*c.rtt.smoothed - 4*c.rtt.variance - granularity)
}

// lossRun measures the time spanned by packets lost with nothing acknowledged
// between them (RFC 9002 section 7.6.2).
type lossRun struct {
	last  uint64 // the newest packet of the run; 0 = none
	since time.Duration
	ends  uint64 // the lowest packet above last that was acknowledged; never64 = none
}

// extend adds the loss of packet n, sent at the given time, and returns how
// long the run is. What is acknowledged of the numbers above n may be forgotten
// before the next loss, so it is looked up now.
func (r *lossRun) extend(n uint64, at time.Duration, acked spans) time.Duration {
	if r.last == 0 || r.ends < n {
		r.since = at
	}
	r.last, r.ends = n, never64
	if i := acked.find(n); i < len(acked) {
		r.ends = max(acked[i].lo, n)
	}
	return at - r.since
}

// acked takes in that packet n was acknowledged.
func (r *lossRun) acked(n uint64) {
	if n > r.last {
		r.ends = min(r.ends, n)
	}
}

// losePacket declares a packet lost and queues its content to be sent again.
func (c *Conn) losePacket(n uint64, p *sentPacket, reason repairReason) {
	c.sent.settle(p)
	p.lost = true
	c.pmtu.packetLost(n, p)
	c.stats.PacketsLost++
	c.recovery.inFlight -= int(p.size)
	c.sampler.Lost(int(p.size))
	c.redundancy.loss.add(1)
	for i := range uint64(p.pieceCount) {
		c.pieceLost(c.sent.pieces.at(p.firstPiece+i), reason)
	}
	c.in.credit.lost(p.maxDataLimit)
	c.frequency.lost(p.ackFrequency)
	if p.fin {
		c.finLost()
	}
}

// pieceLost queues a piece to be sent again, and reports whether it was needed.
func (c *Conn) pieceLost(p *piece, reason repairReason) bool {
	switch p.kind {
	case pieceMessage:
		l := c.out.lanes[p.lane]
		if p.spared && reason != repairProbe {
			c.stats.RedundancySaved++
		}
		if !repairable(l.mode) && reason != repairProbe {
			if l.messages.has(p.seq) && !l.messages.at(p.seq).done {
				c.settled(l, p.seq, Lost)
			}
			return false
		}
		return l.lost(p, reason)
	case pieceSkip:
		c.out.lanes[p.lane].skip.lost(p.seq, p.hi)
	case pieceLate:
		c.in.lanes[p.lane].late.lost(p.seq, p.hi)
	case pieceCredit:
		k := &c.in.channels[p.lane].credit
		k.lost(p.hi)
		c.in.granting = c.in.granting || k.pending
	}
	return false
}
