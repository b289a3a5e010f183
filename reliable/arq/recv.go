package arq

import (
	"slices"
	"time"

	"udplab/proto"
	"udplab/reliable/rlc"
)

// maxAhead bounds how far ahead of the next message a message number may be.
// Credit bounds the messages held (each costs messageCost); this bounds the
// number space, so that expanding 32 bits to 64 is never ambiguous.
const maxAhead = 1 << 30

// recvLane puts the messages of one mode of one channel back together and
// delivers them as the mode promises.
type recvLane struct {
	all     *incoming
	channel *recvChannel
	mode    proto.Mode
	index   uint16 // in all.lanes

	next    uint64 // every message below was delivered or passed over
	beyond  uint64 // one above the largest number seen
	passed  spans  // numbers at or after next that were delivered or passed over
	pending pending

	kept    int    // payload bytes in pending
	skipped int    // messages passed over since the last delivery
	missed  spans  // messages passed over that have not come since, the newest of them
	dropped int    // messages the application was too slow for, not told to it yet
	overrun uint64 // messages of which something came, and no place was left for

	decoder *rlc.Decoder // nil until the peer sends a repair symbol

	// Of proto.ModeDeadline:
	late     report        // messages the sender must not take for delivered
	lapsed   uint64        // messages that were whole, and passed over all the same
	earliest time.Duration // not after the expiry of the first message that waits
}

// partials bounds the messages in parts that a lane without credit keeps, and
// partialBytes their bytes besides those of the newest.
const (
	partials     = 16
	partialBytes = 256 << 10
)

// handleMessage takes in a message frame.
func (c *Conn) handleMessage(now time.Duration, m *proto.Message) {
	q := &c.in
	l := q.lane(m.Channel, m.Mode)
	seq := c.expand(m.Seq, l.next)
	if int64(m.Size) > int64(c.config.MaxMessage) {
		c.violation(CodeMessageTooBig, "message larger than this side accepts")
		return
	}
	if seq < l.next || l.passed.contains(seq) {
		if l.missed.contains(seq) {
			l.missed.remove(seq, seq+1)
			l.channel.counts.stale++
			c.stats.MessagesStale++
		}
		return // delivered before, or passed over
	}
	if seq-l.next >= maxAhead {
		c.violation(CodeViolation, "message number far ahead")
		return
	}
	if c.finish.peer && m.Channel == 0 && m.Mode == proto.ModeOrdered && seq >= c.finish.peerNext {
		c.violation(CodeViolation, "a message after the end of the messages")
		return
	}
	l.beyond = max(l.beyond, seq+1)
	if seq == l.next && credited(l.mode) && len(m.Payload) == int(m.Size) && l.pending.get(seq) == nil {
		c.storeWhole(now, l, m)
		return
	}
	var expires time.Duration
	if l.mode == proto.ModeDeadline {
		if !c.arrival.timed {
			c.violation(CodeViolation, "a message with a deadline in a packet that does not say when it was sent")
			return
		}
		if expires = c.expiry(now, m.Left); expires <= now {
			c.passOver(now, l, seq, seq+1)
			return
		}
	}
	c.store(now, l, seq, m, expires)
}

// store keeps what a frame brought of a message and delivers what is complete.
func (c *Conn) store(now time.Duration, l *recvLane, seq uint64, m *proto.Message, expires time.Duration) {
	q := &c.in
	r := l.pending.get(seq)
	charge := uint64(0)
	if r == nil {
		r = q.begin(seq, uint64(m.Size))
		l.pending.add(r)
		l.keep(0, 1)
		charge = messageCost
	}
	if r.size != uint64(m.Size) {
		c.violation(CodeViolation, "fragments of one message disagree about its size")
		return
	}
	added := r.add(q.buffers, uint64(m.Offset), m.Payload)
	if r.expires == 0 || expires < r.expires {
		r.expires = expires
	}
	l.keep(int(added), 0)
	l.kept += int(added)
	if len(r.ahead) > maxGaps {
		c.violation(CodeViolation, "too many gaps in one message")
		return
	}
	if !credited(l.mode) {
		l.deliverLoose(now, r)
		c.bound(now, l)
		c.boundAll(now, l, seq)
		return
	}
	if !q.charge(l.channel, charge+added) {
		c.violation(CodeFlowControl, "more data than the credit allows")
		return
	}
	var more []rlc.Recovered
	if l.decoder != nil && r.complete() {
		more = l.decoder.Message(seq, r.start)
	}
	l.deliverCredited(now, r)
	c.stored(now, l, more)
}

