package scenario

import (
	"encoding/json"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// list is steps one after the other.
type list struct {
	steps  []step
	length time.Duration // never if it has no end
	first  time.Duration // when the first change comes, never if none does
}

// each calls f with every step, those of loops included.
func (l *list) each(f func(*step)) {
	for i := range l.steps {
		s := &l.steps[i]
		f(s)
		if s.loop != nil {
			s.loop.body.each(f)
		}
	}
}

// step is one entry of a list.
type step struct {
	path  string        // "steps.3"
	begin time.Duration // in its list
	hold  time.Duration // until the next may begin; never if none can

	// What happens as it begins, in this order.
	mark       string
	reset      bool
	enabled    *bool
	upstream   string
	set        *settings.Edits
	setText    json.RawMessage // without what is in files
	tracks     []track         // of ramps and waves, all the time that it holds
	resolution time.Duration   // between two points of a track
	blackout   *blackout
	rebind     bool

	loop *loop // instead of all that
}

// loop is steps that are repeated.
type loop struct {
	times int64 // 0 = for ever
	body  list
	cut   bool // the step's "for" ends before the last time does
}

// blackout is a time in which nothing passes.
type blackout struct {
	lasting    time.Duration
	directions []lossy.Direction
}

// acts says whether anything happens in a step that is no loop.
func (s *step) acts() bool {
	return s.mark != "" || s.reset || s.enabled != nil || s.upstream != "" || s.set != nil ||
		len(s.tracks) > 0 || s.blackout != nil || s.rebind
}

// next is when the next point of the step comes, after the one at offset.
func (s *step) next(offset time.Duration) (time.Duration, bool) {
	if offset >= s.hold || len(s.tracks) == 0 {
		return 0, false
	}
	next := s.hold
	for i := range s.tracks {
		t := &s.tracks[i]
		if t.edge > 0 {
			next = min(next, t.nextEdge(offset))
		}
		if t.shape != square {
			next = min(next, (offset/s.resolution+1)*s.resolution)
		}
	}
	return next, true
}

// points is how many points the step has at most, with that at its begin.
func (s *step) points() int64 {
	n := int64(1)
	if len(s.tracks) == 0 {
		return n
	}
	n += int64(s.hold/s.resolution) + 1
	for i := range s.tracks {
		if t := &s.tracks[i]; t.edge > 0 {
			n += int64(s.hold/t.edge)*int64(t.edges()) + 1
		}
	}
	return n
}
