package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// reader turns JSON into steps.
type reader struct {
	resolution time.Duration // of steps that have none
	changes    int64         // counted so far, as MaxChanges says
}

// list reads an array of steps. An error's path begins with the step's number.
func (r *reader) list(path string, text json.RawMessage, depth int) (list, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil || len(raw) == 0 {
		return list{}, errors.New("want a list of steps, at least one")
	}
	l := list{first: never, steps: make([]step, 0, min(len(raw), 1024))}
	for i, text := range raw {
		number := strconv.Itoa(i)
		s, err := r.step(path+"."+number, text, l.length, depth)
		if err != nil {
			return list{}, settings.Within(number, err)
		}
		if l.first == never {
			l.first = s.first()
		}
		l.length = never
		if s.hold != never {
			if l.length = s.begin + s.hold; l.length > MaxTime {
				return list{}, settings.Within(number, fmt.Errorf("ends after %v: at most %v", l.length, MaxTime))
			}
		}
		l.steps = append(l.steps, s)
	}
	return l, nil
}

// first is when the first change of a step comes in its list, never if none does.
func (s *step) first() time.Duration {
	switch {
	case s.loop == nil && s.acts():
		return s.begin
	case s.loop != nil && s.loop.body.first != never && !(s.loop.cut && s.loop.body.first >= s.hold):
		return s.begin + s.loop.body.first
	}
	return never
}

// fields are the members of a step by name.
type fields map[string]settings.Member

// step reads one step, which cannot begin before the given time.
func (r *reader) step(path string, text json.RawMessage, earliest time.Duration, depth int) (step, error) {
	s := step{path: path, begin: earliest, resolution: r.resolution}
	if r.changes += 1 << depth; r.changes > MaxChanges {
		return s, errTooMuch
	}
	members, err := settings.ParseObject(text)
	if err != nil {
		return s, err
	}
	if len(members) == 0 {
		return s, errors.New("is empty: give it something to do, or \"for\" to wait")
	}
	if earliest == never {
		return s, errors.New("is never reached: the step before it goes on for ever")
	}
	given := make(fields, len(members))
	for _, m := range members {
		given[m.Name] = m
	}
	if err := s.readTimes(given); err != nil {
		return s, err
	}
	if _, loops := given["loop"]; loops {
		return s, r.loop(&s, members, given, depth)
	}
	for _, m := range members {
		if err := s.read(m); err != nil {
			return s, err
		}
	}
	if len(s.tracks) > 0 && s.hold == 0 {
		return s, settings.Within("for", errors.New("is missing: how long the ramp or wave takes, such as \"10s\""))
	}
	if r.changes += (s.points() - 1) << depth; r.changes > MaxChanges {
		return s, errTooMuch
	}
	return s, s.checkOverlap()
}

var errTooMuch = fmt.Errorf("the scenario has more than %d steps and points of ramps and waves up to here, "+
	"those in a loop counted twice: give a coarser resolution", MaxChanges)

// readTimes reads at and for.
func (s *step) readTimes(given fields) error {
	if m, ok := given["at"]; ok {
		at, err := span(m)
		if err != nil {
			return err
		}
		if at < s.begin {
			return settings.Within("at", fmt.Errorf("%v: the step before it ends only at %v", at, s.begin))
		}
		s.begin = at
	}
	if m, ok := given["for"]; ok {
		d, err := span(m)
		if err == nil && d == 0 {
			err = settings.Within("for", errors.New("0s: must be more than nothing"))
		}
		s.hold = d
		return err
	}
	return nil
}

// read takes in one member of a step that is no loop.
func (s *step) read(m settings.Member) (err error) {
	switch m.Name {
	case "at", "for": // were read before
	case "mark":
		s.mark, err = plainText(m)
	case "reset":
		s.reset, err = s.only(m)
	case "rebind":
		s.rebind, err = s.only(m)
	case "enabled":
		var on bool
		if string(m.Value) != "true" && string(m.Value) != "false" {
			return settings.Within(m.Name, errors.New("want true or false"))
		}
		on = string(m.Value) == "true"
		s.enabled = &on
	case "upstream":
		if s.upstream, err = plainText(m); err == nil && s.upstream == "" {
			err = settings.Within(m.Name, errors.New("is empty: want HOST:PORT"))
		}
	case "set":
		err = s.readSet(m)
	case "ramp", "wave":
		err = s.readTracks(m)
	case "resolution":
		s.resolution, err = resolution(m)
	case "blackout":
		s.blackout, err = readBlackout(m)
	default:
		err = &settings.FieldError{Field: m.Name, Err: settings.ErrUnknownField}
	}
	return err
}

// only reads what is true or not there.
func (s *step) only(m settings.Member) (bool, error) {
	if string(m.Value) != "true" {
		return false, settings.Within(m.Name, errors.New("want true, or leave it out"))
	}
	return true, nil
}

func (s *step) readSet(m settings.Member) error {
	members, err := settings.ParseObject(m.Value)
	if err != nil {
		return settings.Within(m.Name, err)
	}
	if len(members) == 0 {
		return settings.Within(m.Name, errors.New("sets nothing: the object is empty"))
	}
	s.set = new(settings.Edits)
	for _, setting := range members {
		if err := s.set.Add(setting); err != nil {
			return settings.Within(m.Name, err)
		}
	}
	if s.setText, err = settings.WithoutContent(m.Value); err != nil {
		return settings.Within(m.Name, err)
	}
	return nil
}

