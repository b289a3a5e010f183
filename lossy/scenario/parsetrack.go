package scenario

import (
	"errors"
	"fmt"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// readTracks reads the object of a ramp or a wave: settings for both directions,
// and under "up" and "down" those for one, which take precedence.
func (s *step) readTracks(m settings.Member) error {
	members, err := settings.ParseObject(m.Value)
	if err == nil && len(members) == 0 {
		err = errors.New("moves nothing: the object is empty")
	}
	if err != nil {
		return settings.Within(m.Name, err)
	}
	var common, directed []track
	for _, inner := range members {
		switch inner.Name {
		case "up":
			directed, err = appendDirection(directed, m.Name, inner, lossy.Up)
		case "down":
			directed, err = appendDirection(directed, m.Name, inner, lossy.Down)
		default:
			var t track
			if t, err = readTrack(m.Name, inner); err == nil {
				for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
					t.direction = d
					common = append(common, t)
				}
			}
		}
		if err != nil {
			return settings.Within(m.Name, err)
		}
	}
	for _, t := range common {
		if !moves(directed, &t) {
			s.tracks = append(s.tracks, t)
		}
	}
	s.tracks = append(s.tracks, directed...)
	return nil
}

func moves(tracks []track, other *track) bool {
	for i := range tracks {
		if tracks[i].direction == other.direction && tracks[i].field.Name == other.field.Name {
			return true
		}
	}
	return false
}

func appendDirection(tracks []track, kind string, m settings.Member, d lossy.Direction) ([]track, error) {
	members, err := settings.ParseObject(m.Value)
	if err != nil {
		return nil, settings.Within(m.Name, err)
	}
	for _, inner := range members {
		t, err := readTrack(kind, inner)
		if err != nil {
			return nil, settings.Within(m.Name, err)
		}
		t.direction = d
		t.path = kind + "." + m.Name + "." + inner.Name
		tracks = append(tracks, t)
	}
	return tracks, nil
}

// readTrack reads how one setting moves.
func readTrack(kind string, m settings.Member) (track, error) {
	t := track{path: kind + "." + m.Name}
	var known bool
	if t.field, known = settings.FieldNamed(m.Name); !known {
		return t, &settings.FieldError{Field: m.Name, Err: settings.ErrUnknownField}
	}
	if !t.field.Numeric() {
		return t, settings.Within(m.Name, errors.New("is no number, so that nothing lies between two of its values: set it"))
	}
	read := t.readRamp
	if kind == "wave" {
		read = t.readWave
	}
	return t, settings.Within(m.Name, read(m))
}

// readRamp reads the value at the end, or {"from": ..., "to": ..., "curve": ...}.
func (t *track) readRamp(m settings.Member) error {
	t.current = true
	if m.Value[0] != '{' {
		return t.readEnd(&t.to, m, false)
	}
	members, err := settings.ParseObject(m.Value)
	if err != nil {
		return err
	}
	to := false
	for _, end := range members {
		switch end.Name {
		case "from":
			t.current = false
			err = t.readEnd(&t.from, end, true)
		case "to":
			to = true
			err = t.readEnd(&t.to, end, true)
		case "curve":
			switch string(end.Value) {
			case `"linear"`:
			case `"geometric"`:
				t.shape = geometricRamp
			default:
				err = settings.Within(end.Name, errors.New("want \"linear\" or \"geometric\""))
			}
		default:
			err = &settings.FieldError{Field: end.Name, Err: settings.ErrUnknownField}
		}
		if err != nil {
			return err
		}
	}
	if !to {
		return settings.Within("to", errors.New("is missing: the value to arrive at"))
	}
	if err := t.checkEnd(t.to); err != nil {
		return settings.Within("to", err)
	}
	if t.current {
		return nil
	}
	return settings.Within("from", t.checkEnd(t.from))
}

// checkEnd says why values cannot lie between v and another, if so.
func (t *track) checkEnd(v float64) error {
	if err := t.field.CheckEnd(v); err != nil {
		return err
	}
	if t.shape == geometricRamp && v == 0 {
		return errors.New("0 has no ratio to another value, as a geometric curve needs: give a small one, or curve linear")
	}
	return nil
}

// readWave reads {"shape": "sine", "low": ..., "high": ..., "period": ...}.
func (t *track) readWave(m settings.Member) error {
	members, err := settings.ParseObject(m.Value)
	if err != nil {
		return err
	}
	given := make(fields, len(members))
	t.shape = sine
	for _, part := range members {
		given[part.Name] = part
		switch part.Name {
		case "shape":
			t.shape, err = readShape(part)
		case "low":
			err = t.readEnd(&t.from, part, true)
		case "high":
			err = t.readEnd(&t.to, part, true)
		case "period":
			if t.period, err = span(part); err == nil && t.period < 2*MinResolution {
				err = settings.Within(part.Name, fmt.Errorf("%v: must be at least %v", t.period, 2*MinResolution))
			}
		default:
			err = &settings.FieldError{Field: part.Name, Err: settings.ErrUnknownField}
		}
		if err != nil {
			return err
		}
	}
	for _, name := range []string{"low", "high", "period"} {
		if _, ok := given[name]; !ok {
			return settings.Within(name, errors.New("is missing: a wave goes between low and high once in a period"))
		}
	}
	if t.from > t.to {
		return settings.Within("low", errors.New("is above high"))
	}
	if t.shape != sine {
		t.edge = t.period
	}
	return nil
}

func readShape(m settings.Member) (shape, error) {
	if text, err := m.Text(); err == nil {
		if s, ok := waves[text]; ok {
			return s, nil
		}
	}
	return 0, settings.Within(m.Name, errors.New("want sine, saw, square or triangle"))
}

// readEnd reads a value that the setting moves from or to; named says that the
// path of an error has the member's name.
func (t *track) readEnd(at *float64, m settings.Member, named bool) error {
	text, err := m.Text()
	if err == nil {
		*at, err = t.field.ParseNumber(text)
	}
	if err == nil && !isNumber(*at) {
		err = errors.New("is no finite number")
	}
	if err == nil {
		err = t.checkEnd(*at)
	}
	if field, ok := errors.AsType[*settings.FieldError](err); ok && field.Field == m.Name {
		err = field.Err // found by Text, which knows the name
	}
	if named {
		return settings.Within(m.Name, err)
	}
	return err
}
