package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/terminal"
	"udplab/lossy/control"
	"udplab/lossy/presets"
)

const presetsLong = `Presets lists the networks that --preset of proxy, chat and demo knows, with their
numbers, where those come from, and how much that is worth: sourced (the source
itself was read), second-hand, excerpt, or an engineering choice of this project.
With a NAME it shows one in full, with the flags that say the same.

A scenario of quic-network-simulator is a preset, too, in quotes. -o json prints
one object: udplab/presets/v1, or udplab/preset/v1 for one.`

const presetsExample = `  udplab proxy presets
  udplab proxy presets lte
  udplab proxy presets "blackhole --delay=15ms --bandwidth=10Mbps --queue=25 --on=5s --off=2s"`

func newPresetsCmd(d deps) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "presets [NAME]",
		Short:   "List networks by name, or show one",
		Long:    presetsLong,
		Example: presetsExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError(fmt.Errorf("unexpected argument %q", args[1]), "put a scenario and its parameters in quotes")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showPresets(d, newSay(d), format)
			}
			return showPreset(newSay(d), format, args[0])
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completePresets(cmd, args, text)
		},
	}
	format.addTo(cmd)
	return cmd
}

func showPresets(d deps, say *say, format *outputFormat) error {
	if format.is(formatJSON) {
		return say.object(control.ReportPresets())
	}
	style := newTableStyle(d)
	var rows [][]string
	for _, p := range presets.All() {
		source := p.Source
		if style.aligned {
			source, _, _ = strings.Cut(source, ",")
		}
		rows = append(rows, []string{p.Name, string(p.Confidence), source, p.Numbers})
	}
	text := style.text([]string{"Name", "Confidence", "Source", "Numbers"}, rows)
	if !style.aligned {
		say.data("%s", text)
		return nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		say.data("%s", terminal.Cut(line, say.width()))
	}
	return nil
}

func showPreset(say *say, format *outputFormat, name string) error {
	p, err := presets.Find(name)
	if err != nil {
		if _, unknown := errors.AsType[*presets.NotFoundError](err); unknown {
			return usageError(err, "see udplab proxy presets")
		}
		return usageError(err, "see udplab proxy presets --help")
	}
	report := control.ReportPreset(p)
	if format.is(formatJSON) {
		return say.object(struct {
			Schema string `json:"schema"`
			control.PresetReport
		}{"udplab/preset/v1", report})
	}
	setup, err := p.Setup()
	if err != nil {
		return err
	}
	names := p.Name
	if len(p.Aliases) > 0 {
		names += " (" + strings.Join(p.Aliases, ", ") + ")"
	}
	say.data("%s", names)
	rows := [][2]string{
		{"title", p.Title}, {"numbers", p.Numbers}, {"source", p.Source},
		{"confidence", fmt.Sprintf("%s: %s", p.Confidence, p.Confidence.Meaning())},
		{"up", setup.Up.String()}, {"down", setup.Down.String()}, {"notes", p.Notes},
		{"settings", string(p.Settings)},
		{"scenario", string(p.Scenario)},
		{"flags", strings.Join(report.Flags, " ")},
	}
	for _, row := range rows {
		if row[1] != "" {
			say.data("  %-10s  %s", row[0], row[1])
		}
	}
	return nil
}
