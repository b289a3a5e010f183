package lossy

import "time"

// Bottleneck is a policer, a queue and a transmitter, which is what a datagram
// meets before the wire. A Link has one of its own, as its profile says. One made
// by NewBottleneck may be given to several (Link.SetBottleneck): their datagrams
// then queue in the order in which they are sent, whatever link they are on,
// and everything behind it (delay, jitter, reordering) stays each link's own.
//
// Links that share one are not for concurrent use: one lock must cover them all.
//
// It works in one of two ways. When a queue only ever drops what arrives, the
// time at which a datagram gets out is known as it comes in, so it goes onto
// the wire at once, with that time, and only a record stays behind of what
// still queues, by which it is found if a change of rate gives it another. When
// the choice falls at the head of the queue, datagrams wait in a backlog that is
// served as time is said to pass.
type Bottleneck struct {
	limit      limit
	policer    policer
	discipline Discipline
	choice     choice // of the discipline
	early      red    // if discipline is a RED
	marking    bool   // CE instead of an early drop, where the datagram allows it
	overhead   int

	head    head
	clock   time.Duration // the latest time given to advance
	turn    time.Duration // nothing happens in the backlog before; 0 = not known
	records records       // of those that have gone on and whose first bit is not out
	counted int           // bytes of them, with overhead
	busy    time.Duration // when the last bit of the one before them is out, if there are any
	backlog line[waiting]
}

// choice is what a discipline drops.
type choice uint8

const (
	atTail     choice = iota // what does not fit
	early                    // what arrives, by chance
	oldest                   // what has waited longest; this and the next choose at the head
	controlled               // what has waited for too long
)

// NewBottleneck returns a bottleneck to be shared by several links. What it
// does follows from the profiles set on them: they should agree in all fields
// that concern it, for the one set last holds.
func NewBottleneck() *Bottleneck { return &Bottleneck{} }

// unlimited is the bottleneck of all links that have none, which are most, and
// many where there are many flows. Nothing ever changes in it.
var unlimited Bottleneck

// narrow says whether the profile asks for a bottleneck.
func (p *Profile) narrow() bool {
	return p.Rate != 0 || p.LinkTrace != nil || p.Policer != (Policer{}) || p.Overhead != 0 || p.Discipline != nil
}

// SameBottleneck says whether two profiles ask for the same bottleneck: policer,
// queue and transmitter. Those of links that share one should; see NewBottleneck.
func (p Profile) SameBottleneck(o Profile) bool {
	return p.limit() == o.limit() && p.Policer == o.Policer && p.Overhead == o.Overhead &&
		p.rate() == o.rate() && p.LinkTrace == o.LinkTrace && p.Discipline == o.Discipline && p.ECN == o.ECN
}

// SameRate says whether two profiles have what waits sent alike: at one rate or by
// one trace, at a bottleneck that is shared or not.
func (p Profile) SameRate(o Profile) bool {
	return p.rate() == o.rate() && p.LinkTrace == o.LinkTrace && p.SharedBottleneck == o.SharedBottleneck
}

// set changes the rules, for what arrives from now on and for those that wait:
// their turn had not come. A time before that of the last call of advance counts
// as that time.
func (b *Bottleneck) set(now time.Duration, p *Profile) {
	now = max(now, b.clock)
	b.advance(now)
	b.limit = p.limit()
	b.policer.set(p.Policer)
	b.overhead = p.Overhead
	b.marking = p.ECN
	if t := &b.head.transmitter; t.rate != p.rate() || t.trace.of != p.LinkTrace {
		b.change(now, p.rate(), p.LinkTrace)
	}
	b.turn = 0
	if p.Discipline != b.discipline {
		b.discipline, b.choice = p.Discipline, atTail
		switch d := p.Discipline.(type) {
		case DropHead:
			b.choice = oldest
		case RED:
			b.choice, b.early = early, red{RED: d, count: -1}
		case CoDel:
			b.choice, b.head.codel = controlled, codel{CoDel: d}
		}
	}
	b.early.pace(p.meanRate())
}

