package netflags

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"udplab/lossy"
	"udplab/lossy/netem"
)

// NetemHelp is a paragraph for the command's long help.
const NetemHelp = `--netem takes a line of arguments as tc has it for Linux's netem, "loss 5% 25%
delay 40ms 10ms", in place of all defaults; --up-netem and --down-netem are for
one direction, as netem itself acts on what one side sends. Another flag for a
setting of the line prevails over it. The line is taken at its word: 5% are lost.
With --netem-compat it does what netem's arithmetic does, which is 0.19%.`

// netemValue is --netem or one of its two like for a direction.
type netemValue struct {
	text string
	line netem.Netem
}

// Set is part of pflag.Value.
func (v *netemValue) Set(s string) error {
	line, err := netem.Parse(s)
	if err != nil {
		return fmt.Errorf("%w (udplab proxy explain tells what a line does)", err)
	}
	if s == "" {
		return errors.New("is empty: write it like \"loss 5% delay 40ms 10ms\"")
	}
	v.text, v.line = s, line
	return nil
}

// String is part of pflag.Value.
func (v *netemValue) String() string { return v.text }

// Type is part of pflag.Value.
func (v *netemValue) Type() string { return "line" }

// netemFlags are the three.
type netemFlags struct{ both, up, down netemValue }

func (n *netemFlags) addTo(set *pflag.FlagSet) {
	set.Var(&n.both, "netem", `a line of tc's netem, "loss 5% delay 40ms 10ms", instead of the defaults`)
	set.Var(&n.up, "up-netem", "the same, up only")
	set.Var(&n.down, "down-netem", "the same, down only")
	set.Lookup("up-netem").Hidden = true
	set.Lookup("down-netem").Hidden = true
}

// of is the line for a direction, nil if there is none.
func (n *netemFlags) of(d lossy.Direction) *netemValue {
	directed := &n.up
	if d == lossy.Down {
		directed = &n.down
	}
	switch {
	case directed.text != "":
		return directed
	case n.both.text != "":
		return &n.both
	}
	return nil
}

// fromNetem makes the profile of a direction that of its line, if it has one, and
// tells what that became.
func (f *Flags) fromNetem(p *lossy.Profile, d lossy.Direction) error {
	v := f.netem.of(d)
	if v == nil {
		return nil
	}
	translate := v.line.Meant
	if f.compat(d).On {
		translate = v.line.Imitated
	}
	t, err := translate(ReadFile)
	if err != nil {
		return fmt.Errorf("netem %q: %w", v.text, err)
	}
	*p = t.Profile
	to := netem.Direction(d.String())
	if f.netem.up.text == "" && f.netem.down.text == "" && f.compat(lossy.Up) == f.compat(lossy.Down) {
		if to = netem.Both; d == lossy.Down {
			return nil // told with up
		}
	}
	flags := netem.Flags(t.Profile, to)
	if flags == "" {
		flags = "nothing"
	}
	f.notes = append(f.notes, fmt.Sprintf("netem %q is taken for %s", v.text, flags))
	f.notes = append(f.notes, t.Notices...)
	return nil
}

// compat is what the flags say of netem-compat for a direction.
func (f *Flags) compat(d lossy.Direction) lossy.NetemCompat {
	var p lossy.Profile
	for _, v := range f.given("netem-compat", d) {
		v.apply(&p)
	}
	return p.Netem
}

// given are the flags for a setting of a direction that were given, the one that
// prevails last.
func (f *Flags) given(name string, d lossy.Direction) (list []*value) {
	directed := f.up
	if d == lossy.Down {
		directed = f.down
	}
	for _, v := range slices.Concat(f.both, directed) {
		if v.field.Name == name && v.given {
			list = append(list, v)
		}
	}
	return list
}

// applyGiven applies a flag that was given over what a line became. "on" says how
// to take the line, and nothing of its limit and correlations.
func (f *Flags) applyGiven(v *value, p *lossy.Profile, d lossy.Direction) {
	was := p.Netem
	v.apply(p)
	if f.netem.of(d) != nil && p.Netem == (lossy.NetemCompat{On: true}) {
		p.Netem = was
	}
}

// Notes is what the user should know of the network that Config returned last, a
// sentence each: what a line of netem's became, and what is not as netem has it.
func (f *Flags) Notes() []string { return f.notes }

// ReadNear is lossy.ReadFile for what a file names: paths begin where that is. Each
// is read once.
func ReadNear(file string) lossy.ReadFile {
	known := make(map[string][]byte)
	return func(name string) ([]byte, error) {
		if b, ok := known[name]; ok {
			return b, nil
		}
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		b, err := ReadFile(path)
		if err == nil {
			known[name] = b
		}
		return b, err
	}
}

// ReadFile is lossy.ReadFile for the files of this machine.
func ReadFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, lossy.MaxModelFile+1))
}
