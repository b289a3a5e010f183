package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// patch is what a PATCH asks for, parsed but not yet applied: a list of edits.
// What depends on the state of the proxy is checked as the edits run.
type patch struct {
	common, directed []func(*target) error
}

// target is what a patch edits.
type target struct {
	*proxy.Settings
	fixed map[string]string // fields that cannot change, with their values
}

// apply runs the edits: those for both directions first, so that those for one
// direction prevail in whatever order the object has them.
func (p *patch) apply(t *target) error {
	for _, edits := range [][]func(*target) error{p.common, p.directed} {
		for _, edit := range edits {
			if err := edit(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// parsePatch reads the body of a PATCH.
func parsePatch(body []byte) (*patch, error) {
	members, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, errors.New("nothing to change: the object is empty")
	}
	p := &patch{}
	for _, m := range members {
		if err := p.add(m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add takes in one member of the outer object.
func (p *patch) add(m member) error {
	switch m.name {
	case "up":
		return p.addDirection(m, func(c *lossy.Config) *lossy.Profile { return &c.Up })
	case "down":
		return p.addDirection(m, func(c *lossy.Config) *lossy.Profile { return &c.Down })
	case "enabled":
		var on bool
		if err := json.Unmarshal(m.value, &on); err != nil || string(m.value) == "null" {
			return fmt.Errorf("field %q: want true or false", m.name)
		}
		p.common = append(p.common, func(t *target) error { t.Enabled = on; return nil })
		return nil
	case "seed":
		text, err := m.text()
		if err != nil {
			return err
		}
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("field %q: %q is not a whole number from 0 to 2^64-1", m.name, text)
		}
		p.common = append(p.common, func(t *target) error { t.Network.Seed = seed; return nil })
		return nil
	case "upstream":
		return p.addUpstream(m)
	case "nat-timeout":
		return p.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.Timeout })
	case "rebind-every":
		return p.addNAT(m, func(n *proxy.NAT) *time.Duration { return &n.RebindEvery })
	case "name", "listen":
		// What GET returned may be sent back, changed elsewhere.
		text, err := m.text()
		p.common = append(p.common, func(t *target) error {
			if t.fixed[m.name] != text {
				return fmt.Errorf("field %q: cannot be changed while the proxy runs, it is %q", m.name, t.fixed[m.name])
			}
			return nil
		})
		return err
	}
	field, value, err := fieldOf(m, "")
	if err != nil {
		return err
	}
	p.common = append(p.common, func(t *target) error {
		return errors.Join(field.Set(&t.Network.Up, value), field.Set(&t.Network.Down, value))
	})
	return nil
}

// addUpstream looks the address up here, where nobody waits for it.
func (p *patch) addUpstream(m member) error {
	text, err := m.text()
	if err != nil {
		return err
	}
	at, err := proxy.ParseUpstream(text)
	if err != nil {
		return fmt.Errorf("field %q: %w", m.name, err)
	}
	p.common = append(p.common, func(t *target) error { t.Upstream = at; return nil })
	return nil
}

func (p *patch) addNAT(m member, of func(*proxy.NAT) *time.Duration) error {
	text, err := m.text()
	if err != nil {
		return err
	}
	d, err := lossy.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("field %q: %w", m.name, err)
	}
	p.common = append(p.common, func(t *target) error { *of(&t.NAT) = d; return nil })
	return nil
}

func (p *patch) addDirection(m member, of func(*lossy.Config) *lossy.Profile) error {
	members, err := parseObject(m.value)
	if err != nil {
		return fmt.Errorf("field %q: %w", m.name, err)
	}
	for _, inner := range members {
		field, value, err := fieldOf(inner, m.name+".")
		if err != nil {
			return err
		}
		p.directed = append(p.directed, func(t *target) error { return field.Set(of(&t.Network), value) })
	}
	return nil
}

// fieldOf finds the setting a member names and tries its value on a scratch
// profile, so that applying it cannot fail, but for a value that names a file.
func fieldOf(m member, within string) (*Field, string, error) {
	for _, f := range Fields() {
		if f.Name != m.name {
			continue
		}
		value, err := m.text()
		if f.Switch() {
			value, err = m.onOff()
		}
		if err == nil {
			err = f.Set(new(lossy.Profile), value)
		}
		// What GET showed may be sent back: if it is in force is seen as it applies.
		if err != nil && !errors.Is(err, lossy.ErrNamesFile) {
			return nil, "", fmt.Errorf("field %q: %w", within+m.name, err)
		}
		return &f, value, nil
	}
	return nil, "", fmt.Errorf("%w %q", errUnknownField, within+m.name)
}

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// text is the value if it is a string, or a number as it is written, so that a
// number goes through the same parser: "loss": 0.05 is 5 %, "loss": 5 is
// refused as ambiguous.
func (m member) text() (string, error) {
	var s string
	if len(m.value) > 0 && m.value[0] == '"' {
		return s, json.Unmarshal(m.value, &s)
	}
	if strings.ContainsRune("-0123456789", rune(m.value[0])) {
		return string(m.value), nil
	}
	return "", fmt.Errorf("field %q: want a string or a number", m.name)
}

// onOff is the value if it is true or false.
func (m member) onOff() (string, error) {
	if s := string(m.value); s == "true" || s == "false" {
		return s, nil
	}
	return "", errors.New("want true or false")
}

// parseObject splits a JSON object into its members. Unlike json.Unmarshal it
// keeps the case of names and refuses a name that stands twice and text behind
// the object: nothing that was sent is ignored.
func parseObject(b []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("want a JSON object")
	}
	var members []member
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not valid JSON: %w", err)
		}
		m := member{name: token.(string)} // the decoder lets nothing else stand here
		if seen[m.name] {
			return nil, fmt.Errorf("field %q stands twice", m.name)
		}
		seen[m.name] = true
		if err := d.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("field %q: not valid JSON: %w", m.name, err)
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind the JSON object")
	}
	return members, nil
}
