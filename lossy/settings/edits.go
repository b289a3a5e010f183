package settings

import (
	"errors"
	"slices"

	"udplab/lossy"
)

// Edits is a list of checked changes of the settings of both directions. Its
// zero value changes nothing. It is not changed by Apply, which may run again.
type Edits struct {
	// Files reads files that values name, as the changes are made; nil refuses them,
	// as is right where values come from clients.
	Files lossy.ReadFile

	common, directed []func(*lossy.Config, lossy.ReadFile) error
}

// edit changes one setting of a profile.
type edit func(p *lossy.Profile, read lossy.ReadFile) error

// Add takes in one member of an object: a setting for both directions, or "up"
// or "down" with an object of settings for one of them. The error is a FieldError,
// of ErrUnknownField if there is no such setting.
func (e *Edits) Add(m Member) error {
	switch m.Name {
	case "up":
		return e.addDirection(m, func(c *lossy.Config) *lossy.Profile { return &c.Up })
	case "down":
		return e.addDirection(m, func(c *lossy.Config) *lossy.Profile { return &c.Down })
	}
	set, err := editOf(m)
	if err != nil {
		return err
	}
	e.common = append(e.common, func(c *lossy.Config, read lossy.ReadFile) error {
		err := set(&c.Up, read)
		if err == nil {
			err = set(&c.Down, read)
		}
		return Within(m.Name, err)
	})
	return nil
}

func (e *Edits) addDirection(m Member, of func(*lossy.Config) *lossy.Profile) error {
	members, err := ParseObject(m.Value)
	if err != nil {
		return Within(m.Name, err)
	}
	for _, inner := range members {
		set, err := editOf(inner)
		if err != nil {
			return Within(m.Name, err)
		}
		e.directed = append(e.directed, func(c *lossy.Config, read lossy.ReadFile) error {
			return Within(m.Name+"."+inner.Name, set(of(c), read))
		})
	}
	return nil
}

// Apply makes the changes: those for both directions first, so that those for
// one direction prevail in whatever order the object has them. An error leaves
// the configuration half changed; it is of a value that names a file, which cannot
// be read or, without Files, is not the one in force. Ranges are for
// lossy.Config.Validate.
func (e *Edits) Apply(c *lossy.Config) error {
	for _, edit := range slices.Concat(e.common, e.directed) {
		if err := edit(c, e.Files); err != nil {
			return err
		}
	}
	return nil
}

// editOf finds the setting a member names and tries its value on a scratch
// profile, so that applying it cannot fail, but for a value that names a file.
func editOf(m Member) (edit, error) {
	f, ok := FieldNamed(m.Name)
	if !ok {
		return nil, &FieldError{m.Name, ErrUnknownField}
	}
	if f.adopt != nil && m.brings() {
		return f.fromContent(m)
	}
	value, err := m.Text()
	if f.Switch() {
		value, err = m.onOff()
	}
	if err == nil {
		err = Within(m.Name, f.Set(new(lossy.Profile), value))
	}
	// What GET showed may be sent back: if it is in force is seen as it applies.
	if err != nil && !errors.Is(err, lossy.ErrNamesFile) {
		return nil, err
	}
	return func(p *lossy.Profile, read lossy.ReadFile) error { return f.set(p, value, read) }, nil
}
