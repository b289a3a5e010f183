package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// What can only be taken away from ends where nothing can go alone: every fate
// is meant for the datagram of a number, and without the one before, that is
// another datagram. So a failure is also sought among small records that are
// drawn from the parts of the large one. They take next to no time to run.
const (
	rebuildEnough = 12  // decisions: a record this small is taken away from only
	rebuildTries  = 400 // records drawn each time
	rebuildSteps  = 5   // most steps of one, besides dials
	rebuildFates  = 6   // most fates of one
	rebuildReach  = 10  // its fates befall datagrams with numbers below

	rebuildPause = 200 * time.Millisecond // between the moments at which its steps are
)

// plainFates are what a fate is tried to be, whatever it was.
var plainFates = []Fate{
	{Kind: Drop}, {Kind: Delay, By: 100 * time.Millisecond}, {Kind: Duplicate, Again: 10 * time.Millisecond},
}

// rebuild looks for a smaller record that fails in the same way.
func (s *shrinker) rebuild() {
	random := rand.New(rand.NewPCG(uint64(s.left), 8))
	from := s.best
	for range rebuildTries {
		if s.best.decisions() <= rebuildEnough {
			return
		}
		if c := from.drawn(random); c.decisions() < s.best.decisions() {
			s.try(c)
		}
	}
}

// drawn is a small record of parts of r: one dial, a few of the other steps and a
// few of the fates, as if they had been meant for that connection and its first
// datagrams.
func (r *Record) drawn(random *rand.Rand) *Record {
	c := r.with()
	c.steps, c.fates = c.steps[:0], c.fates[:0]
	var dials, others, fixed []step
	for _, st := range r.steps {
		switch {
		case st.fixed():
			fixed = append(fixed, st)
		case st.verb == verbDial:
			dials = append(dials, st)
		default:
			others = append(others, st)
		}
	}
	if len(dials) == 0 {
		return r
	}
	dial := dials[random.IntN(len(dials))]
	ends := [2]int{dial.node, dial.peer}
	dial.at = 0
	c.steps = append(c.steps, dial)
	until := r.end
	if len(fixed) > 0 {
		until = fixed[0].at
	}
	for range random.IntN(min(rebuildSteps, len(others)) + 1) {
		st := others[random.IntN(len(others))]
		if st.conn > 0 {
			st.node, st.conn = ends[random.IntN(2)], 1
		}
		if st.verb == verbSend {
			st.numbers = []int{st.numbers[random.IntN(len(st.numbers))]}
		}
		st.at = min(time.Duration(random.IntN(5))*rebuildPause, until)
		c.steps = append(c.steps, st)
	}
	slices.SortStableFunc(c.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	c.steps = append(c.steps, fixed...)
	if random.IntN(2) == 0 {
		for i := range c.nodes {
			optionsOff[0](&c.nodes[i].options)
		}
	}
	for range random.IntN(min(rebuildFates, len(r.fates)) + 1) {
		d := r.fates[random.IntN(len(r.fates))]
		way := random.IntN(2)
		if random.IntN(2) == 0 {
			d.fate = plainFates[random.IntN(len(plainFates))]
		}
		d.from, d.to, d.number = ends[way], ends[1-way], random.IntN(rebuildReach)
		c.fates = append(c.fates, d)
	}
	order := func(a, b decision) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.number, b.number))
	}
	slices.SortStableFunc(c.fates, order)
	c.fates = slices.CompactFunc(c.fates, func(a, b decision) bool { return order(a, b) == 0 })
	return c
}
