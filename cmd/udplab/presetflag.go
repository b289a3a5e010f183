package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/lossy/presets"
	"udplab/lossy/scenario"
)

// offerPresets has the shell complete --preset.
func offerPresets(cmd *cobra.Command) {
	if err := cmd.RegisterFlagCompletionFunc("preset", completePresets); err != nil {
		panic("BUG: " + err.Error()) // netflags has added the flag
	}
}

// completePresets proposes names with their numbers.
func completePresets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, p := range presets.All() {
		list = append(list, cobra.CompletionWithDesc(p.Name, p.Title+": "+p.Numbers))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// presetNAT has a preset set what the flags of the NAT leave alone.
func presetNAT(f *pflag.FlagSet, network *netflags.Flags, timeout, rebind *units.Duration) {
	_, setup, given := network.Preset()
	if !given {
		return
	}
	for flag, to := range map[string]struct {
		at    *units.Duration
		value time.Duration
	}{"nat-timeout": {timeout, setup.NATTimeout}, "rebind-every": {rebind, setup.RebindEvery}} {
		if !f.Changed(flag) {
			*to.at = units.Duration(to.value)
		}
	}
}

// plainPreset refuses a preset that needs more than a network, for commands that
// have no more: a NAT, or a timeline.
func plainPreset(network *netflags.Flags) error {
	p, setup, given := network.Preset()
	if !given {
		return nil
	}
	return plainSetup(p, setup)
}

func plainSetup(p presets.Preset, setup presets.Setup) error {
	if p.Scenario != nil || setup.NATTimeout > 0 || setup.RebindEvery > 0 {
		return usageError(fmt.Errorf("--preset %s changes as time goes by, which only udplab proxy plays", p.Name),
			"put udplab proxy in between")
	}
	return nil
}

// presetTimeline is the scenario of a preset, nil if there is none, checked over what
// the flags have made of its network.
func presetTimeline(network *netflags.Flags, base lossy.Config) (*scenario.Scenario, error) {
	p, _, given := network.Preset()
	if !given {
		return nil, nil
	}
	timeline, err := p.Timeline()
	if err != nil || timeline == nil {
		return nil, err
	}
	if _, err := timeline.Start(base); err != nil {
		return nil, usageError(fmt.Errorf("--preset %s: its scenario: %w", p.Name, err), "leave out the flags that it contradicts")
	}
	return timeline, nil
}

// notePreset says whose numbers these are, and what is not as there.
func notePreset(say *say, network *netflags.Flags) {
	p, _, given := network.Preset()
	if !given {
		return
	}
	say.note("preset %s: %s (%s: %s)", p.Name, p.Title, p.Confidence, p.Source)
	if p.Notes != "" {
		say.note("  %s", p.Notes)
	}
}
