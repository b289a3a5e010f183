package arq

import (
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// recovery is the sender's view of what is in flight (RFC 9002 section 6).
type recovery struct {
	inFlight      int    // bytes of outstanding packets
	largestAcked  uint64 // meaningful when anyAcked
	anyAcked      bool
	fateKnown     uint64        // every packet below is acknowledged or declared lost
	probes        int           // probe packets that may leave whatever the window says
	probeCount    int           // probe timeouts in a row
	lastEliciting time.Duration // when the newest ack-eliciting packet left
}

// handleAck takes in one ack frame. Its packets are visited from the oldest
// still remembered to the newest, each once.
func (c *Conn) handleAck(now time.Duration, f *proto.Ack) {
	c.stats.AcksReceived++
	largest := proto.Expand(f.Largest, c.nextNumber)
	if largest >= c.nextNumber {
		c.violation(CodeViolation, "acknowledgment of a packet that was never sent")
		return
	}
	// RFC 9002 section 5.1: a sample only if the largest acknowledged packet
	// is newly acknowledged.
	newest := c.sent.packets.has(largest) && !c.sent.packets.at(largest).acked
	var found ackResult
	first := c.firstNumber()
	if largest < first {
		c.violation(CodeViolation, "acknowledgment below the first packet")
		return
	}
	top := largest + 1 // one above the range in hand
	for i := 0; i < f.N; i++ {
		r := f.Ranges[i]
		if uint64(r.Gap)+uint64(r.Count) > top-first {
			c.violation(CodeViolation, "acknowledgment below the first packet")
			return
		}
		top -= uint64(r.Gap)
		lo := top - uint64(r.Count)
		for n := max(lo, c.sent.packets.first()); n < top; n++ {
			if n < c.sent.packets.end() {
				c.ackPacket(now, n, &found)
			}
		}
		top = lo
	}
	if !c.recovery.anyAcked || largest > c.recovery.largestAcked {
		c.recovery.anyAcked, c.recovery.largestAcked = true, largest
	}
	if found.count == 0 {
		return
	}
	if newest {
		c.rtt.sample(now-c.sent.packets.at(largest).at, f.Delay)
	}
	c.recovery.probeCount, c.recovery.probes = 0, 0
	c.detectLoss(now)
	if found.bytes > 0 {
		c.congestion.Acked(now, congestion.Ack{
			Bytes: found.bytes, LargestSentAt: found.newestSentAt,
			PriorInFlight: c.recovery.inFlight + found.bytes, InFlight: c.recovery.inFlight,
			WindowLimited: found.windowLimited,
			RTT:           congestion.RTT{Latest: c.rtt.latest, Smoothed: c.rtt.smoothed, Min: c.rtt.min},
		})
	}
	c.out.release()
	c.setRecoveryTimers()
}

// firstNumber is the number of the first packet of this connection.
func (c *Conn) firstNumber() uint64 { return numberBase + uint64(c.config.FirstNumber) }

// ackResult sums up what an ack frame newly acknowledged.
type ackResult struct {
	count         int // packets that ask for acknowledgment
	bytes         int // of them that were still in flight
	newestSentAt  time.Duration
	windowLimited bool
}

// ackPacket records that packet n arrived.
func (c *Conn) ackPacket(now time.Duration, n uint64, found *ackResult) {
	p := c.sent.packets.at(n)
	if p.acked {
		return
	}
	p.acked = true
	if p.hasAck {
		c.acks.confirmed(p.ackedUpTo)
	}
	if !p.eliciting {
		return
	}
	c.in.confirmed = max(c.in.confirmed, p.maxDataLimit)
	found.count++
	found.windowLimited = found.windowLimited || p.windowFull
	found.newestSentAt = max(found.newestSentAt, p.at)
	if p.lost {
		c.stats.PacketsLostSpurious++
		c.congestion.Spurious(now, congestion.Spurious{Bytes: int(p.size), Packets: 1, SentAt: p.at})
	} else {
		c.recovery.inFlight -= int(p.size)
		found.bytes += int(p.size)
	}
	for i := range uint64(p.pieceCount) {
		piece := c.sent.pieces.at(p.firstPiece + i)
		if c.out.ackedPiece(piece) {
			c.stats.MessagesAcked++
			c.receipt(piece.seq, c.out.messages.at(piece.seq), Acked)
		}
	}
}

// detectLoss declares packets lost that were sent long enough, or far enough,
// before an acknowledged one (RFC 9002 section 6.1).
func (c *Conn) detectLoss(now time.Duration) {
	c.timers.stop(timerLoss)
	if !c.recovery.anyAcked {
		return
	}
	threshold := c.rtt.timeThreshold()
	var lost congestion.Loss
	var run lossRun
	end := min(c.recovery.largestAcked, c.sent.packets.end())
	settled := true // every packet so far has its fate
	for n := max(c.recovery.fateKnown, c.sent.packets.first()); n < end; n++ {
		p := c.sent.packets.at(n)
		if settled {
			c.recovery.fateKnown = n
		}
		if p.acked {
			run.interrupt()
		}
		if !p.outstanding() {
			continue
		}
		reason := repairThreshold
		if c.recovery.largestAcked-n < packetThreshold {
			if due := p.at + threshold; now < due {
				c.timers.set(timerLoss, min(c.timers[timerLoss], due))
				settled = false
				continue
			}
			reason = repairTime
		}
		c.losePacket(p, reason)
		lost.Bytes += int(p.size)
		lost.Packets++
		lost.LargestSentAt = max(lost.LargestSentAt, p.at)
		run.extend(p.at)
	}
	if lost.Bytes > 0 {
		lost.Persistent = c.rtt.sampled && run.longest > c.rtt.persistentCongestion()
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
	since   time.Duration
	running bool
	longest time.Duration
}

func (r *lossRun) interrupt() { r.running = false }

func (r *lossRun) extend(at time.Duration) {
	if !r.running {
		r.running, r.since = true, at
	}
	r.longest = max(r.longest, at-r.since)
}

// losePacket declares a packet lost and queues its content to be sent again.
func (c *Conn) losePacket(p *sentPacket, reason repairReason) {
	p.lost = true
	c.stats.PacketsLost++
	c.recovery.inFlight -= int(p.size)
	for i := range uint64(p.pieceCount) {
		c.out.lost(c.sent.pieces.at(p.firstPiece+i), reason)
	}
	if p.maxDataLimit == c.in.limit && c.in.confirmed < c.in.limit {
		c.in.grantPending = true
	}
}

// setRecoveryTimers arms the probe timer (RFC 9002 section 6.2.1) unless the
// loss timer runs, which comes first.
func (c *Conn) setRecoveryTimers() {
	c.timers.stop(timerProbe)
	if c.recovery.inFlight == 0 || c.timers.isSet(timerLoss) {
		return
	}
	c.timers.set(timerProbe, c.recovery.lastEliciting+c.backedOffProbeTimeout())
}

// backedOffProbeTimeout doubles the probe timeout for each expiry in a row
// (RFC 9002 section 6.2.1), up to maxProbeTimeout or twice the plain one.
func (c *Conn) backedOffProbeTimeout() time.Duration {
	plain := c.rtt.probeTimeout()
	limit := max(maxProbeTimeout, 2*plain)
	return min(plain<<min(c.recovery.probeCount, 16), limit)
}

// probeExpired answers silence: up to two packets leave whatever the window
// says (RFC 9002 section 6.2.4), carrying the oldest unacknowledged data.
func (c *Conn) probeExpired() {
	c.stats.ProbeTimeouts++
	c.recovery.probeCount++
	c.recovery.probes = 2
	copied := 0
	for n := max(c.recovery.fateKnown, c.sent.packets.first()); n < c.sent.packets.end() && copied < c.recovery.probes; n++ {
		p := c.sent.packets.at(n)
		if !p.outstanding() {
			continue
		}
		if p.maxDataLimit == c.in.limit {
			c.in.grantPending = true // the peer may be waiting for nothing else
		}
		took := false
		for i := range uint64(p.pieceCount) {
			piece := c.sent.pieces.at(p.firstPiece + i)
			if c.out.lost(piece, repairProbe) {
				piece.copied, took = true, true
			}
		}
		if took {
			copied++
		}
	}
	// Something must be sent, or nothing would arm the timer again.
	c.pingPending = c.pingPending || !c.out.hasRepair() && !c.in.grantPending
}
