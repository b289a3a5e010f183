package arq

import (
	"slices"
	"time"

	"udplab/proto"
)

// This file is the partial reliability of proto.ModeDeadline, in the spirit of
// RFC 3758. The sender stops to repair a message when it could not arrive in
// time any more, and tells the receiver (skip). The receiver delivers in order
// and never late: it passes over what is missing when the sender says so, or
// when a message behind it would become late; and it tells the sender what it
// passed over (late). That report is in every packet with an ack until it is
// known to have arrived, so the sender never takes such a message for
// delivered; and once the skip is acknowledged, all others of it were.

// report is a set of message numbers that the peer has to be told.
type report struct {
	due    spans // to be sent
	flying spans // sent, and not known to have arrived
}

func (r *report) sent(lo, hi uint64) {
	r.due.remove(lo, hi)
	r.flying.add(lo, hi)
}

// lost has numbers told again that are not known to have arrived.
func (r *report) lost(lo, hi uint64) {
	if r.flying.intersects(lo, hi) {
		r.due.add(lo, hi)
	}
}

func (r *report) confirmed(lo, hi uint64) {
	r.due.remove(lo, hi)
	r.flying.remove(lo, hi)
}

// openBelow reports whether a number below x is not known to have been told.
func (r *report) openBelow(x uint64) bool {
	return len(r.due) > 0 && r.due[0].lo < x || len(r.flying) > 0 && r.flying[0].lo < x
}

// maxReport bounds the intervals of a report. A peer that causes more of them
// within a round trip is not told of the oldest.
const maxReport = 64

func (r *report) add(lo, hi uint64) {
	r.due.add(lo, hi)
	if len(r.due)+len(r.flying) <= maxReport {
		return
	}
	if len(r.flying) > 0 {
		r.flying = slices.Delete(r.flying, 0, 1)
	} else {
		r.due = slices.Delete(r.due, 0, 1)
	}
}

// hasten has all messages of a lane expire no later than the one that follows
// them: it is delivered behind them, and does not wait beyond its own time.
func (l *sendLane) hasten(expires time.Duration) {
	for seq := l.messages.end(); seq > l.messages.first(); seq-- {
		m := l.messages.at(seq - 1)
		if m.expires <= expires {
			return
		}
		m.expires = expires
	}
}

// flight is how long a packet to the peer takes at least, as far as known.
func (c *Conn) flight() time.Duration {
	if !c.rtt.sampled {
		return 0
	}
	return c.rtt.min / 2
}

// lapse gives up the messages whose time is over, at both ends.
func (c *Conn) lapse(now time.Duration) {
	if c.state >= Closing {
		return
	}
	for _, l := range c.out.timed {
		c.expire(l, now+c.flight())
	}
	for _, l := range c.in.timed {
		if l.earliest <= now+granularity {
			c.passLate(now, l)
		}
	}
}

// armLapse sets the timer for the message whose time is over next.
func (c *Conn) armLapse() {
	if c.state >= Closing {
		return // all timers about data are stopped
	}
	at := never
	for _, l := range c.out.timed {
		if l.alive = max(l.alive, l.messages.first()); l.alive < l.messages.end() {
			at = min(at, l.messages.at(l.alive).expires-c.flight())
		}
	}
	for _, l := range c.in.timed {
		if l.earliest != never {
			at = min(at, l.earliest-granularity)
		}
	}
	c.timers.set(timerLapse, at)
}

// expire stops to send the messages of a lane that expire until then. What was
// never sent is settled at once; the receiver knows of the rest.
func (c *Conn) expire(l *sendLane, until time.Duration) {
	for l.alive = max(l.alive, l.messages.first()); l.alive < l.messages.end(); l.alive++ {
		m := l.messages.at(l.alive)
		if m.expires > until {
			return
		}
		if m.done || m.here {
			continue
		}
		m.expired = true
		l.skip.add(l.alive, l.alive+1)
		if l.alive > l.nextSeq || l.alive == l.nextSeq && l.nextOffset == 0 {
			c.settled(l, l.alive, Skipped)
		}
	}
}