// readBlackout reads a time, or {"for": "3s", "direction": "up"}.
func readBlackout(m settings.Member) (*blackout, error) {
	b := &blackout{directions: []lossy.Direction{lossy.Up, lossy.Down}}
	members := []settings.Member{{Name: "for", Value: m.Value}}
	var err error
	within := func(err error) error { return settings.Within(m.Name, err) }
	if m.Value[0] == '{' {
		if members, err = settings.ParseObject(m.Value); err != nil {
			return nil, within(err)
		}
	} else {
		within = func(err error) error { // the path has no "for" that the reader did not write
			if field, ok := errors.AsType[*settings.FieldError](err); ok {
				err = field.Err
			}
			return settings.Within(m.Name, err)
		}
	}
	for _, m := range members {
		switch m.Name {
		case "for":
			if b.lasting, err = span(m); err == nil && b.lasting > lossy.MaxOutageTime {
				err = settings.Within(m.Name, fmt.Errorf("%v: at most %v", b.lasting, lossy.MaxOutageTime))
			}
		case "direction":
			b.directions, err = readDirections(m)
		default:
			err = &settings.FieldError{Field: m.Name, Err: settings.ErrUnknownField}
		}
		if err != nil {
			return nil, within(err)
		}
	}
	if b.lasting == 0 {
		return nil, within(settings.Within("for", errors.New("is missing or 0s: say how long, such as \"3s\"")))
	}
	return b, nil
}

func readDirections(m settings.Member) ([]lossy.Direction, error) {
	switch string(m.Value) {
	case `"up"`:
		return []lossy.Direction{lossy.Up}, nil
	case `"down"`:
		return []lossy.Direction{lossy.Down}, nil
	case `"both"`:
		return []lossy.Direction{lossy.Up, lossy.Down}, nil
	}
	return nil, settings.Within(m.Name, errors.New("want \"up\", \"down\" or \"both\""))
}

// loop reads a step that repeats others.
func (r *reader) loop(s *step, members []settings.Member, given fields, depth int) error {
	for _, m := range members {
		switch m.Name {
		case "loop", "steps", "at", "for":
		default:
			return settings.Within(m.Name, errors.New("has no place in a loop: put it into a step before it, or into its steps"))
		}
	}
	if depth == MaxDepth {
		return settings.Within("loop", fmt.Errorf("loops within loops: at most %d deep", MaxDepth))
	}
	s.loop = new(loop)
	if times := given["loop"].Value; string(times) != `"forever"` {
		n, err := strconv.ParseInt(string(times), 10, 64)
		if err != nil || n < 1 {
			return settings.Within("loop", errors.New("want how often, at least 1, or \"forever\""))
		}
		s.loop.times = n
	}
	steps, ok := given["steps"]
	if !ok {
		return settings.Within("steps", errors.New("is missing: the steps that are repeated"))
	}
	body, err := r.list(s.path+".steps", steps.Value, depth+1)
	if err != nil {
		return settings.Within("steps", err)
	}
	s.loop.body = body
	if err := s.loop.check(); err != nil {
		return settings.Within("steps", err)
	}
	length, err := s.loop.length()
	if err != nil {
		return settings.Within("loop", err)
	}
	if s.hold == 0 {
		s.hold = length
	}
	if s.loop.cut = s.hold < length; s.loop.cut && body.first >= s.hold {
		return settings.Within("for", fmt.Errorf("%v: nothing changes before %v", s.hold, body.first))
	}
	return nil
}

// check says what is wrong with what is to be repeated.
func (l *loop) check() error {
	switch {
	case l.body.first == never:
		return errors.New("change nothing: to wait, give a step \"for\"")
	case l.times == 1:
		return nil
	case l.body.length == never:
		return errors.New("have no end, so that nothing is repeated: give the loop within a number, or \"for\"")
	case l.body.length < MinResolution:
		return fmt.Errorf("take %v: what is repeated must take at least %v, so give the last of them \"for\"", l.body.length, MinResolution)
	}
	return nil
}

// length is how long all repetitions take.
func (l *loop) length() (time.Duration, error) {
	switch {
	case l.times == 0 || l.body.length == never:
		return never, nil
	case l.body.length > 0 && l.times > int64(MaxTime/l.body.length):
		return 0, fmt.Errorf("%d times %v is longer than %v: write \"forever\"", l.times, l.body.length, MaxTime)
	}
	return time.Duration(l.times) * l.body.length, nil
}

// checkOverlap wants each setting to move one way at a time.
func (s *step) checkOverlap() error {
	seen := make(map[string]string, len(s.tracks))
	for i := range s.tracks {
		t := &s.tracks[i]
		key := t.direction.String() + " " + t.field.Name
		if other, twice := seen[key]; twice {
			return &settings.FieldError{Field: t.path, Err: fmt.Errorf("moves already by %s", other)}
		}
		seen[key] = t.path
	}
	return nil
}

// isNumber says whether a value is finite: computing with it is safe.
func isNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
