// Package netflags gives a command the flags that describe a bad network:
// --loss, --delay and the rest, for both directions, and each again as --up-loss
// and --down-loss for one.
//
// The commands that run a proxy or a simulated network share it, so that a
// line of flags means the same everywhere. The list of settings, their units
// and their texts come from lossy/settings, which gives the HTTP API the same
// words. Not for concurrent use.
package netflags

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Flags holds what the command line said. Make one with Add.
type Flags struct {
	both, up, down []*value
	preset         presetValue
	netem          netemFlags
	notes          []string
}

// Add defines the flags with the given defaults for both directions. Those for
// one direction are left out of the usage text, which would triple; Help says
// that they exist.
func Add(set *pflag.FlagSet, defaults lossy.Profile) *Flags {
	f := &Flags{}
	f.addPreset(set)
	for _, field := range settings.Fields() {
		add := func(list *[]*value, prefix, usage string) *pflag.Flag {
			v := &value{field: field, text: field.Get(&defaults)}
			*list = append(*list, v)
			flag := set.VarPF(v, prefix+field.Name, "", usage)
			flag.NoOptDefVal = field.Bare()
			return flag
		}
		add(&f.both, "", field.Usage)
		add(&f.up, "up-", field.Usage+", up only").Hidden = true
		add(&f.down, "down-", field.Usage+", down only").Hidden = true
	}
	f.netem.addTo(set)
	return f
}

// Help is a few paragraphs for the command's long help.
const Help = `Every setting of the network can be given for one direction alone, which then
prevails: --up-loss, --up-delay, ... for what clients send, --down-loss, ...
for what comes back. Probabilities are written 5% or 0.05, rates 10mbit or
500kbit (bits per second), times 40ms or 1.5s. A model is a name with its
parameters, gilbert-elliott:p=1%,r=25%, or with a file, cdf:delays.csv.

--preset NAME begins with a network that has a name: every setting of both
directions is the preset's, and what other flags say then holds instead, until
the preset's own timeline, if it has one, says otherwise. Or with a scenario of
quic-network-simulator, as it is written there:
  --preset "drop-rate --delay=15ms --bandwidth=10Mbps --queue=25
    --rate_to_client=2 --rate_to_server=2 --burst_to_client=3 --burst_to_server=3"`

// Config returns the network that the flags describe, without a seed. The
// error names the setting that is out of range.
func (f *Flags) Config() (lossy.Config, error) {
	var c lossy.Config
	f.notes = nil
	if _, _, preset := f.Preset(); preset && f.netem.both.text != "" {
		return c, errors.New("network: --netem and --preset are each a whole network, so give one of them")
	}
	if err := f.build(&c.Up, f.up, lossy.Up); err != nil {
		return c, err
	}
	if err := f.build(&c.Down, f.down, lossy.Down); err != nil {
		return c, err
	}
	if err := c.Validate(); err != nil {
		// A fault of both is no fault of up.
		if c.Up == c.Down {
			return c, fmt.Errorf("network: %s", strings.TrimPrefix(err.Error(), "up: "))
		}
		return c, fmt.Errorf("network %w", err)
	}
	return c, nil
}

// Given says whether the command line said anything of the network, be it that
// nothing is lost.
func (f *Flags) Given() bool {
	is := func(v *value) bool { return v.given }
	return f.preset.text != "" || f.netem.of(lossy.Up) != nil || f.netem.of(lossy.Down) != nil ||
		slices.ContainsFunc(slices.Concat(f.both, f.up, f.down), is)
}

// build makes the profile of one direction: the defaults, a preset or a line of
// netem's, then what was given for both directions, then for this one.
func (f *Flags) build(p *lossy.Profile, directed []*value, d lossy.Direction) error {
	_, setup, preset := f.Preset()
	*p = lossy.Config{Up: setup.Up, Down: setup.Down}.Profile(d)
	for _, v := range f.both {
		if !preset {
			v.apply(p) // one that was given is applied again below
		}
	}
	if err := f.fromNetem(p, d); err != nil {
		return err
	}
	for _, v := range slices.Concat(f.both, directed) {
		if v.given {
			f.applyGiven(v, p, d)
		}
	}
	f.yield(p, directed)
	if preset || f.netem.of(d) != nil {
		f.settle(p, directed)
	}
	return nil
}

// Files are the files that settings were read from, with the setting of each.
func (f *Flags) Files() iter.Seq2[string, string] {
	return func(yield func(setting, name string) bool) {
		for _, v := range slices.Concat(f.both, f.up, f.down) {
			for name := range v.files {
				if !yield(v.field.Name, name) {
					return
				}
			}
		}
	}
}

// yield has a default loss give way to a model that was asked for in its place.
func (f *Flags) yield(p *lossy.Profile, directed []*value) {
	asked := func(v *value) bool { return v.given && v.field.Name == "loss" }
	if p.LossModel != nil && !slices.ContainsFunc(f.both, asked) && !slices.ContainsFunc(directed, asked) {
		p.Loss = 0
	}
}

// value is one flag: a setting in text form, checked as it is set. A file that
// it names is read once, then.
type value struct {
	field settings.Field
	text  string
	given bool
	files map[string][]byte
}

// apply writes the setting into a profile.
func (v *value) apply(p *lossy.Profile) {
	if err := v.field.SetFrom(p, v.text, v.read); err != nil {
		panic("BUG: a value that Set accepted: " + err.Error())
	}
}

// Set is part of pflag.Value.
func (v *value) Set(s string) error {
	if v.given {
		s = v.field.Join(v.text, s)
	}
	if err := v.field.SetFrom(new(lossy.Profile), s, v.read); err != nil {
		return err
	}
	v.text, v.given = s, true
	return nil
}

// read is lossy.ReadFile.
func (v *value) read(name string) ([]byte, error) {
	if b, known := v.files[name]; known {
		return b, nil
	}
	b, err := ReadFile(name)
	if err == nil {
		v.files = map[string][]byte{name: b}
	}
	return b, err
}

// String is part of pflag.Value.
func (v *value) String() string { return v.text }

// Type is part of pflag.Value.
func (v *value) Type() string {
	if v.field.Switch() {
		return "bool" // which pflag shows as a flag that needs no value
	}
	return v.field.Kind
}