// storeWhole is store for a message of a mode with credit that is here in one
// piece and next in order: it never waits.
func (c *Conn) storeWhole(now time.Duration, l *recvLane, m *proto.Message) {
	q := &c.in
	if !q.charge(l.channel, messageCost+uint64(m.Size)) {
		c.violation(CodeFlowControl, "more data than the credit allows")
		return
	}
	var more []rlc.Recovered
	if l.decoder != nil {
		more = l.decoder.Message(l.next, m.Payload)
	}
	l.keep(len(m.Payload), 0)
	q.deliver(l, l.next, lent(q.buffers, m.Payload), 0)
	l.next++
	if l.pending.len() > 0 || len(l.passed) > 0 {
		l.advance(now)
	}
	c.stored(now, l, more)
}

// stored settles what follows from bytes that used credit.
func (c *Conn) stored(now time.Duration, l *recvLane, more []rlc.Recovered) {
	if len(l.passed) > maxGaps {
		c.violation(CodeViolation, "too many gaps between the messages of a lane")
		return
	}
	c.extend(l)
	c.grant(now, l.channel, 0)
	if c.in.begun = c.in.begun || l.rest() > 0; c.in.begun {
		c.grantBegun(now)
	}
	if len(more) > 0 {
		c.recovered(now, l, more)
	}
}

// deliverCredited delivers what a message completes, in order or as it comes.
func (l *recvLane) deliverCredited(now time.Duration, r *reassembly) {
	if l.mode == proto.ModeUnordered && r.complete() {
		l.passed.add(r.seq, r.seq+1)
		l.deliver(r, 0)
	}
	l.advance(now)
}

// deliverLoose delivers what a message completes in a mode without credit.
func (l *recvLane) deliverLoose(now time.Duration, r *reassembly) {
	switch l.mode {
	case proto.ModeDeadline:
		seq := r.seq
		l.advance(now)
		if l.pending.len() == 0 {
			l.earliest = never
		} else if l.pending.get(seq) == r && r.complete() {
			l.earliest = min(l.earliest, r.expires)
		}
	case proto.ModeUnreliable:
		if r.complete() {
			l.deliver(r, 0)
		}
	case proto.ModeLatest, proto.ModeSequenced:
		if !r.complete() {
			return
		}
		skipped := int(r.seq - l.next)
		l.miss(l.next, r.seq)
		l.next = r.seq + 1
		l.deliver(r, skipped)
		l.forget(l.next)
	case proto.ModeOrdered, proto.ModeUnordered:
		panic("BUG: a mode with credit")
	}
}

// deliver has the application find a message that is whole.
func (l *recvLane) deliver(r *reassembly, skipped int) {
	l.remove(r)
	data := r.start
	r.start = nil // the application's
	seq := r.seq
	l.all.finish(r)
	l.all.deliver(l, seq, data, skipped)
}

// begun is the message of the lane that needs credit to be completed, nil if
// there is none.
func (l *recvLane) begun() *reassembly {
	if l.mode == proto.ModeOrdered {
		if r := l.pending.get(l.next); r != nil && !r.complete() {
			return r
		}
		return nil
	}
	var newest *reassembly
	for r := range l.pending.all() {
		if (newest == nil || r.seq > newest.seq) && !r.complete() {
			newest = r
		}
	}
	return newest
}

// rest is how many bytes are missing of the message that is begun.
func (l *recvLane) rest() uint64 {
	if r := l.begun(); r != nil {
		return r.size - r.received
	}
	return 0
}

