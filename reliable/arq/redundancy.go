package arq

import (
	"time"

	"udplab/proto"
)

// Redundancy says whether small messages are sent more often than once before
// their loss is known, so that a loss costs less than a round trip.
type Redundancy uint8

const (
	// RedundancyAdaptive repeats small messages of thin flows as often as the
	// measured loss asks for: not at all where nothing is lost.
	RedundancyAdaptive Redundancy = iota
	// RedundancyOff sends again only what was lost.
	RedundancyOff
)

// The repeats of a message. A first one comes so soon that a lost message is
// hardly late; it costs a packet of its own unless another leaves just then.
// The others rather wait for the next packet of the flow. All times are parts
// of the round trip.
var repeats = [...]struct{ ride, due float64 }{
	{1. / 32, 1. / 16},
	{1. / 8, 1. / 2},
	{1. / 4, 1},
}

const (
	// repeatSize is the largest message repeated, bytes.
	repeatSize = 512
	// repeatRTT is the shortest round trip worth it: below, a repair is soon
	// enough.
	repeatRTT = 8 * time.Millisecond
	// repeatMissing is how many messages may miss all copies at the measured
	// loss: more copies would improve nothing that is seen at the 99.9th
	// percentile.
	repeatMissing = 1.5e-4
	// repeatLoss is the loss below which nothing is repeated.
	repeatLoss = 5e-4
	// repeatQueue bounds the messages that wait to be repeated. More are no thin
	// flow.
	repeatQueue = 64
)

// redundancy decides what is repeated and when.
type redundancy struct {
	loss  lossRate
	owed  float64 // copies the messages so far should have had and had not
	queue []repeat

	coded  []uint16 // lanes with a repair symbol due
	symbol []byte   // the one in hand
}

// repeat is a copy of a message that will be sent.
type repeat struct {
	lane  uint16
	seq   uint64
	first time.Duration // when the message left for the first time
	copy  int           // 0 is the first
	of    int           // how many there will be
}

func (r *repeat) rideAt(rtt time.Duration) time.Duration {
	return r.first + time.Duration(repeats[r.copy].ride*float64(rtt))
}

func (r *repeat) dueAt(rtt time.Duration) time.Duration {
	return r.first + time.Duration(repeats[r.copy].due*float64(rtt))
}

// lossRate is the share of packets lost, over the last few hundred. It rises
// fast with the first losses.
type lossRate struct {
	rate    float64
	packets int
}

const lossRateSpan = 512

func (l *lossRate) add(lost float64) {
	l.packets = min(l.packets+1, lossRateSpan)
	l.rate += (lost - l.rate) / float64(max(l.packets, lossRateSpan/8))
}

// copies is how many copies a message should have on average, one at least where
// anything is lost, so that only repeatMissing of them miss all.
func (r *redundancy) copies() float64 {
	p := r.loss.rate
	if p < repeatLoss {
		return 0
	}
	missing := p * p // with n copies each
	for n := 1; n < len(repeats); n++ {
		less := missing * p
		if less < repeatMissing {
			return float64(n) + max(missing-repeatMissing, 0)/(missing-less)
		}
		missing = less
	}
	return float64(len(repeats))
}

// repeatLater plans so many copies on average of a message that just left whole.
func (c *Conn) repeatLater(now time.Duration, l *sendLane, seq uint64, copies float64) {
	r := &c.redundancy
	if len(r.queue) >= repeatQueue {
		return
	}
	r.owed += copies
	n := min(int(r.owed), len(repeats))
	if n == 0 {
		return
	}
	r.owed -= float64(n)
	r.queue = append(r.queue, repeat{lane: l.index, seq: seq, first: now, of: n})
}

// repeatsDue reports whether a copy has to leave even in a packet of its own,
// and arms the timer for the next one. Copies are for flows that have room: they
// never take any from data.
func (c *Conn) repeatsDue(now time.Duration) bool {
	r := &c.redundancy
	c.timers.stop(timerRepeat)
	if len(r.queue) == 0 && len(r.coded) == 0 {
		return false
	}
	at := never
	for _, index := range r.coded {
		at = min(at, c.out.lanes[index].code.dueAt)
	}
	kept := r.queue[:0]
	for i := range r.queue {
		p := &r.queue[i]
		l := c.out.lanes[p.lane]
		if !l.messages.has(p.seq) || !l.wanted(l.messages.at(p.seq)) {
			continue
		}
		at = min(at, p.dueAt(c.rtt.min))
		kept = append(kept, *p)
	}
	r.queue = kept
	if at > now {
		c.timers.set(timerRepeat, at)
		return false
	}
	if c.recovery.inFlight > c.congestion.Window()/2 { // not a thin flow any more
		for _, index := range r.coded {
			c.out.lanes[index].code.due = false
		}
		r.queue, r.coded = r.queue[:0], r.coded[:0]
		return false
	}
	return true
}

// addRepeats adds the copies whose time has come, as far as there is room.
func (c *Conn) addRepeats(now time.Duration, b *proto.DataBuilder, p *sentPacket, limit int) {
	r := &c.redundancy
	c.addSymbols(b, p, limit)
	kept := r.queue[:0]
	for _, next := range r.queue {
		l := c.out.lanes[next.lane]
		if !l.messages.has(next.seq) || !l.wanted(l.messages.at(next.seq)) {
			continue
		}
		size := uint64(len(l.messages.at(next.seq).data))
		if now < next.rideAt(c.rtt.min) || limit-b.Len() < int(size)+maxHeaders {
			kept = append(kept, next)
			continue
		}
		c.sayTime(now, l, b, p)
		c.appendPiece(now, b, p, limit, l, next.seq, 0, size)
		c.stats.Repeats++
		c.stats.RepeatBytes += size
		if next.copy++; next.copy < next.of {
			kept = append(kept, next)
		}
	}
	r.queue = kept
}

// spare notes that a piece that was acknowledged as the first of its message is
// a copy, sent before anything was known to be lost.
func (c *Conn) spare(l *sendLane, p *piece) {
	m := l.messages.at(p.seq)
	if !p.first && m.retransmits == 0 && p.whole(uint64(len(m.data))) && c.sent.pieces.has(m.whole) {
		c.sent.pieces.at(m.whole).spared = true
	}
}
