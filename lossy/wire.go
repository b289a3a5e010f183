package lossy

import (
	"math"
	"time"
)

// The wire of a link, behind its bottleneck: who is on it, who waits beside it,
// and who comes out next.

// passage is one datagram on the wire.
type passage struct {
	due    time.Duration
	number uint64 // how many went onto the wire before it
	outside
}

// outside is what is written on the outside of a datagram.
type outside struct {
	tag   uint64
	index uint32 // the low bits of the packet's
	copy  uint8  // which of its copies, from 0
	mark  ECN
}

// place is when a datagram comes out of the wire, and what it does there.
type place struct {
	due    time.Duration
	racing bool
	aside  bool
}

// lay decides about the place of a datagram whose last bit is out. One that is
// sent at once, and a copy that comes late, race those on the wire: they neither
// wait for others nor hold them up.
func (l *Link) lay(v *Verdict, sent, late time.Duration, racing bool, order *fifo) place {
	p := place{due: sent + v.Delay + late, racing: racing}
	if v.AtOnce || late > 0 {
		p.racing = true
		return p
	}
	if inOrder := order.due(p.due); !racing {
		p.due = inOrder
	}
	p.aside = v.By > 0 || v.Hold > 0
	return p
}

// enter puts a datagram on the wire, or aside if it is displaced.
func (l *Link) enter(v *Verdict, at place, o outside, payload []byte) {
	switch p := (passage{at.due, l.entered, o}); {
	case at.aside:
		l.stepAside(v, at.due, o, payload)
		return
	case at.racing:
		if l.race == nil {
			l.race = new(race)
		}
		l.race.push(p, payload)
	default:
		l.wire.push(p, payload)
	}
	l.entered++
}

// stepAside has a datagram wait beside the wire until it has been overtaken.
func (l *Link) stepAside(v *Verdict, due time.Duration, o outside, payload []byte) {
	d := displaced{after: l.entered, until: math.MaxUint64, outside: o}
	// Never before an earlier displaced one, whose By, hold or delay may have
	// been larger.
	if v.Hold == 0 {
		l.until = max(l.until, l.entered+uint64(v.By))
		d.until = l.until
	}
	l.expires = max(l.expires, due+v.held())
	d.expires = l.expires
	l.aside.push(d, payload)
}

// source says where the next datagram comes from.
type source uint8

const (
	fromNowhere source = iota // the link is empty
	fromWire
	fromRace
	fromAside
)

func (l *Link) next() (from source, due time.Duration) {
	if !l.wire.empty() {
		from, due = fromWire, l.wire.first().due
	}
	if !l.race.empty() && (from == fromNowhere || l.race.label().before(l.wire.first())) {
		from, due = fromRace, l.race.label().due
	}
	if l.aside.empty() {
		return from, due
	}
	d := l.aside.first()
	if l.passed >= d.until {
		// The last of those that overtake it has just come out; it follows.
		return fromAside, l.latest
	}
	if from == fromNowhere || d.expires <= due {
		return fromAside, d.expires
	}
	return from, due
}

func (p *passage) before(q *passage) bool {
	return p.due < q.due || p.due == q.due && p.number < q.number
}

// pass notes that a datagram of the wire comes out.
func (l *Link) pass(p *passage) {
	l.passed++
	l.latest = p.due
	l.arrived = p.outside
	l.overtaken(p.number)
	l.newest = max(l.newest, p.number+1)
}

// overtaken notes that a datagram comes out that was sent when `before` had
// gone onto the wire, and counts it if one sent later has come out already.
func (l *Link) overtaken(before uint64) {
	if l.newest > before {
		l.stats.Reordered++
	}
	l.newest = max(l.newest, before)
}
