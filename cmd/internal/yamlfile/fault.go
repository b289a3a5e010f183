package yamlfile

import (
	"errors"
	"fmt"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"udplab/lossy/settings"
	"udplab/lossy/spelling"
)

// Fault is an error with its place in a file.
type Fault struct {
	File         string
	Line, Column int // from 1, in characters; 0 where the file as a whole is meant
	Err          error
}

// Error writes the place as compilers do, so that editors find it.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %v", f.File, f.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", f.File, f.Line, f.Column, f.Err)
}

// Unwrap implements errors.Unwrap.
func (f *Fault) Unwrap() error { return f.Err }

// Error finds the place of an error about the document's JSON: a
// settings.FieldError has the path of the field, other errors are of the file as
// a whole. For a name that nobody knows it proposes the nearest one of known and
// of the settings of a network. It returns a *Fault, and nil for nil.
func (d *Document) Error(err error, known ...string) error {
	if err == nil {
		return nil
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault
	}
	field, ok := errors.AsType[*settings.FieldError](err)
	if !ok {
		return &Fault{d.name, 0, 0, err}
	}
	key, value := d.find(field.Field)
	if !errors.Is(field.Err, settings.ErrUnknownField) {
		return d.fault(value, err)
	}
	for _, f := range settings.Fields() {
		known = append(known, f.Name)
	}
	// Keys may have dots in them, so the last name is the key that was found.
	if near := spelling.Nearest(key.Value, known); near != "" {
		err = fmt.Errorf("%w, did you mean %s?", err, near)
	}
	return d.fault(key, err)
}

// Position is where the value stands that a path leads to, such as
// "proxies.0.up.loss", or the last value on the way if the path leads nowhere.
func (d *Document) Position(path string) (line, column int) {
	_, value := d.find(path)
	return value.Line, value.Column
}

func (d *Document) fault(at *yaml.Node, err error) *Fault {
	if at == nil {
		return &Fault{d.name, 0, 0, err}
	}
	return &Fault{d.name, at.Line, at.Column, err}
}

// find follows a path as far as it leads. The key of a list's element, or of the
// whole, is the value itself.
func (d *Document) find(path string) (key, value *yaml.Node) {
	key, value = d.root, d.root
	for path != "" {
		k, v, rest, found := step(value, path)
		if !found {
			break
		}
		key, value, path = k, v, rest
	}
	return key, value
}

// step goes to the member of a list or object that a path begins with. A name
// may have dots in it.
func step(at *yaml.Node, path string) (key, value *yaml.Node, rest string, found bool) {
	switch at.Kind {
	case yaml.SequenceNode:
		for i, element := range at.Content {
			if rest, found = cutName(path, fmt.Sprint(i)); found {
				return element, element, rest, true
			}
		}
	case yaml.MappingNode:
		for i := 0; i < len(at.Content); i += 2 {
			if rest, found = cutName(path, at.Content[i].Value); found {
				return at.Content[i], at.Content[i+1], rest, true
			}
		}
	}
	return nil, nil, "", false
}

func cutName(path, name string) (rest string, found bool) {
	rest, found = strings.CutPrefix(path, name)
	if !found || rest == "" {
		return "", found
	}
	return strings.CutPrefix(rest, ".")
}
