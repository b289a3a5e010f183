package settings

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"udplab/lossy"
)

// Field is one setting of a lossy.Profile in the form people write it. The
// command's flags and the API share the list, so they cannot drift apart.
type Field struct {
	Name  string // of the flag and of the JSON key
	Kind  string // what a value is: "percent", "duration", "rate", "packets", "bytes", "switch", "model", or what it names
	Usage string // one line for --help

	repeats bool    // it is a list, to which a repeated flag adds
	amount  *amount // nil if its value is none
	bare    string  // what a flag without a value means, "" = it needs one

	parse  func(p *lossy.Profile, value string) error                      // or, where a value
	read   func(p *lossy.Profile, value string, read lossy.ReadFile) error // may name a file
	format func(p *lossy.Profile) string

	// adopt gives a profile the value of another; nil where no value names a file.
	adopt func(p, from *lossy.Profile)
}

// Set reads a value into the profile. The error says what a value looks like.
// Ranges that concern several fields are for lossy.Profile.Validate. A value that
// names a file is refused (lossy.ErrNamesFile), unless it is the one in force:
// clients may not read the files of this machine.
func (f *Field) Set(p *lossy.Profile, value string) error {
	if value == f.Get(p) {
		return nil
	}
	return f.SetFrom(p, value, nil)
}

// SetFrom is Set for who may read files, such as the command line.
func (f *Field) SetFrom(p *lossy.Profile, value string, read lossy.ReadFile) error {
	if f.read != nil {
		return f.read(p, value, read)
	}
	return f.parse(p, value)
}

// set is SetFrom, or Set without a reader.
func (f *Field) set(p *lossy.Profile, value string, read lossy.ReadFile) error {
	if read == nil {
		return f.Set(p, value)
	}
	return f.SetFrom(p, value, read)
}

// Get writes the value as Set reads it.
func (f *Field) Get(p *lossy.Profile) string { return f.format(p) }

// Switch says whether the value is on or off: a flag without a value, and true
// or false in JSON.
func (f *Field) Switch() bool { return f.Kind == "switch" }

// Bare is the value of a flag that is given without one, "" if it needs one.
func (f *Field) Bare() string {
	if f.Switch() {
		return "true"
	}
	return f.bare
}

// Join adds a value that was given after others, as a repeated flag is: what a
// list has already stays, anything else is replaced.
func (f *Field) Join(before, value string) string {
	if f.repeats && before != "" {
		return before + "; " + value
	}
	return value
}

// number says whether a value is a bare number, so that JSON writes it as one.
func (f *Field) number(value string) bool {
	return (f.Kind == "packets" || f.Kind == "bytes") && json.Valid([]byte(value))
}

func probability(name, what string, of func(*lossy.Profile) *float64) Field {
	return Field{
		Name: name, Kind: "percent", Usage: "share of " + what,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, lossy.ParseProbability) },
		format: func(p *lossy.Profile) string { return lossy.FormatProbability(*of(p)) },
		amount: share(of),
	}
}

// duration is a time; zero says what 0 stands for, if it is not simply none.
func duration(name, usage string, of func(*lossy.Profile) *time.Duration, zero ...string) Field {
	return Field{
		Name: name, Kind: "duration", Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, lossy.ParseDuration) },
		format: func(p *lossy.Profile) string { return of(p).String() },
		amount: whole(of, zero),
	}
}

// number is a count of something, written without a unit; zero says what 0 stands
// for, if it is not simply none.
func number(name, of, usage string, field func(*lossy.Profile) *int, zero ...string) Field {
	return Field{
		Name: name, Kind: of, Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parseCount(field(p), s, of) },
		format: func(p *lossy.Profile) string { return strconv.Itoa(*field(p)) },
		amount: whole(field, zero),
	}
}

// list is a setting of several lines, with semicolons between them.
func list[T fmt.Stringer](name, kind, usage string, of func(*lossy.Profile) *T, parse func(string) (T, error)) Field {
	return Field{
		Name: name, Kind: kind, Usage: usage, repeats: true,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, parse) },
		format: func(p *lossy.Profile) string { return (*of(p)).String() },
	}
}

func onOff(name, usage string, of func(*lossy.Profile) *bool) Field {
	return Field{
		Name: name, Kind: "switch", Usage: usage,
		parse:  func(p *lossy.Profile, s string) error { return parsed(of(p), s, parseSwitch) },
		format: func(p *lossy.Profile) string { return strconv.FormatBool(*of(p)) },
	}
}

func parseSwitch(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", s)
}

// parsed stores what parse reads, if it reads it.
func parsed[T any](at *T, s string, parse func(string) (T, error)) error {
	v, err := parse(s)
	if err == nil {
		*at = v
	}
	return err
}

// formatModel writes a model, or the word for none.
func formatModel(m fmt.Stringer, none string) string {
	if m == nil {
		return none
	}
	return m.String()
}

func parseBurst(at *float64, s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number of packets: write it like 4", s)
	}
	*at = v
	return nil
}

func parseCount(at *int, s, unit string) error {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not a number of %s: write it like 3", s, unit)
	}
	*at = int(v)
	return nil
}

// parseReorderBy reads the one number of others that overtake, or a law of it.
func parseReorderBy(p *lossy.Profile, s string) error {
	var by int
	if parseCount(&by, s, "packets") == nil {
		p.ReorderBy, p.ReorderSpread = by, lossy.Displacement{}
		return nil
	}
	spread, err := lossy.ParseDisplacement(s)
	if err == nil {
		p.ReorderBy, p.ReorderSpread = 0, spread
	}
	return err
}

func formatReorderBy(p *lossy.Profile) string {
	if p.ReorderSpread != (lossy.Displacement{}) {
		return p.ReorderSpread.String()
	}
	return strconv.Itoa(p.ReorderBy)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
