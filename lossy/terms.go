package lossy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// terms is a model as people write it: a name, and what it takes.
//
//	gilbert-elliott:p=1%,r=25%
//	every:20
//	codel
//
// A value without a key has the key "". Reading goes on after an error, so that
// a model's parser is a list of what it takes; done tells the first error, and
// refuses what nobody has asked for.
type terms struct {
	text   string
	name   string
	like   string // how to write it, if it stands without its name
	values []term
	asked  []string // keys, in the order of asking
	err    error
}

type term struct{ key, value string }

func parseTerms(s string) *terms {
	t := &terms{text: s}
	name, rest, found := strings.Cut(strings.TrimSpace(s), ":")
	t.name = strings.TrimSpace(name)
	switch {
	case found && strings.TrimSpace(rest) == "":
		t.fail("%q has nothing behind the colon", s)
	case found:
		t.split(rest)
	}
	return t
}

// parseValues reads the values of a thing that people give without its name; like is
// an example of them.
func parseValues(name, s, like string) *terms {
	t := &terms{text: s, name: name, like: like}
	t.split(s)
	return t
}

// split reads values with commas between them.
func (t *terms) split(s string) {
	for part := range strings.SplitSeq(s, ",") {
		key, value, keyed := strings.Cut(part, "=")
		if !keyed {
			key, value = "", part
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case value == "":
			t.fail("%q: %q has no value%s", t.text, part, t.how())
		case slices.ContainsFunc(t.values, func(other term) bool { return other.key == key }):
			t.fail("%q gives %s twice%s", t.text, describe(key), t.how())
		}
		t.values = append(t.values, term{key, value})
	}
}

// how tells the form of what stands without its name.
func (t *terms) how() string {
	if t.like == "" {
		return ""
	}
	return ": write it like " + t.like
}

func (t *terms) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf(format, args...)
	}
}

// get returns the text of a value, and whether there is one.
func (t *terms) get(key string) (string, bool) {
	t.asked = append(t.asked, key)
	for _, v := range t.values {
		if v.key == key {
			return v.value, true
		}
	}
	return "", false
}

// need is get for what must be there.
func (t *terms) need(key string) string {
	value, found := t.get(key)
	if !found {
		t.fail("%q lacks %s%s", t.text, describe(key), t.how())
	}
	return value
}

// read reads a value with parse, and gives otherwise if it is not there.
func read[T any](t *terms, key string, otherwise T, parse func(string) (T, error)) T {
	value, found := t.get(key)
	if !found {
		return otherwise
	}
	v, err := parse(value)
	if err != nil {
		t.fail("%q: %s: %w", t.text, describe(key), err)
		return otherwise
	}
	return v
}

// require is read for what must be there.
func require[T any](t *terms, key string, parse func(string) (T, error)) T {
	var nothing T
	if t.need(key) == "" {
		return nothing
	}
	return read(t, key, nothing, parse)
}

// done returns what was wrong, if anything was.
func (t *terms) done() error {
	if t.err != nil {
		return t.err
	}
	for _, v := range t.values {
		switch {
		case slices.Contains(t.asked, v.key):
		case len(t.asked) == 0 && v.key == "":
			return fmt.Errorf("%q: %s takes nothing besides its name", t.text, t.name)
		case len(t.asked) == 0:
			return fmt.Errorf("%q: %s takes no %s", t.text, t.name, v.key)
		case v.key == "":
			return fmt.Errorf("%q: %q is the value of what? %s takes %s%s", t.text, v.value, t.name, t.takes(), t.how())
		default:
			return fmt.Errorf("%q: %s takes no %s, only %s", t.text, t.name, v.key, t.takes())
		}
	}
	return nil
}

// takes lists the keys that were asked for.
func (t *terms) takes() string {
	var keys []string
	for _, key := range t.asked {
		if !slices.Contains(keys, describe(key)) {
			keys = append(keys, describe(key))
		}
	}
	return strings.Join(keys, ", ")
}

func describe(key string) string {
	if key == "" {
		return "a value"
	}
	return key
}

func parseInt(s string) (int, error) {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return int(v), nil
}

func parseFloat(s string) (float64, error) {
	v, err := parseDecimal(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return v, nil
}
