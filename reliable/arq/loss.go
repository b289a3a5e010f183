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
}

// extend adds the loss of packet n, sent at the given time, and returns how
// long the run is.
func (r *lossRun) extend(n uint64, at time.Duration, acked spans) time.Duration {
	if r.last == 0 || acked.intersects(r.last, n) {
		r.since = at
	}
	r.last = n
	return at - r.since
}

// losePacket declares a packet lost and queues its content to be sent again.
func (c *Conn) losePacket(n uint64, p *sentPacket, reason repairReason) {
	c.sent.settle(p)
	p.lost = true
	c.pmtu.packetLost(n, p)
	c.stats.PacketsLost++
	c.recovery.inFlight -= int(p.size)
	c.sampler.Lost(int(p.size))
	for i := range uint64(p.pieceCount) {
		c.out.lost(c.sent.pieces.at(p.firstPiece+i), reason)
	}
	if p.maxDataLimit == c.in.limit && c.in.confirmed < c.in.limit {
		c.in.grantPending = true
	}
	c.frequency.lost(p.ackFrequency)
	if p.fin {
		c.finLost()
	}
}
