package presets

import (
	"fmt"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Setup is what a preset makes of a path. It is a plain value.
type Setup struct {
	Up, Down lossy.Profile

	// Of the NAT on the clients' side, as proxy.NAT has them; 0 = never.
	NATTimeout, RebindEvery time.Duration
}

// Setup reads the settings over a perfect wire. A preset that Find or All
// returned has no error.
func (p *Preset) Setup() (Setup, error) {
	s, err := parseSetup(p.Settings)
	if err != nil {
		return s, fmt.Errorf("preset %s: %w", p.Name, err)
	}
	return s, nil
}

func parseSetup(object []byte) (Setup, error) {
	var s Setup
	members, err := settings.ParseObject(object)
	if err != nil {
		return s, err
	}
	var edits settings.Edits
	for _, m := range members {
		switch m.Name {
		case "nat-timeout":
			err = setDuration(&s.NATTimeout, m)
		case "rebind-every":
			err = setDuration(&s.RebindEvery, m)
		default:
			err = edits.Add(m)
		}
		if err != nil {
			return s, err
		}
	}
	var c lossy.Config
	if err := edits.Apply(&c); err != nil {
		return s, err
	}
	s.Up, s.Down = c.Up, c.Down
	return s, c.Validate()
}

func setDuration(at *time.Duration, m settings.Member) error {
	text, err := m.Text()
	if err != nil {
		return err
	}
	*at, err = lossy.ParseDuration(text)
	return settings.Within(m.Name, err)
}

// Flags returns the flags of `udplab proxy` that say the same, for a shell.
func (s Setup) Flags() []string {
	var flags []string
	add := func(name, value string, f *settings.Field) {
		if f != nil && f.Switch() && value == "true" {
			flags = append(flags, "--"+name)
			return
		}
		flags = append(flags, "--"+name+" "+quoted(value))
	}
	var perfect lossy.Profile
	for _, f := range settings.Fields() {
		none, up, down := f.Get(&perfect), f.Get(&s.Up), f.Get(&s.Down)
		switch {
		case up == down && up != none:
			add(f.Name, up, &f)
		case up != down:
			if up != none {
				add("up-"+f.Name, up, &f)
			}
			if down != none {
				add("down-"+f.Name, down, &f)
			}
		}
	}
	if s.NATTimeout > 0 {
		add("nat-timeout", s.NATTimeout.String(), nil)
	}
	if s.RebindEvery > 0 {
		add("rebind-every", s.RebindEvery.String(), nil)
	}
	return flags
}

// quoted is for a POSIX shell. No setting has a quote in it.
func quoted(value string) string {
	if strings.ContainsAny(value, " ;<>&|*?()") {
		return "'" + value + "'"
	}
	return value
}
