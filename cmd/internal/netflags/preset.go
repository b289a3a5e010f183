package netflags

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"udplab/lossy"
	"udplab/lossy/presets"
)

// presetValue is --preset.
type presetValue struct {
	text   string
	preset presets.Preset
	setup  presets.Setup
}

func (f *Flags) addPreset(set *pflag.FlagSet) {
	set.Var(&f.preset, "preset", "begin with a network by name, such as lte or handshakeloss (udplab proxy presets lists them); other flags change it")
}

// Preset returns the preset that was asked for, if one was, and what it makes of
// a path.
func (f *Flags) Preset() (presets.Preset, presets.Setup, bool) {
	return f.preset.preset, f.preset.setup, f.preset.text != ""
}

// settle has what a preset or a line of netem's brought give way to what was asked for in its place,
// where the two cannot stand together.
func (f *Flags) settle(p *lossy.Profile, directed []*value) {
	asked := func(names ...string) bool {
		is := func(v *value) bool { return v.given && slices.Contains(names, v.field.Name) }
		return slices.ContainsFunc(f.both, is) || slices.ContainsFunc(directed, is)
	}
	if asked("loss") && !asked("loss-model") {
		p.LossModel = nil
	}
	if asked("loss-model") && !asked("loss-burst-cap") {
		p.LossBurstCap = 0
	}
	if !asked("jitter") && !p.Netem.On {
		p.Jitter = min(p.Jitter, p.Delay)
	}
	if asked("link-trace") && !asked("rate") && p.LinkTrace != nil {
		p.Rate = 0
	}
	if asked("reorder-hold", "reorder-gap") && !asked("reorder-by") {
		p.ReorderBy, p.ReorderSpread = 0, lossy.Displacement{}
	}
}

// Set is part of pflag.Value.
func (v *presetValue) Set(s string) error {
	p, err := presets.Find(s)
	if _, unknown := errors.AsType[*presets.NotFoundError](err); unknown {
		return fmt.Errorf("%w; udplab proxy presets lists them", err)
	}
	if err != nil {
		return err
	}
	setup, err := p.Setup()
	if err != nil {
		return err
	}
	v.text, v.preset, v.setup = s, p, setup
	return nil
}

// String is part of pflag.Value.
func (v *presetValue) String() string { return v.text }

// Type is part of pflag.Value.
func (v *presetValue) Type() string { return "name" }
