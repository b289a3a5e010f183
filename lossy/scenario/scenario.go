package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Limits of a Scenario.
const (
	MaxBytes = 4 << 20 // of its JSON
	// MaxChanges bounds the steps, and the points of ramps and waves. As a loop is
	// gone through twice to be checked, what it has counts twice, in loops within
	// loops each time.
	MaxChanges    = 100_000
	MaxDepth      = 4                         // of loops within loops
	MaxTime       = 10 * 365 * 24 * time.Hour // of a pass, and of what is not endless
	MaxText       = 2000                      // bytes of a name, an about or a mark
	MinResolution = time.Millisecond          // and the shortest body of a loop
)

// DefaultResolution is the time between two points of a ramp or wave.
const DefaultResolution = 100 * time.Millisecond

// never is later than any time of a scenario.
const never = time.Duration(math.MaxInt64)

// Scenario is a timeline that was read and found to be in order. It never
// changes and may be started any number of times, from several goroutines.
type Scenario struct {
	text        string // the JSON it was read from, without white space
	name, about string
	resolution  time.Duration
	until       until
	steps       list
}

// until is when a scenario ends, besides with its steps.
type until struct {
	given     bool
	at        time.Duration // never = forever
	datagrams [2]uint64     // by direction, 0 = no matter how many
}

func (u *until) counts() bool { return u.datagrams != [2]uint64{} }

// Parse reads a scenario; the package doc has its form. The error says what is
// wrong, as a settings.FieldError with the path of the field where it is one's
// ("steps.3.ramp.loss.to"). What depends on the settings it begins with is for
// Start.
func Parse(text []byte) (*Scenario, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("a scenario of %d bytes: at most %d", len(text), MaxBytes)
	}
	members, err := settings.ParseObject(text)
	if err != nil {
		return nil, err
	}
	s := &Scenario{resolution: DefaultResolution}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	s.text = compact.String()
	var steps json.RawMessage
	for _, m := range members {
		switch m.Name {
		case "name":
			s.name, err = plainText(m)
		case "about":
			s.about, err = plainText(m)
		case "resolution":
			s.resolution, err = resolution(m)
		case "until":
			s.until, err = parseUntil(m)
		case "steps":
			steps = m.Value
		default:
			err = &settings.FieldError{Field: m.Name, Err: settings.ErrUnknownField}
		}
		if err != nil {
			return nil, err
		}
	}
	if steps == nil {
		return nil, settings.Within("steps", errors.New("is missing: a scenario is a list of them"))
	}
	r := reader{resolution: s.resolution}
	if s.steps, err = r.list("steps", steps, 0); err != nil {
		return nil, settings.Within("steps", err)
	}
	return s, nil
}

// String returns the JSON that Parse reads, in one line.
func (s *Scenario) String() string { return s.text }

// MarshalJSON implements json.Marshaler with what Parse reads.
func (s *Scenario) MarshalJSON() ([]byte, error) { return []byte(s.text), nil }

// Name is what the scenario calls itself, "" if it does not.
func (s *Scenario) Name() string { return s.name }

// About is what the scenario says of itself.
func (s *Scenario) About() string { return s.about }

// Length is how long the scenario goes on. False means that it does for ever, or
// until so many datagrams have passed.
func (s *Scenario) Length() (time.Duration, bool) {
	end := s.end()
	return end, end != never && !s.until.counts()
}

// end is when the time is up, never if it never is.
func (s *Scenario) end() time.Duration {
	if s.until.given && !s.until.counts() {
		return s.until.at
	}
	return s.steps.length
}

// Upstreams are the addresses that steps direct the proxy to, by the path of the
// step.
func (s *Scenario) Upstreams() map[string]string {
	found := make(map[string]string)
	s.steps.each(func(st *step) {
		if st.upstream != "" {
			found[st.path] = st.upstream
		}
	})
	return found
}

// NeedsProxy says which step asks for what only a proxy has, a port or an address
// towards a service, as a settings.FieldError; nil if none does.
func (s *Scenario) NeedsProxy() (err error) {
	s.steps.each(func(st *step) {
		what := ""
		switch {
		case err != nil:
		case st.upstream != "":
			what = "upstream"
		case st.rebind:
			what = "rebind"
		}
		if what != "" {
			err = &settings.FieldError{Field: st.path + "." + what, Err: errors.New("is for a proxy, which has a port and an address of its service")}
		}
	})
	return err
}

// plainText is a value for people to read.
func plainText(m settings.Member) (string, error) {
	var text string
	if err := json.Unmarshal(m.Value, &text); err != nil {
		return "", settings.Within(m.Name, errors.New("want a text"))
	}
	if len(text) > MaxText {
		return "", settings.Within(m.Name, fmt.Errorf("%d bytes, at most %d", len(text), MaxText))
	}
	return text, nil
}

// span is a time from 0 to MaxTime.
func span(m settings.Member) (time.Duration, error) {
	text, err := m.Text()
	if err != nil {
		return 0, err
	}
	d, err := lossy.ParseDuration(text)
	if err == nil && (d < 0 || d > MaxTime) {
		err = fmt.Errorf("%v: must be between 0 and %v", d, MaxTime)
	}
	return d, settings.Within(m.Name, err)
}

func resolution(m settings.Member) (time.Duration, error) {
	d, err := span(m)
	if err == nil && d < MinResolution {
		err = settings.Within(m.Name, fmt.Errorf("%v: must be at least %v", d, MinResolution))
	}
	return d, err
}

// parseUntil reads a time, "forever", or numbers of datagrams by direction.
func parseUntil(m settings.Member) (u until, err error) {
	u.given = true
	if string(m.Value) == `"forever"` {
		u.at = never
		return u, nil
	}
	if m.Value[0] != '{' {
		u.at, err = span(m)
		return u, err
	}
	u.at = never
	members, err := settings.ParseObject(m.Value)
	if err != nil {
		return u, settings.Within(m.Name, err)
	}
	for _, count := range members {
		d := lossy.Up
		switch count.Name {
		case "up":
		case "down":
			d = lossy.Down
		default:
			return u, settings.Within(m.Name, &settings.FieldError{Field: count.Name, Err: settings.ErrUnknownField})
		}
		if err := json.Unmarshal(count.Value, &u.datagrams[d]); err != nil || u.datagrams[d] == 0 {
			return u, settings.Within(m.Name, settings.Within(count.Name, errors.New("want a number of datagrams, at least 1")))
		}
	}
	if !u.counts() {
		return u, settings.Within(m.Name, errors.New(`want a time, "forever", or datagrams such as {"up": 1000}`))
	}
	return u, nil
}

// Counts says whether the end depends on how many datagrams have passed, so that a
// Player wants to hear of them.
func (s *Scenario) Counts() bool { return s.until.counts() }

// Words returns the names that scenarios and their steps have besides settings, for
// who proposes the one that was meant.
func Words() []string {
	return []string{
		"name", "about", "resolution", "until", "steps",
		"at", "for", "mark", "reset", "enabled", "upstream", "set", "ramp", "wave", "blackout", "rebind", "loop",
		"from", "to", "curve", "shape", "low", "high", "period", "direction", "up", "down",
	}
}
