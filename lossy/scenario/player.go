package scenario

import (
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Player plays a scenario: it says what changes when, and leaves the doing and
// the waiting to the caller.
//
//	player, err := s.Start(network.Config())
//	for {
//		at, ok := player.Next()      // sleep until then, on the caller's clock
//		for {
//			c, ok := player.Take(now) // until it says false
//			c.Apply(&config)          // and what else c has
//		}
//	}
//
// Times are since the scenario began. What Take returns depends on them alone, not
// on how often or how late it is called, but for the end of a scenario that counts
// datagrams. A loop costs the same memory however often it runs. Not for concurrent
// use.
type Player struct {
	scenario *Scenario
	base     lossy.Config
	planned  lossy.Config // what the settings are if nobody else changes them

	stack []frame
	at    time.Duration // of the next change, never if there is none
	from  []float64     // where the ramps of the step at hand begin

	passed [2]uint64     // datagrams, by direction
	look   time.Duration // when they are looked at next
	end    time.Duration
	done   bool
}

// frame is a list that is being played.
type frame struct {
	list    *list
	begun   time.Duration // this repetition
	times   int64         // how many there are, 0 = no end
	current int64         // the one at hand, from 0
	index   int           // of the step at hand
	end     time.Duration // nothing begins from then on; never unless it is cut short
}

// Start begins the scenario over a network of these settings. The error names the
// step that would make them invalid, at whatever time: in the middle of a run none
// will.
func (s *Scenario) Start(base lossy.Config) (*Player, error) {
	return s.StartKnowing(base, settings.Names{})
}

// StartKnowing is Start where it is known what rules may ask for.
func (s *Scenario) StartKnowing(base lossy.Config, names settings.Names) (*Player, error) {
	if err := s.check(base, names); err != nil {
		return nil, err
	}
	p := &Player{scenario: s, base: base, planned: base, end: s.end(), look: never}
	if s.until.counts() {
		p.look = s.resolution
	}
	root := frame{list: &s.steps, times: 1, end: never}
	if p.end < s.steps.length {
		root.end = p.end
	}
	p.stack = append(p.stack, root)
	p.settle()
	return p, nil
}

// Scenario is what is being played.
func (p *Player) Scenario() *Scenario { return p.scenario }

// Base is the settings that the scenario began with.
func (p *Player) Base() lossy.Config { return p.base }

// Next is when Take has something next, or datagrams are to be counted. False means
// never again.
func (p *Player) Next() (time.Duration, bool) {
	if p.done {
		return 0, false
	}
	next := min(p.at, p.look, p.end)
	return next, next != never
}

// Done says whether the scenario is over. One that lasts for ever never is.
func (p *Player) Done() bool { return p.done }

// SetPassed says how many datagrams of a direction have passed since the scenario
// began. It matters to one that lasts until so many have, which looks before each
// change and once per resolution.
func (p *Player) SetPassed(d lossy.Direction, datagrams uint64) { p.passed[d] = datagrams }

// Take returns the earliest change that is due at or before now and was not taken
// yet. False means that none is.
func (p *Player) Take(now time.Duration) (Change, bool) {
	if p.done {
		return Change{}, false
	}
	if due := min(p.at, p.look); due <= now && p.counted() {
		p.end = due
		return p.finish(), true
	}
	if p.look <= now {
		p.look = (now/p.scenario.resolution + 1) * p.scenario.resolution
	}
	switch {
	case p.at <= now && p.at <= p.end:
		return p.take(), true
	case p.end <= now:
		return p.finish(), true
	}
	return Change{}, false
}

// counted says whether as many datagrams have passed as the scenario waits for.
func (p *Player) counted() bool {
	for d, want := range p.scenario.until.datagrams {
		if want > 0 && p.passed[d] >= want {
			return true
		}
	}
	return false
}

// finish ends the scenario.
func (p *Player) finish() Change {
	p.done, p.stack = true, nil
	return Change{At: p.end, End: true}
}

// take makes the change at p.at and moves on to the next.
func (p *Player) take() Change {
	f := &p.stack[len(p.stack)-1]
	s := &f.list.steps[f.index]
	offset := p.at - f.begun - s.begin
	c := s.change(p.at, offset, &p.base)
	if offset == 0 {
		p.from = s.origins(p.from[:0], &p.planned, &c)
	}
	c.points = s.pointsAt(offset, p.from)
	if err := c.Apply(&p.planned); err != nil {
		panic("BUG: a change that Start found to be in order: " + err.Error())
	}
	if next, more := s.next(offset); more && f.begun+s.begin+next <= f.end {
		p.at = f.begun + s.begin + next
	} else {
		f.index++
		p.settle()
	}
	return c
}

// settle finds the next step in which anything happens.
func (p *Player) settle() {
	p.at = never
	for len(p.stack) > 0 {
		f := &p.stack[len(p.stack)-1]
		if f.index == len(f.list.steps) {
			if !f.repeat() {
				p.pop()
			}
			continue
		}
		s := &f.list.steps[f.index]
		begin := later(f.begun, s.begin)
		switch {
		case begin >= f.end:
			p.pop()
		case s.loop != nil:
			end := f.end
			if s.loop.cut {
				end = min(end, later(begin, s.hold))
			}
			p.stack = append(p.stack, frame{list: &s.loop.body, begun: begin, times: s.loop.times, end: end})
		case s.acts():
			p.at = begin
			return
		default:
			f.index++
		}
	}
}

// repeat begins the list again, if it is to be.
func (f *frame) repeat() bool {
	next := later(f.begun, f.list.length)
	if f.times != 0 && f.current+1 >= f.times || next >= f.end {
		return false
	}
	f.begun, f.index = next, 0
	f.current++
	return true
}

// pop ends the list at hand, and with it the step that has it as a loop.
func (p *Player) pop() {
	p.stack = p.stack[:len(p.stack)-1]
	if len(p.stack) > 0 {
		p.stack[len(p.stack)-1].index++
	}
}

// later adds what may be never.
func later(t, d time.Duration) time.Duration {
	if t == never || d >= never-t {
		return never
	}
	return t + d
}

// change is what the step does at an offset, but for its tracks.
func (s *step) change(at, offset time.Duration, base *lossy.Config) Change {
	c := Change{At: at, Step: s.path, base: base}
	if offset > 0 {
		return c
	}
	c.Mark, c.Reset, c.Enabled, c.Upstream, c.Rebind = s.mark, s.reset, s.enabled, s.upstream, s.rebind
	c.set, c.text = s.set, s.setText
	if s.blackout != nil {
		c.Blackout = s.blackout.lasting
		for _, d := range s.blackout.directions {
			c.Dark[d] = true
		}
	}
	return c
}

// origins appends where each track of a step begins: with the values there are
// after what the step sets.
func (s *step) origins(to []float64, planned *lossy.Config, c *Change) []float64 {
	if len(s.tracks) == 0 {
		return to
	}
	cfg := *planned
	if err := c.Apply(&cfg); err != nil {
		panic("BUG: a change that Start found to be in order: " + err.Error())
	}
	for i := range s.tracks {
		t := &s.tracks[i]
		if t.current {
			to = append(to, t.field.Number(profile(&cfg, t.direction)))
		} else {
			to = append(to, t.from)
		}
	}
	return to
}

// pointsAt is where the tracks of a step are at an offset.
func (s *step) pointsAt(offset time.Duration, from []float64) []point {
	if len(s.tracks) == 0 {
		return nil
	}
	points := make([]point, len(s.tracks))
	for i := range s.tracks {
		points[i] = point{&s.tracks[i], s.tracks[i].at(offset, s.hold, from[i])}
	}
	return points
}