// advance delivers whole messages in order and passes over those given up, and
// over those that waited for their turn beyond their deadline: nobody woke the
// connection in time.
func (l *recvLane) advance(now time.Duration) {
	for {
		if len(l.passed) > 0 && l.passed[0].lo == l.next {
			if l.mode == proto.ModeDeadline {
				l.skipped += int(l.passed[0].hi - l.next)
			}
			l.next = l.passed[0].hi
			l.passed.removeBelow(l.next)
			continue
		}
		r := l.pending.get(l.next)
		if r == nil || !r.complete() {
			return
		}
		if l.mode == proto.ModeDeadline && r.expires <= now {
			l.keep(-int(r.received), -1)
			l.remove(r)
			l.all.finish(r)
			l.late.add(l.next, l.next+1)
			l.lapsed++
			l.skipped++
		} else {
			l.deliver(r, l.skipped)
			l.skipped = 0
		}
		l.next++
	}
}

// bound keeps the memory of a lane without credit bounded: the oldest messages
// in parts are dropped, and nothing is waited for at the expense of what is
// there.
func (c *Conn) bound(now time.Duration, l *recvLane) {
	most, bytes := partials, partialBytes
	if l.mode == proto.ModeDeadline {
		most, bytes = looseCount, looseLimit
	}
	for l.pending.len() > 1 && (l.pending.len() > most || l.kept > bytes) {
		c.giveUp(now, l, l.oldest())
	}
}

// oldest is the first message of those pending.
func (l *recvLane) oldest() uint64 {
	oldest := never64
	for r := range l.pending.all() {
		oldest = min(oldest, r.seq)
	}
	return oldest
}

// giveUp drops the oldest message of those pending of a lane without credit.
func (c *Conn) giveUp(now time.Duration, l *recvLane, oldest uint64) {
	if l.mode == proto.ModeDeadline {
		c.passOver(now, l, l.next, oldest+1)
	} else {
		l.drop(l.pending.get(oldest))
	}
}

const never64 = ^uint64(0)

// drop forgets a message in parts.
func (l *recvLane) drop(r *reassembly) {
	l.keep(-int(r.received), -1)
	l.remove(r)
	l.all.finish(r)
	l.overrun++
}

// remove takes a message out of those pending.
func (l *recvLane) remove(r *reassembly) {
	l.kept -= int(r.received)
	l.pending.remove(r.seq)
}

// missedKept bounds how many intervals of missed messages are remembered.
const missedKept = 64

// miss notes that the messages [lo, hi) will not be delivered, so that one that
// comes is known from a copy of one that was.
func (l *recvLane) miss(lo, hi uint64) {
	if lo == hi {
		return
	}
	if l.missed.add(lo, hi); len(l.missed) > missedKept {
		l.missed = slices.Delete(l.missed, 0, 1)
	}
}

// forget drops all messages in parts below a number.
func (l *recvLane) forget(below uint64) {
	for r := range l.pending.all() {
		if r.seq < below {
			l.drop(r)
		}
	}
}

// restSilence is how long a receiver that knows of something missing lets the
// peer be silent: the peer's first probes would have come by then.
func (c *Conn) restSilence() time.Duration { return max(3*c.probeTimeout(), minRestSilence) }

const minRestSilence = 250 * time.Millisecond

// awaitRest arms the timer that asks where the rest of a message is, unless it
// is our credit that the peer waits for. The peer may be sending it to an
// address we had before: a router on the way gave us another one, and only a
// packet of ours can tell the peer.
func (c *Conn) awaitRest(now time.Duration) {
	switch {
	case !c.in.incomplete() || c.in.credit.blocked() || c.state != Open && c.state != Draining:
		c.timers.stop(timerRest)
	case !c.timers.isSet(timerRest):
		at := c.heardAt + c.restSilence()
		if at <= now { // asked, and not answered
			at = now + c.restSilence()
		}
		c.timers.set(timerRest, at)
	}
}

// incomplete reports whether a message is known of that is repaired and not
// here.
func (q *incoming) incomplete() bool {
	for _, l := range q.lanes {
		if credited(l.mode) && l.pending.len() > 0 && !l.channel.credit.blocked() {
			return true
		}
	}
	return false
}

// restExpired pings if nothing was heard meanwhile. If the ping is not answered
// the probe timer repeats it.
func (c *Conn) restExpired(now time.Duration) {
	if now-c.heardAt >= c.restSilence() && c.recovery.inFlight == 0 {
		c.pingPending = true
	}
}
