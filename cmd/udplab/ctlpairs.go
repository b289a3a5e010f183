package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/netflags"
	"udplab/lossy/settings"
	"udplab/lossy/spelling"
)

// pairs is NAME=VALUE arguments as the members of an object.
type pairs map[string]any

// parsePairs reads settings in the words of the flags: up-loss=5% goes under
// "up". What names and values there are is for the API to say, which may be of
// another version.
func parsePairs(args []string) (pairs, error) {
	all := pairs{}
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		name = strings.TrimPrefix(name, "--")
		if !found || name == "" {
			return nil, usageError(fmt.Errorf("%q is no setting", arg), "write NAME=VALUE, such as loss=5%")
		}
		object := all
		for _, direction := range []string{"up", "down"} {
			inner, isDirected := strings.CutPrefix(name, direction+"-")
			if !isDirected {
				inner, isDirected = strings.CutPrefix(name, direction+".")
			}
			if !isDirected {
				continue
			}
			if all[direction] == nil {
				all[direction] = pairs{}
			}
			var ok bool
			if object, ok = all[direction].(pairs); !ok {
				return nil, usageError(fmt.Errorf("%s=... and %s", direction, arg), "write one direction's settings like up-loss=5%")
			}
			name = inner
		}
		if before, twice := object[name]; twice {
			// A setting that is a list takes another line, as a repeated flag does.
			field, known := settings.FieldNamed(name)
			text, isText := before.(string)
			if !known || !isText || field.Join(text, value) == value {
				return nil, usageError(fmt.Errorf("%s stands twice", name), "give each setting once")
			}
			value = field.Join(text, value)
		}
		object[name] = pairValue(name, value)
	}
	return all, nil
}

// brought is the object as it is sent: a setting that names a file brings along what
// is in it, for the proxy opens no file that a request names.
func (p pairs) brought() (json.RawMessage, error) {
	b, err := settings.Marshal(p)
	if err != nil {
		return nil, err
	}
	b, err = settings.BringAll(b, netflags.ReadFile)
	if field, ok := errors.AsType[*settings.FieldError](err); ok {
		return nil, usageError(fmt.Errorf("%s: %w", strings.ReplaceAll(field.Field, ".", "-"), field.Err), "name a file of this machine that can be read")
	}
	return b, err
}

// pairValue is what JSON has for a value: text, but true or false for a switch. A
// name that is none of ours may be a switch as well, of the proxy or of an API of
// another version.
func pairValue(name, value string) any {
	if field, known := settings.FieldNamed(name); known && !field.Switch() {
		return value
	}
	switch value {
	case "true", "on":
		return true
	case "false", "off":
		return false
	}
	return value
}

// attributes reads -a KEY=VALUE, as toxics have them: numbers as numbers.
func attributes(args []string) (map[string]any, error) {
	all := make(map[string]any)
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found || name == "" {
			return nil, usageError(fmt.Errorf("--attribute %q", arg), "write KEY=VALUE, such as latency=100")
		}
		if _, twice := all[name]; twice {
			return nil, usageError(fmt.Errorf("--attribute %s stands twice", name), "give each once")
		}
		all[name] = pairValue(name, value)
		if number := json.Number(value); json.Valid([]byte(value)) && strings.ContainsAny(value[:1], "-0123456789") {
			all[name] = number
		}
	}
	return all, nil
}

// fieldPath is where an error of the API names the field at fault, as
// settings.FieldError writes it.
var fieldPath = regexp.MustCompile(`^(unknown )?field "((?:[^"\\]|\\.)*)"(?:: (.*)|, did you mean [^ ]+\?)?$`)

// fieldError reads a refusal back into the error that the API had, if it is one.
func fieldError(err error) (*settings.FieldError, bool) {
	var refused *apiclient.Error
	if !errors.As(err, &refused) {
		return nil, false
	}
	part := fieldPath.FindStringSubmatch(refused.Message)
	if part == nil {
		return nil, false
	}
	if part[1] != "" {
		return &settings.FieldError{Field: part[2], Err: settings.ErrUnknownField}, true
	}
	return &settings.FieldError{Field: part[2], Err: errors.New(part[3])}, true
}

// suggestSetting adds to a refusal what an unknown setting may have meant.
func suggestSetting(err error) error {
	field, ok := fieldError(err)
	if !ok || field.Err != settings.ErrUnknownField || strings.HasSuffix(err.Error(), "?") {
		return err // or the API itself says what may have been meant
	}
	name := field.Field[strings.LastIndexByte(field.Field, '.')+1:]
	known := []string{"enabled", "seed", "upstream", "listen", "nat-timeout", "rebind-every", "preset"}
	for _, f := range settings.Fields() {
		known = append(known, f.Name)
	}
	if near := spelling.Nearest(name, known); near != "" {
		return failure(err, fmt.Sprintf("did you mean %s?", near))
	}
	return failure(err, "the settings are those of udplab proxy --help")
}
