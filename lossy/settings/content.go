package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"udplab/lossy"
)

// A setting whose value names a file may bring along what is in it, as JSON has it:
//
//	{"value": "trace:losses.csv", "content": "0 0 1 0\n"}
//
// So a client can give a model that it has in a file to whoever may not open files
// for it. The name is for people: nobody opens it, and GET shows it.

const (
	// MaxContent is the longest content that a value may bring along, in bytes.
	MaxContent = 2 << 20
	// MaxValue is the longest value beside one, in bytes.
	MaxValue = 1024
)

// brought is what a member brings along.
type brought struct {
	Value   string `json:"value"`
	Content string `json:"content"`
}

// brings says whether the value of a member is one with a content.
func (m Member) brings() bool { return len(m.Value) > 0 && m.Value[0] == '{' }

// brought reads it.
func (m Member) brought() (b brought, err error) {
	members, err := ParseObject(m.Value)
	if err != nil {
		return b, err
	}
	for _, inner := range members {
		into := map[string]*string{"value": &b.Value, "content": &b.Content}[inner.Name]
		if into == nil {
			return b, &FieldError{inner.Name, ErrUnknownField}
		}
		if inner.Value[0] != '"' {
			return b, Within(inner.Name, errors.New("want a string"))
		}
		if *into, err = inner.Text(); err != nil {
			return b, Within(inner.Name, err)
		}
	}
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	switch {
	case len(members) < 2:
		return b, errors.New(`want a string, or {"value": ..., "content": ...} where the value names a file`)
	case len(b.Value) > MaxValue || strings.ContainsFunc(b.Value, unprintable):
		return b, Within("value", fmt.Errorf("want at most %d bytes, all of them printable", MaxValue))
	case len(b.Content) > MaxContent:
		return b, Within("content", fmt.Errorf("has %d bytes: at most %d", len(b.Content), MaxContent))
	}
	return b, nil
}

// fromContent is the edit that gives a profile what a member brings along. It is
// read once, however often the edit is made.
func (f *Field) fromContent(m Member) (edit, error) {
	b, err := m.brought()
	if err != nil {
		return nil, Within(m.Name, err)
	}
	from, asked := new(lossy.Profile), false
	err = f.SetFrom(from, b.Value, func(string) ([]byte, error) {
		asked = true
		return []byte(b.Content), nil
	})
	if err == nil && !asked {
		err = fmt.Errorf("%q names no file, so that a content has no place beside it", b.Value)
	}
	if err != nil {
		return nil, Within(m.Name, err)
	}
	return func(p *lossy.Profile, _ lossy.ReadFile) error {
		f.adopt(p, from)
		return nil
	}, nil
}

// WithoutContent returns an object of settings, "up" and "down" included, in which
// values stand alone, as reports have them.
func WithoutContent(object []byte) ([]byte, error) {
	return EachMember(object, func(m Member) (Member, error) {
		if !m.brings() {
			return m, nil
		}
		var err error
		if m.Name == "up" || m.Name == "down" {
			m.Value, err = WithoutContent(m.Value)
			return m, err
		}
		b, err := m.brought()
		if err == nil {
			m.Value, err = Marshal(b.Value)
		}
		return m, err
	})
}

// Bring returns a member whose value brings along what is in the file that it
// names. One that names none is returned as it is, and so is one whose file read
// refuses with lossy.ErrNamesFile. The error is a FieldError: of read, or of what
// is in the file.
func Bring(m Member, read lossy.ReadFile) (Member, error) {
	f, ok := FieldNamed(m.Name)
	if !ok || f.adopt == nil || m.brings() {
		return m, nil
	}
	value, err := m.Text()
	if err != nil {
		return m, nil // whoever sets it says what is wrong
	}
	content, asked := []byte(nil), false
	err = f.SetFrom(new(lossy.Profile), value, func(name string) (b []byte, err error) {
		asked = true
		content, err = read(name)
		return content, err
	})
	switch {
	case !asked || errors.Is(err, lossy.ErrNamesFile):
		return m, nil
	case err != nil:
		return m, Within(m.Name, err)
	case len(content) > MaxContent:
		return m, Within(m.Name, fmt.Errorf("%q has %d bytes: at most %d can be sent", value, len(content), MaxContent))
	}
	m.Value, err = Marshal(brought{value, string(content)})
	return m, err
}

// BringAll is Bring for the members of an object of settings, those of "up" and
// "down" included.
func BringAll(object []byte, read lossy.ReadFile) ([]byte, error) {
	return EachMember(object, func(m Member) (Member, error) {
		if (m.Name != "up" && m.Name != "down") || !m.brings() {
			return Bring(m, read)
		}
		inner, err := BringAll(m.Value, read)
		m.Value = inner
		return m, Within(m.Name, err)
	})
}
