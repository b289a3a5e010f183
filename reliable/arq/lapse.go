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
	for _, l := range c.out.timed {
		c.expire(l, now+c.flight())
	}
	for _, l := range c.in.timed {
		if l.earliest <= now+granularity {
			c.passLate(l, now+granularity)
		}
	}
}

// armLapse sets the timer for the message whose time is over next.
func (c *Conn) armLapse() {
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
		if m.done {
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
// not deliver it has told before.
func (c *Conn) skipAcked(l *sendLane, lo, hi uint64) {
	l.skip.confirmed(lo, hi)
	c.eachOpen(l, lo, hi, Acked)
}

// eachOpen settles the messages [lo, hi) of a lane whose fate was open.
func (c *Conn) eachOpen(l *sendLane, lo, hi uint64, fate ReceiptState) {
	lo, hi = max(lo, l.messages.first()), min(hi, l.messages.end())
	for seq := lo; seq < hi; seq++ {
		if l.messages.has(seq) && !l.messages.at(seq).done {
			c.settled(l, seq, fate)
		}
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
	c.eachOpen(l, lo, min(lo+uint64(f.Count), sent), Skipped)
}

// handleSkip takes in that the peer gave messages up.
func (c *Conn) handleSkip(f *proto.Lapse) {
	l := c.in.lane(f.Channel, f.Mode)
	lo := c.expand(f.Seq, l.next)
	hi := lo + uint64(f.Count)
	if hi > l.next && hi-l.next > maxAhead {
		c.violation(CodeViolation, "message number far ahead")
		return
	}
	c.passOver(l, lo, hi)
}

// passOver gives up the messages [lo, hi) that are not whole, tells the sender
// and delivers what waited for them.
func (c *Conn) passOver(l *recvLane, lo, hi uint64) {
	lo = max(lo, l.next)
	if lo >= hi {
		return
	}
	var whole []uint64
	for seq, r := range l.pending {
		switch {
		case seq < lo || seq >= hi:
		case r.complete():
			whole = append(whole, seq)
		default:
			l.drop(seq)
		}
	}
	slices.Sort(whole)
	gap := func(lo, hi uint64) {
		l.passed.missing(lo, hi, func(lo, hi uint64) { l.late.add(lo, hi) })
		added := l.passed.add(lo, hi)
		l.channel.counts.passedOver += added
		c.stats.MessagesPassedOver += added
	}
	for _, seq := range whole {
		gap(lo, seq)
		lo = seq + 1
	}
	gap(lo, hi)
	l.advance()
	if len(l.passed) > maxGaps {
		c.violation(CodeViolation, "too many gaps between the messages of a lane")
	}
}

// passLate passes over what keeps back messages that would be late otherwise,
// those that expire until then.
func (c *Conn) passLate(l *recvLane, until time.Duration) {
	last := l.next
	for seq, r := range l.pending {
		if r.complete() && r.expires <= until {
			last = max(last, seq)
		}
	}
	c.passOver(l, l.next, last)
	l.earliest = never
	for _, r := range l.pending {
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
	return now + left - c.rtt.min/2 - c.in.transit.excess
}

// transit tells how much longer than the fastest one packets take. Clocks drift
// and paths change, so the fastest of the last 10 to 20 s counts.
type transit struct {
	excess        time.Duration // of the packet in hand
	known         bool
	fastest, last int32 // in this period and the one before: arrived minus sent, microseconds, any offset
	since         time.Duration
}

const transitPeriod = 10 * time.Second

// arrived takes in when, by the clock of the peer, a packet was sent.
func (t *transit) arrived(now time.Duration, sentAt uint32) {
	took := int32(uint32(now/time.Microsecond) - sentAt)
	switch {
	case !t.known:
		t.known, t.fastest, t.last, t.since = true, took, took, now
	case now-t.since >= 2*transitPeriod:
		t.fastest, t.last, t.since = took, took, now
	case now-t.since >= transitPeriod:
		t.fastest, t.last, t.since = took, t.fastest, now
	case took-t.fastest < 0:
		t.fastest = took
	}
	base := t.fastest
	if t.last-base < 0 {
		base = t.last
	}
	t.excess = time.Duration(took-base) * time.Microsecond
}
