package lossy

import "time"

// A change of rate reaches what waits. In a backlog that follows by itself. What
// has its time already, because its queue decides on arrival, is given another:
// the transmitter sends it anew, from where it stands, and each datagram moves on
// its link by as much as it is sent earlier or later. What comes of it is as if it
// had been sent at these times in the first place: what could not overtake still
// cannot, and what was held to be overtaken still is.

// change gives the transmitter another rate or another trace. What is being sent
// keeps its time; the rest begins behind it, and not in the past.
func (b *Bottleneck) change(now time.Duration, rate uint64, trace *LinkTrace) {
	t := &b.head.transmitter
	if b.records.count > 0 {
		t.busyUntil, t.carry = b.busy, 0
	}
	if b.records.count > 0 || b.head.packets > 0 {
		t.hold(now)
	}
	t.set(rate, trace)
	if b.records.count == 0 {
		return
	}
	links := make(reorderings)
	for i := range b.records.count {
		r := b.records.at(i)
		start := t.start(now)
		sent := t.transmit(now, r.size)
		if r.link != nil {
			links.move(now, r, sent)
		}
		r.start, r.sent = start, sent
	}
	for l, o := range links {
		l.settle(o)
	}
}

// reorderings are the orders of the links whose datagrams wait, each behind the
// datagram that was moved last.
type reorderings map[*Link]*reordering

type reordering struct{ was, is fifo }

// move has a datagram come out as if its last bit were out then.
func (links reorderings) move(now time.Duration, r *record, sent time.Duration) {
	l := r.link
	o := links[l]
	if o == nil {
		o = &reordering{fifo{r.behind}, fifo{r.behind}}
		links[l] = o
	}
	o.meets(r.behind)
	r.behind = o.is.last
	was, is := r.sent+r.delay, sent+r.delay
	if r.ordered {
		wasInOrder, isInOrder := o.was.due(was), o.is.due(is)
		if !r.racing {
			was, is = wasInOrder, isInOrder
		}
	}
	switch r.where {
	case fromWire:
		if p := labelled(&l.wire, r.number, (*passage).place); p != nil {
			p.due = is
		}
	case fromRace:
		if p := labelled(&l.race.line, r.number, (*racer).place); p != nil {
			p.due = is
		}
	case fromAside:
		if d := l.displacedAs(&r.ticket); d != nil {
			d.expires += is - was
		}
	}
	if l.trace != nil && sent != r.sent {
		l.trace(now, 0, Verdict{Index: l.indexOf(r.index), Moved: r.copy + 1, Wait: sent - r.sent})
	}
}

// meets follows the order of a link to the next datagram that waits. It may have
// gone on behind one that did not come this way, past another bottleneck or by a
// script, which keeps its time. Not seen is one that may overtake others and was to
// come out before those it went on behind.
func (o *reordering) meets(behind time.Duration) {
	if behind > o.was.last {
		o.was.due(behind)
		o.is.due(behind)
	}
}

// settle puts a link in order some of whose datagrams were moved.
func (l *Link) settle(o *reordering) {
	o.meets(l.order.last)
	l.order = o.is
	var last fifo
	for i := range l.wire.count {
		p := &l.wire.at(i).label
		p.due = last.due(p.due)
	}
	l.order.due(last.last)
	if !l.race.empty() {
		l.race.sort()
	}
	for i := 1; i < l.aside.count; i++ {
		l.aside.at(i).label.behind = l.aside.at(i - 1).label.end()
	}
	if !l.aside.empty() {
		l.expires = l.aside.at(l.aside.count - 1).label.end()
	}
}

func (p *passage) place() uint64   { return p.number }
func (d *displaced) place() uint64 { return d.after }

// labelled returns the label with a number, by which the line is in order, nil if
// there is none.
func labelled[Label any](q *line[Label], number uint64, of func(*Label) uint64) *Label {
	i := reaching(q, number, of)
	if i == q.count || of(&q.at(i).label) != number {
		return nil
	}
	return &q.at(i).label
}

// reaching is how many labels there are before the first with that number or a
// larger one.
func reaching[Label any](q *line[Label], number uint64, of func(*Label) uint64) int {
	low, high := 0, q.count
	for low < high {
		if middle := (low + high) / 2; of(&q.at(middle).label) < number {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// displacedAs returns the one that waits beside the wire with a ticket. Several may
// have the same number.
func (l *Link) displacedAs(t *ticket) *displaced {
	for i := reaching(&l.aside, t.number, (*displaced).place); i < l.aside.count; i++ {
		d := &l.aside.at(i).label
		if d.after != t.number {
			return nil
		}
		if d.index == t.index && d.copy == t.copy {
			return d
		}
	}
	return nil
}
