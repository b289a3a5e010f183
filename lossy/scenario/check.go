package scenario

import (
	"fmt"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// check goes through everything that can happen and validates the settings after
// each change. Of a loop that takes two times and what is left of a last one: each
// time through overwrites the same settings, so from the second on they are the
// same whenever it begins.
func (s *Scenario) check(base lossy.Config, names settings.Names) error {
	c := checker{base: base, planned: base, names: names}
	if err := c.validate(); err != nil {
		return fmt.Errorf("the settings it begins with: %w", err)
	}
	limit := never
	if end := s.end(); end < s.steps.length {
		limit = end
	}
	return c.list(&s.steps, 0, limit)
}

// checker follows the settings as a Player plans them.
type checker struct {
	base, planned lossy.Config
	names         settings.Names
	from          []float64
}

// validate says what is wrong with the settings as they are planned.
func (c *checker) validate() error {
	if err := c.planned.Validate(); err != nil {
		return err
	}
	return c.names.Check(&c.planned)
}

// list goes once through steps that begin at a time, up to a limit after it.
func (c *checker) list(l *list, begun, limit time.Duration) error {
	for i := range l.steps {
		s := &l.steps[i]
		if s.begin >= limit {
			return nil
		}
		left := limit
		if limit != never {
			left = limit - s.begin
		}
		var err error
		if s.loop != nil {
			err = c.loop(s, begun+s.begin, left)
		} else {
			err = c.step(s, begun+s.begin, left)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) loop(s *step, begun, limit time.Duration) error {
	body := &s.loop.body
	if s.loop.cut {
		limit = min(limit, s.hold)
	}
	before := c.planned
	if err := c.list(body, begun, limit); err != nil {
		return err
	}
	if limit <= body.length {
		return nil // that was all of it
	}
	whole := s.loop.times // times that are not cut short
	if limit != never && body.length > 0 {
		if fit := int64(limit / body.length); whole == 0 || fit < whole {
			whole = fit
		}
	}
	if s.loop.times == 1 {
		return nil
	}
	if whole != 1 && c.planned != before {
		if err := c.list(body, begun+body.length, limit-body.length); err != nil {
			return err
		}
	}
	if limit == never || whole == s.loop.times {
		return nil
	}
	return c.list(body, begun+time.Duration(whole)*body.length, limit-time.Duration(whole)*body.length)
}

// step makes every change of a step that begins at a time.
func (c *checker) step(s *step, begun, limit time.Duration) error {
	for offset, more := time.Duration(0), s.acts(); more && offset <= limit; offset, more = s.next(offset) {
		change := s.change(begun+offset, offset, &c.base)
		if err := change.Apply(&c.planned); err != nil { // of a file's name, before origins would meet it
			return s.fault(change.At, "set", err)
		}
		if offset == 0 {
			c.from = s.origins(c.from[:0], &c.planned, &change)
			if err := s.checkOrigins(c.from); err != nil {
				return err
			}
		}
		change.points = s.pointsAt(offset, c.from)
		if err := change.Apply(&c.planned); err != nil {
			return s.fault(change.At, "set", err)
		}
		if err := c.validate(); err != nil {
			return s.fault(change.At, s.mover(err), err)
		}
	}
	return nil
}

// checkOrigins wants ramps to begin at values from which there is a way.
func (s *step) checkOrigins(from []float64) error {
	for i := range s.tracks {
		if t := &s.tracks[i]; t.current {
			if err := t.checkEnd(from[i]); err != nil {
				return settings.Within(s.path, settings.Within(t.path, fmt.Errorf("begins at the value there is, %w; say \"from\" where", err)))
			}
		}
	}
	return nil
}

// mover is the member of a step that is most likely to have made settings invalid:
// a track whose name the error has, or what sets.
func (s *step) mover(err error) string {
	for i := range s.tracks {
		if strings.Contains(err.Error(), s.tracks[i].field.Name) {
			return s.tracks[i].path
		}
	}
	if s.set != nil {
		return "set"
	}
	if len(s.tracks) > 0 {
		return s.tracks[0].path
	}
	return ""
}

// fault is an error of a step at a time.
func (s *step) fault(at time.Duration, member string, err error) error {
	path := s.path
	if member != "" {
		path += "." + member
	}
	return &settings.FieldError{Field: path, Err: fmt.Errorf("at %v: %w", at, err)}
}