// skipAcked takes in that the peer knows of skipped messages: of those it did
// not deliver it has told before, or will when their turn comes.
func (c *Conn) skipAcked(l *sendLane, lo, hi uint64) {
	l.skip.confirmed(lo, hi)
	for seq := max(lo, l.messages.first()); seq < min(hi, l.messages.end()); seq++ {
		l.messages.at(seq).here = true
	}
	c.settleInTurn(l)
}

// settleInTurn settles the messages of a lane with deadlines that the peer has,
// as long as no other is before them, and the peer knows of those skipped. The peer may still drop one that waits for
// its turn when its time is over, and says so before it acknowledges what lets
// the turn come.
func (c *Conn) settleInTurn(l *sendLane) {
	for l.messages.len() > 0 && l.messages.at(l.messages.first()).here && !l.skip.openBelow(l.messages.first()) {
		c.settled(l, l.messages.first(), Acked)
	}
}

// handleLate takes in that the peer did not deliver messages.
func (c *Conn) handleLate(f *proto.Lapse) {
	l := c.out.find(f.Channel, f.Mode)
	if l == nil {
		c.violation(CodeViolation, "a report about messages that were never sent")
		return
	}
	lo := c.expand(f.Seq, l.nextSeq)
	sent := l.nextSeq
	if l.nextOffset > 0 {
		sent++
	}
	hi := min(lo+uint64(f.Count), sent, l.messages.end())
	for seq := max(lo, l.messages.first()); seq < hi; seq++ {
		if l.messages.has(seq) && !l.messages.at(seq).done {
			c.settled(l, seq, Skipped)
		}
	}
	c.settleInTurn(l)
}

// handleSkip takes in that the peer gave messages up.
func (c *Conn) handleSkip(now time.Duration, f *proto.Lapse) {
	l := c.in.lane(f.Channel, f.Mode)
	lo := c.expand(f.Seq, l.next)
	hi := lo + uint64(f.Count)
	if hi > l.next && hi-l.next > maxAhead {
		c.violation(CodeViolation, "message number far ahead")
		return
	}
	c.passOver(now, l, lo, hi)
}

// passOver gives up the messages [lo, hi) that are not whole, tells the sender
// and delivers what waited for them.
func (c *Conn) passOver(now time.Duration, l *recvLane, lo, hi uint64) {
	lo = max(lo, l.next)
	if lo >= hi {
		return
	}
	var whole []uint64
	for r := range l.pending.all() {
		switch {
		case r.seq < lo || r.seq >= hi:
		case r.complete():
			whole = append(whole, r.seq)
		default:
			l.drop(r)
		}
	}
	slices.Sort(whole)
	gap := func(lo, hi uint64) {
		l.passed.missing(lo, hi, func(lo, hi uint64) { l.late.add(lo, hi) })
		added := l.passed.add(lo, hi)
		l.miss(lo, hi)
		l.channel.counts.passedOver += added
		c.stats.MessagesPassedOver += added
	}
	for _, seq := range whole {
		gap(lo, seq)
		lo = seq + 1
	}
	gap(lo, hi)
	l.advance(now)
	if len(l.passed) > maxGaps {
		c.violation(CodeViolation, "too many gaps between the messages of a lane")
	}
}

// passLate passes over what keeps back messages that would be late otherwise,
// those that expire by the time a timer would run out.
func (c *Conn) passLate(now time.Duration, l *recvLane) {
	until := now + granularity
	last := l.next
	for r := range l.pending.all() {
		if r.complete() && r.expires <= until {
			last = max(last, r.seq)
		}
	}
	c.passOver(now, l, l.next, last)
	l.earliest = never
	for r := range l.pending.all() {
		if r.complete() {
			l.earliest = min(l.earliest, r.expires)
		}
	}
}

