package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Member is one name and value of a JSON object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// EachMember returns an object with what change makes of each of its members.
func EachMember(object []byte, change func(Member) (Member, error)) ([]byte, error) {
	members, err := ParseObject(object)
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for i, m := range members {
		if m, err = change(m); err != nil {
			return nil, err
		}
		name, err := Marshal(m.Name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, bytes.TrimSpace(name)...), ':'), bytes.TrimSpace(m.Value)...)
	}
	return append(b, '}'), nil
}

// Text is the value if it is a string, or a number as it is written, so that a
// number goes through the same parser: "loss": 0.05 is 5 %, "loss": 5 is
// refused as ambiguous.
func (m Member) Text() (string, error) {
	var s string
	if len(m.Value) > 0 && m.Value[0] == '"' {
		return s, json.Unmarshal(m.Value, &s)
	}
	if strings.ContainsRune("-0123456789", rune(m.Value[0])) {
		return string(m.Value), nil
	}
	return "", &FieldError{m.Name, errors.New("want a string or a number")}
}

// onOff is the value if it is true or false.
func (m Member) onOff() (string, error) {
	if s := string(m.Value); s == "true" || s == "false" {
		return s, nil
	}
	return "", &FieldError{m.Name, errors.New("want true or false")}
}

// ParseObject splits a JSON object into its members. Unlike json.Unmarshal it
// keeps the case of names and refuses a name that stands twice and text behind
// the object: nothing that was sent is ignored.
func ParseObject(b []byte) ([]Member, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("want a JSON object")
	}
	var members []Member
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not valid JSON: %w", err)
		}
		m := Member{Name: token.(string)} // the decoder lets nothing else stand here
		if seen[m.Name] {
			return nil, &FieldError{m.Name, errors.New("stands twice")}
		}
		seen[m.Name] = true
		if err := d.Decode(&m.Value); err != nil {
			return nil, &FieldError{m.Name, fmt.Errorf("not valid JSON: %w", err)}
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
