package congestion

import "time"

// Constants of daltDepth; DESIGN.md gives the reasons.
const (
	// daltShallowest is how often the target is halved at most.
	daltShallowest = 3
	// daltOverflows is how many climbs in a row must end in excess loss at the
	// largest queue before the target is halved.
	daltOverflows = 5
	// daltHeld is how many climbs must reach a halved target before it is
	// doubled again.
	daltHeld = 8
	// daltBelow is the part of what the delivery rate calls full that a flow
	// resumes with where its target is halved.
	daltBelow = 0.94
)

// daltDepth knows whether the bottleneck's queue is too shallow for the target
// of Dalt. Losses that a queue causes come when it is at its largest, climb
// after climb; losses that the path has come at any. Where the first is seen,
// the target is halved until it is below that queue, and the flow drains before
// the overflow again. Halves, for flows of one bottleneck must take the same
// target, or they would not drain together.
type daltDepth struct {
	halvings  int
	overflows int // climbs in a row that ended so
	held      int // climbs that reached the target since it was halved
	largest   windowedMax
}

// overflowed takes in a climb that excess loss ended, with the largest queue of
// its end; goal is the target that is not halved.
func (p *daltDepth) overflowed(queue, goal time.Duration) {
	largest := p.largest.value()
	switch {
	case largest < goal/10:
		// There is never a queue: a policer.
	case queue < largest*4/5, queue < goal/10:
		return
	}
	p.held = 0
	if p.overflows++; p.overflows < daltOverflows {
		return
	}
	p.overflows = 0
	for p.halvings < daltShallowest && goal>>p.halvings > queue*7/10 {
		p.halvings++
	}
}

// reached takes in a climb that ended because the queue stood at the target.
func (p *daltDepth) reached() {
	p.overflows = 0
	if p.halvings == 0 {
		return
	}
	if p.held++; p.held >= daltHeld {
		p.halvings--
		p.held = 0
		p.overflows = daltOverflows - 1 // one more, and it is halved again
	}
}

// windowedMax is the largest of the values of the last 5 to 10 s, and 0 at
// least. Its zero value is ready.
type windowedMax struct {
	now, before time.Duration // of this span and of the one before
	since       time.Duration
}

func (m *windowedMax) add(now, v time.Duration) {
	if now-m.since >= minSpan {
		m.before, m.now, m.since = m.now, 0, now
	}
	m.now = max(m.now, v)
}

func (m *windowedMax) value() time.Duration { return max(m.now, m.before) }