// expiry is when a message has to be delivered whose packet just came and which
// had so much time left when that was sent. Packets with such messages say when
// they were sent; until the round trip is known nothing can be said of how long
// it took, and the message counts as late.
func (c *Conn) expiry(now, left time.Duration) time.Duration {
	if !c.rtt.sampled {
		c.pingPending = true
		return now
	}
	c.judgeFirst()
	fastest := c.rtt.min / 2
	if !c.rtt.again && now-c.in.transit.began < c.rtt.min {
		fastest = c.rtt.min                                       // all that was measured may be how late the first packet was
		c.pingPending = c.pingPending || c.recovery.inFlight == 0 // measure another
	}
	return now + left - fastest - c.in.transit.excess
}

// transit tells how much longer than the fastest one packets take, by when the
// peer says it sent them. The fastest is never forgotten: after a silence, or
// behind a queue that stands for minutes, nothing else tells how late a packet
// is. But clocks drift, so it counts as slower by clockDrift of the time since.
type transit struct {
	excess  time.Duration // of the packet in hand
	known   bool
	first   bool          // the first one was not judged yet
	took    int32         // arrived minus sent of the packet in hand, microseconds, any offset
	fastest int32         // that of the fastest
	at      time.Duration // when that packet arrived
	began   time.Duration // when the first one did
}

// clockDrift is how much faster one clock may run than another: 1/4096, or 244
// ppm. Quartz has 20 to 100.
const clockDrift = 4096

// arrived takes in when, by the clock of the peer, a packet was sent, and returns
// how much faster it was than any before.
func (t *transit) arrived(now time.Duration, sentAt uint32) (faster time.Duration) {
	took := int32(uint32(now/time.Microsecond) - sentAt)
	t.took = took
	base := t.fastest + int32((now-t.at)/clockDrift/time.Microsecond)
	if t.known && took-base < 0 {
		faster = time.Duration(base-took) * time.Microsecond
	}
	if !t.known {
		t.began = now
	}
	if !t.known || took-base <= 0 {
		t.first = t.first || !t.known
		t.known, t.fastest, t.at, base = true, took, now, took
	}
	t.excess = time.Duration(took-base) * time.Microsecond
	return faster
}

// hasten has the messages that wait expire sooner: their packets were so much
// slower than the fastest than was known.
func (q *incoming) hasten(by time.Duration) {
	if by == 0 {
		return
	}
	for _, l := range q.timed {
		for r := range l.pending.all() {
			r.expires -= by
		}
		if l.earliest != never {
			l.earliest -= by
		}
	}
}

// judgeFirst judges the first packet, with which no other compares, once the
// round trip is known: it may have been on its way since the peer was told
// enough to send data, but for a round trip and the delay of an acknowledgment.
func (c *Conn) judgeFirst() {
	t := &c.in.transit
	if t.first && c.rtt.sampled {
		slower := max(t.at-c.handshake.answeredAt-c.rtt.min-maxAckDelay, 0)
		t.excess += slower
		t.fastest -= int32(slower / time.Microsecond)
		t.first = false
	}
}

// judgeBack judges a packet that brought the first acknowledgment of one of ours:
// it took no longer than that round trip. So a guess about the fastest that was
// too gloomy, of the first packet or of a clock that drifts, does not last.
func (c *Conn) judgeBack(now time.Duration) {
	t := &c.in.transit
	if most := max(c.arrival.roundTrip-c.rtt.min/2, 0); t.excess > most {
		t.fastest, t.at, t.excess = t.took-int32(most/time.Microsecond), now, most
	}
}

// firstTimes is how many packets of a connection say when they were sent
// whatever is in them, unless one that did is known to have arrived. Without an
// earlier one a receiver would take the first message with a deadline for fast,
// even if it came seconds late.
const firstTimes = 16

// sayTime puts the time into a packet that will carry messages of a lane that
// need it.
func (c *Conn) sayTime(now time.Duration, l *sendLane, b *proto.DataBuilder, p *sentPacket) {
	if l.mode == proto.ModeDeadline {
		c.addTime(now, b, p)
	}
}

// addTime has a packet say when it is sent.
func (c *Conn) addTime(now time.Duration, b *proto.DataBuilder, p *sentPacket) {
	if !p.timed {
		b.AddSentAt(uint32(now / time.Microsecond))
		p.timed = true
	}
}
