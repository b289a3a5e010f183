package sim

// Shrink makes a record that fails as small as it can while it fails in the
// same way, with at most budget replays. plant is as in RecordSwarm. It is
// deterministic. A record that does not fail comes back as it is.
//
// It first looks for a small record among those that can be drawn from the parts
// of this one (rebuild). Then it takes out whole kinds of things (a node, an
// option, all duplicates, all restarts), then single ones by delta debugging
// (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
// 2002), then makes what is left plainer: shorter messages, rounder times, less
// delay. It begins again until nothing helps. Two faults that the oracle has the
// same words for are one to it.
func Shrink(r *Record, plant func(*World), budget int) *Record {
	s := &shrinker{best: r, plant: plant, left: budget}
	first := r.replay(plant)
	if first.err == nil {
		return r
	}
	s.kind = first.kind
	s.best = trimmed(r, first)
	s.rebuild()
	for s.left > 0 {
		s.progress = false
		s.features()
		s.single()
		if s.progress {
			continue // what costs more comes when there is less
		}
		s.plainer()
		if !s.progress && !s.pairs() {
			break
		}
	}
	return s.best
}

// shrinkBudget is enough replays for everything seen so far, a few seconds.
const shrinkBudget = 4000

type shrinker struct {
	best     *Record // the smallest that fails so far
	plant    func(*World)
	kind     string // how it must fail
	left     int    // replays
	progress bool
}

// try keeps a record if it fails as it should.
func (s *shrinker) try(r *Record) bool {
	if s.left == 0 {
		return false
	}
	s.left--
	o := r.replay(s.plant)
	if o.err == nil || o.kind != s.kind {
		return false
	}
	s.best = trimmed(r, o)
	s.progress = true
	return true
}

// trimmed is a record without what had no part in its outcome: steps after the
// end or that could not be done, fates of datagrams that were never sent.
func trimmed(r *Record, o outcome) *Record {
	c := r.with()
	c.steps, c.fates, c.end = nil, nil, o.at
	for i, st := range r.steps {
		if o.done[i] {
			c.steps = append(c.steps, st)
		}
	}
	for _, d := range r.fates {
		if d.number < o.sent[[2]int{d.from, d.to}] {
			c.fates = append(c.fates, d)
		}
	}
	return c
}

// with is a copy whose lists can be changed.
func (r *Record) with() *Record {
	c := *r
	c.nodes = append([]recordedNode(nil), r.nodes...)
	c.links = append([]recordedLink(nil), r.links...)
	c.fates = append([]decision(nil), r.fates...)
	c.steps = append([]step(nil), r.steps...)
	return &c
}

// keepFates and keepSteps are copies with a part of the lists.
func (r *Record) keepFates(keep func(decision) bool) *Record {
	c := r.with()
	c.fates = c.fates[:0]
	for _, d := range r.fates {
		if keep(d) {
			c.fates = append(c.fates, d)
		}
	}
	return c
}

func (r *Record) keepSteps(keep func(step) bool) *Record {
	c := r.with()
	c.steps = c.steps[:0]
	for _, st := range r.steps {
		if st.fixed() || keep(st) {
			c.steps = append(c.steps, st)
		}
	}
	return c
}

// fixed steps are never taken out one by one: they are what makes the demands
// at the end fair.
func (s step) fixed() bool { return s.verb >= verbHeal }

// features takes out whole kinds of things.
func (s *shrinker) features() {
	for n := len(s.best.nodes) - 1; n >= 0 && len(s.best.nodes) > 2; n-- {
		s.try(s.best.withoutNode(n))
	}
	for v := verbDial; v < verbHeal; v++ {
		if s.has(v) {
			s.try(s.best.keepSteps(func(st step) bool { return st.verb != v }))
		}
	}
	for kind := Deliver; kind <= Corrupt; kind++ {
		c := s.best.keepFates(func(d decision) bool { return d.fate.Kind != kind })
		if len(c.fates) < len(s.best.fates) {
			s.try(c)
		}
	}
	for i := range s.best.nodes {
		for _, off := range optionsOff {
			c := s.best.with()
			off(&c.nodes[i].options)
			if c.nodes[i].options != s.best.nodes[i].options {
				s.try(c)
			}
		}
	}
}

// optionsOff take an option back to its default, one each.
var optionsOff = []func(*nodeOptions){
	func(o *nodeOptions) { *o = nodeOptions{listen: o.listen} },
	func(o *nodeOptions) { o.seed = 0 },
	func(o *nodeOptions) { o.rendezvous = false },
	func(o *nodeOptions) { o.manual = false },
	func(o *nodeOptions) { o.hold = 0 },
	func(o *nodeOptions) { o.plain = false },
	func(o *nodeOptions) { o.idle = 0 },
	func(o *nodeOptions) { o.keepAlive = 0 },
	func(o *nodeOptions) { o.window = 0 },
	func(o *nodeOptions) { o.sendBuffer = 0 },
	func(o *nodeOptions) { o.first = 0 },
	func(o *nodeOptions) { o.cwnd = 0 },
	func(o *nodeOptions) { o.listen, o.rendezvous = false, false },
}

