package arq

import "time"

// setRecoveryTimers arms the probe timer (RFC 9002 section 6.2.1) unless the
// loss timer runs, which comes first.
func (c *Conn) setRecoveryTimers() {
	c.timers.stop(timerProbe)
	if c.recovery.inFlight == 0 || c.timers.isSet(timerLoss) {
		return
	}
	c.timers.set(timerProbe, c.recovery.lastEliciting+c.backedOffProbeTimeout())
}

// probeTimeout is the probe timer before backoff (RFC 9002 section 6.2.1). The
// delay it allows the peer's acknowledgment is what the peer really waits: what
// it was told to, or a quarter of its round trip, twice over because its
// estimate may differ from ours. The flat 25 ms of the RFC made a lost tail on
// a path of 100 us cost 25 ms. One that was asked for at once may be as late as
// the time threshold has it, an eighth of a round trip.
func (c *Conn) probeTimeout() time.Duration {
	if !c.rtt.sampled {
		return 2*initialRTT + maxAckDelay
	}
	delay := max(min(2*c.rtt.ackDelay(), maxAckDelay), c.frequency.maxDelay)
	if c.recovery.prompt {
		delay = max(c.rtt.smoothed/8, minAckDelay)
	}
	return c.rtt.smoothed + max(4*c.rtt.variance, granularity) + delay
}

// backedOffProbeTimeout doubles the probe timeout for each expiry in a row
// (RFC 9002 section 6.2.1), up to maxProbeTimeout or twice the plain one. While
// the round trip is not known, the plain one is a cautious guess already: it is
// not doubled, so that a handshake survives a path that loses every second
// packet.
func (c *Conn) backedOffProbeTimeout() time.Duration {
	plain := c.probeTimeout()
	if !c.rtt.sampled {
		return plain
	}
	limit := max(maxProbeTimeout, 2*plain)
	return min(plain<<min(c.recovery.probeCount, 16), limit)
}

// probeExpired answers silence: up to two packets leave whatever the window
// says (RFC 9002 section 6.2.4), carrying the oldest unacknowledged data. Where
// there is new data the second carries that ("SHOULD include new data"): if the
// peer was only late, one packet was sent in vain, not two.
func (c *Conn) probeExpired() {
	c.stats.ProbeTimeouts++
	c.recovery.probeCount++
	c.recovery.probes = 2
	copies := c.recovery.probes
	if l := c.nextLane(); l != nil && l.hasNew() && !l.awaitsCredit(false) {
		copies--
	}
	for n := c.sent.oldest; n != 0 && copies > 0; {
		p := c.sent.packets.at(n)
		n = p.next
		c.in.credit.lost(p.maxDataLimit) // the peer may be waiting for nothing else
		if p.fin {
			c.finLost()
		}
		took := false
		for i := range uint64(p.pieceCount) {
			piece := c.sent.pieces.at(p.firstPiece + i)
			if c.pieceLost(piece, repairProbe) {
				piece.copied, took = true, true
			}
		}
		if took {
			copies--
		}
	}
	// Something must be sent, or nothing would arm the timer again.
	c.pingPending = c.pingPending || !c.out.hasRepair() && !c.owes()
}