// deferred says whether datagrams wait in the backlog.
func (b *Bottleneck) deferred() bool {
	return b.head.packets > 0 || b.choice >= oldest && b.head.transmitter.limited()
}

// queued is what waits for its first bit to be sent.
func (b *Bottleneck) queued() (packets, bytes int) {
	return b.records.count + b.head.packets, b.counted + b.head.bytes
}

// idle says whether a datagram that arrives now need not wait.
func (b *Bottleneck) idle(now time.Duration) bool {
	t := &b.head.transmitter
	return b.head.packets == 0 && (!t.limited() || t.start(now) <= now)
}

// fits says whether the limit lets a datagram queue behind others: so many, with
// so many bytes, of which some wait in the backlog.
func (b *Bottleneck) fits(now time.Duration, size, packets, bytes, backlog int) bool {
	switch m := b.limit; {
	case m.packets > 0:
		return packets < m.packets
	case m.bytes > 0:
		return bytes+size <= m.bytes
	default:
		return b.head.transmitter.behind(now, backlog)-now <= m.time
	}
}

// admit decides about a datagram that arrives. The time is that of the last
// call of advance. The draw is for RED.
func (b *Bottleneck) admit(now time.Duration, size int, mark ECN, draws stream, index uint64) (why Cause, marked bool) {
	if b.policer.takes(now, size) {
		return CausePolicer, false
	}
	packets, bytes := b.queued()
	if b.choice == early && b.head.transmitter.limited() {
		b.early.arrives(packets, bytes, now-b.head.transmitter.busyUntil)
		hit, beyond := b.early.decide(draws, index)
		marked = hit && !beyond && b.marking && mark.capable()
		if hit && !marked {
			return CauseAQM, false
		}
	}
	if !b.idle(now) && !b.fits(now, size, packets, bytes, b.head.bytes) && !b.yields(now, size) {
		return CauseQueue, false
	}
	if packets >= MaxQueuePackets {
		return CauseOverload, false
	}
	return CauseNone, marked
}

// yields says whether drop-head can make room for a datagram.
func (b *Bottleneck) yields(now time.Duration, size int) bool {
	return b.choice == oldest && b.fits(now, size, b.records.count, b.counted, 0)
}

// makeRoom drops from the head until the limit lets a datagram in, which admit
// did. Only for drop-head is there anything to do.
func (b *Bottleneck) makeRoom(now time.Duration, size int) {
	if b.choice != oldest {
		return
	}
	for b.head.packets > 0 {
		packets, bytes := b.queued()
		if b.fits(now, size, packets, bytes, b.head.bytes) {
			return
		}
		w := b.backlog.first()
		b.head.packets--
		b.head.bytes -= w.size
		w.link.dropped(w, now, CauseQueue)
		b.backlog.drop()
		b.turn = 0
	}
}

// transmit has a datagram sent as soon as those before it are, and returns when
// it is out, and its record if it waits.
func (b *Bottleneck) transmit(now time.Duration, size int) (sent time.Duration, r *record) {
	t := &b.head.transmitter
	if !t.limited() && t.busyUntil <= now {
		return now, nil
	}
	start := t.start(now)
	if start <= now {
		return t.transmit(now, size), nil
	}
	if b.records.count == 0 {
		b.busy = t.busyUntil
	}
	sent = t.transmit(now, size)
	b.counted += size
	return sent, b.records.push(start, sent, size)
}

// advance lets everything happen up to now: datagrams leave the queue, and what
// waits in the backlog is sent or dropped.
func (b *Bottleneck) advance(now time.Duration) {
	b.clock = max(b.clock, now)
	for b.records.count > 0 && b.records.first().start <= now {
		r := b.records.first()
		b.counted -= r.size
		b.busy = r.sent
		b.records.drop()
	}
	if b.head.packets > 0 && now < b.turn {
		return
	}
	for b.head.packets > 0 {
		w := b.backlog.first()
		did, start, sent := b.head.step(b, w, now)
		switch did {
		case waits:
			b.turn = start
			return
		case drops:
			w.link.dropped(w, start, CauseAQM)
		default:
			w.link.transmitted(w, b.backlog.payload(), start, sent, did == marks)
		}
		b.backlog.drop()
	}
}