func (s *shrinker) has(v verb) bool {
	for _, st := range s.best.steps {
		if st.verb == v {
			return true
		}
	}
	return false
}

// withoutNode leaves a node out, with everything it took part in. Those after
// it move up.
func (r *Record) withoutNode(n int) *Record {
	c := r.keepFates(func(d decision) bool { return d.from != n && d.to != n })
	c.steps, c.nodes, c.links = c.steps[:0], append(c.nodes[:n], c.nodes[n+1:]...), c.links[:0]
	up := func(i int) int {
		if i > n {
			return i - 1
		}
		return i
	}
	for i := range c.fates {
		c.fates[i].from, c.fates[i].to = up(c.fates[i].from), up(c.fates[i].to)
	}
	for _, st := range r.steps {
		if st.fixed() || st.node != n && (st.verb != verbDial || st.peer != n) {
			st.node, st.peer = up(st.node), up(st.peer)
			c.steps = append(c.steps, st)
		}
	}
	for _, l := range r.links {
		if l.a != n && l.b != n {
			c.links = append(c.links, recordedLink{up(l.a), up(l.b), l.delay})
		}
	}
	return c
}

// single takes out single fates, steps and messages.
func (s *shrinker) single() {
	s.ddmin(func() int { return len(s.best.fates) }, func(lo, hi int) *Record {
		i := -1
		return s.best.keepFates(func(decision) bool { i++; return i < lo || i >= hi })
	})
	s.ddmin(s.looseSteps, func(lo, hi int) *Record {
		i := -1
		return s.best.keepSteps(func(step) bool { i++; return i < lo || i >= hi })
	})
	for fewer := range 3 {
		s.ddmin(s.messages, func(lo, hi int) *Record { return s.best.withoutMessages(lo, hi, fewer) })
	}
}

// pairs takes out two decisions together where neither can go alone: a loss,
// say, and the message without which another loss hits what it hits now. It
// reports whether it found some.
func (s *shrinker) pairs() bool {
	n := s.best.decisions()
	for i := n - 1; i > 0; i-- {
		for j := i - 1; j >= 0; j-- {
			for fewer := range 3 {
				if s.try(s.best.without(i, j, fewer)) {
					return true
				}
			}
		}
	}
	return false
}

// without leaves out the i-th and the j-th decision, fates first.
func (r *Record) without(i, j, fewer int) *Record {
	at := -1
	next := func() bool { at++; return at != i && at != j }
	c := r.keepFates(func(decision) bool { return next() }).keepSteps(func(step) bool { return next() })
	return c.shifted(fewer)
}

// shifted lets the fates befall datagrams sent so many before, where there are
// any.
func (r *Record) shifted(fewer int) *Record {
	c := r.keepFates(func(d decision) bool { return d.number >= fewer })
	for i := range c.fates {
		c.fates[i].number -= fewer
	}
	return c
}

// looseSteps is how many steps may be taken out.
func (s *shrinker) looseSteps() int {
	n := 0
	for _, st := range s.best.steps {
		if !st.fixed() {
			n++
		}
	}
	return n
}

// messages is how many messages are sent.
func (s *shrinker) messages() int {
	n := 0
	for _, st := range s.best.steps {
		if st.verb == verbSend {
			n += len(st.numbers)
		}
	}
	return n
}

// withoutMessages leaves messages out. That many fewer datagrams may be needed
// then before those that the fates are meant for.
func (r *Record) withoutMessages(lo, hi, fewer int) *Record {
	c := r.shifted(fewer)
	c.steps = c.steps[:0]
	i := 0
	for _, st := range r.steps {
		if st.verb == verbSend {
			var keep []int
			for _, size := range st.numbers {
				if i < lo || i >= hi {
					keep = append(keep, size)
				}
				i++
			}
			if len(keep) == 0 {
				continue
			}
			st.numbers = keep
		}
		c.steps = append(c.steps, st)
	}
	return c
}

// ddmin takes out runs of a list, long ones first, the last ones first.
func (s *shrinker) ddmin(length func() int, without func(lo, hi int) *Record) {
	for size := length(); size > 0; size /= 2 {
		for hi := length(); hi > 0; {
			lo := max(hi-size, 0)
			s.try(without(lo, hi))
			hi = min(lo, length())
		}
	}
}
