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

// course is what a verdict says of a datagram's place on the wire.
type course struct {
	delay  time.Duration
	atOnce bool
	racing bool // sent under JitterReorder
	aside  bool // it is displaced, see detour
}

func (v *Verdict) course() course {
	return course{v.Delay, v.AtOnce, v.Racing, v.By > 0 || v.Hold > 0}
}

// detour is how a datagram that steps aside is overtaken: by a number of others,
// or for a time.
type detour struct {
	by   int
	hold time.Duration
}

func (v *Verdict) detour() detour { return detour{v.By, v.Hold} }

// held is for how long a displaced packet waits at most beyond its turn.
func (d detour) held() time.Duration {
	if d.hold > 0 {
		return d.hold
	}
	return ReorderHold
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
func (c course) lay(sent, late time.Duration, order *fifo) place {
	p := place{due: sent + c.delay + late, racing: c.racing}
	if c.atOnce || late > 0 {
		p.racing = true
		return p
	}
	if inOrder := order.due(p.due); !c.racing {
		p.due = inOrder
	}
	p.aside = c.aside
	return p
}

// enter puts a datagram on the wire, if it is not displaced.
func (l *Link) enter(at place, o outside, payload []byte) {
	p := passage{at.due, l.entered, o}
	if !at.racing {
		l.wire.push(p, payload)
	} else {
		if l.race == nil {
			l.race = new(race)
		}
		l.race.push(p, payload)
	}
	l.entered++
}

// stepAside has a datagram wait beside the wire until it has been overtaken.
func (l *Link) stepAside(due time.Duration, o outside, by detour, payload []byte) {
	d := displaced{after: l.entered, until: math.MaxUint64, outside: o}
	// Never before an earlier displaced one, whose number, hold or delay may have
	// been larger.
	if by.hold == 0 {
		l.until = max(l.until, l.entered+uint64(by.by))
		d.until = l.until
	}
	d.behind, d.expires = l.expires, due+by.held()
	l.expires = d.end()
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
	if end := d.end(); from == fromNowhere || end <= due {
		return fromAside, end
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
