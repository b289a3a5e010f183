package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/classes"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/terminal"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

const scenarioLong = `A scenario says how a network changes over time. It is a file in YAML or JSON for
udplab proxy --scenario, for the field "scenario" of a proxy in a --config file,
and, as JSON, for POST /proxies/{name}/scenario:

  name: evening
  until: 10m               # or forever, or {up: 1000} datagrams; else when the steps end
  steps:
  - {mark: quiet, set: {delay: 20ms, down: {rate: 10mbit}}, for: 30s}
  - {ramp: {loss: {from: 0%, to: 5%}, down: {rate: 1mbit}}, for: 1m}
  - {wave: {delay: {shape: sine, low: 20ms, high: 80ms, period: 10s}}, for: 1m}
  - loop: 3                # or forever
    steps:
    - {blackout: 2s, for: 10s}
    - {rebind: true, for: 5s}
  - {at: 5m, reset: true}  # back to the settings it began with

Steps follow each other; "for" is how long one lasts, "at" when it begins. Besides
those there are enabled and upstream. Ramps and waves are of every setting that is
a number; a ramp's curve is linear or geometric, a wave's shape sine, saw, square
or triangle. resolution is the time between two of their points, 100ms. A file that
a setting names, {set: {link-trace: lte.down}}, is one beside the scenario's.

Everything is checked before anything runs. The network it begins with is that of
the flags, as for udplab proxy.`

func newScenarioCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "scenario",
		Short:                      "Check scenarios of udplab proxy, or show what they do",
		Long:                       scenarioLong,
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errors.New("nothing to do given"), "try udplab scenario check FILE, or udplab scenario show FILE")
		},
	}
	cmd.AddCommand(newScenarioCheckCmd(d), newScenarioShowCmd(d))
	return cmd
}

func newScenarioCheckCmd(d deps) *cobra.Command {
	var network *netflags.Flags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say what is wrong with scenarios",
		Long: `Check reads scenarios and goes through all that can happen in them. For each that
is in order it prints a line on stdout, for each other what is wrong with it, with
line and column, on stderr; then the exit code is 2. The network they begin with is
that of the flags.`,
		Example: "  udplab scenario check evening.yaml\n  udplab scenario check --rate 10mbit evening.yaml",
		Args:    atLeastArguments(1, "say which file"),
		RunE: func(_ *cobra.Command, args []string) error {
			base, err := network.Config()
			if err != nil {
				return usageError(err, "see udplab scenario check --help")
			}
			say, bad := newSay(d), 0
			for _, file := range args {
				s, err := readScenario(file, base, settings.Names{Classes: classes.All()})
				if err != nil {
					bad++
					say.note("%s", cleaned(err))
					continue
				}
				say.data("%s: ok, %s", file, lasting(s))
			}
			if bad > 0 {
				return usageError(fmt.Errorf("%s", count(bad, "scenario is at fault", "scenarios are at fault")), "")
			}
			return nil
		},
	}
	network = netflags.Add(cmd.Flags(), lossy.Profile{})
	return cmd
}

// scenarioTimeline is what udplab scenario show -o json prints.
type scenarioTimeline struct {
	Schema  string          `json:"schema"` // udplab/scenario-timeline/v1
	Name    string          `json:"name,omitempty"`
	About   string          `json:"about,omitempty"`
	Length  *int64          `json:"length_ns"` // null if no time ends it
	More    bool            `json:"more"`      // changes come after those
	Changes []scenario.Note `json:"changes"`
}

func newScenarioShowCmd(d deps) *cobra.Command {
	upTo := units.Duration(5 * time.Minute)
	format := newOutputFormat(formatText, formatJSON)
	var network *netflags.Flags
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Print what a scenario does, and when",
		Long: `Show prints the changes that a scenario makes in its first minutes, in the order in
which it makes them: loops written out, some points of each ramp and wave. With
-o json every point is there (udplab/scenario-timeline/v1). The network it begins
with is that of the flags; --until says how far to go.`,
		Example: "  udplab scenario show --until 1m evening.yaml",
		Args:    exactlyOneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			base, err := network.Config()
			if err != nil {
				return usageError(err, "see udplab scenario show --help")
			}
			s, err := readScenario(args[0], base, settings.Names{Classes: classes.All()})
			if err != nil {
				return usageError(err, "see udplab scenario --help")
			}
			line, err := expand(s, base, time.Duration(upTo))
			if err != nil {
				return failure(err, "")
			}
			if format.is(formatJSON) {
				return newSay(d).object(line)
			}
			newSay(d).data("%s", line.table())
			return nil
		},
	}
	cmd.Flags().Var(&upTo, "until", "how far to go")
	format.addTo(cmd)
	network = netflags.Add(cmd.Flags(), lossy.Profile{})
	return cmd
}

func exactlyOneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError(fmt.Errorf("%d files given", len(args)), "give one scenario")
	}
	return nil
}

// mostShown bounds what a timeline lists.
const mostShown = 100_000

// expand lists what a scenario changes up to a time.
func expand(s *scenario.Scenario, base lossy.Config, upTo time.Duration) (*scenarioTimeline, error) {
	player, err := s.Start(base)
	if err != nil {
		return nil, err
	}
	line := &scenarioTimeline{Schema: "udplab/scenario-timeline/v1", Name: s.Name(), About: s.About(), Changes: []scenario.Note{}}
	if length, ends := s.Length(); ends {
		line.Length = new(int64(length))
	}
	for {
		c, ok := player.Take(upTo)
		if !ok {
			break
		}
		if len(line.Changes) == mostShown {
			line.More = true
			return line, nil
		}
		line.Changes = append(line.Changes, c.Note())
	}
	_, line.More = player.Next()
	return line, nil
}

// A ramp or wave of more than mostPoints has pointsShown lines in the table. Sevenths
// of a time are seldom whole periods, at which a wave would look flat.
const (
	mostPoints  = 16
	pointsShown = 8
)

// table is the timeline for people. Of the many points of a ramp or wave, which stand
// one behind the other, it has some, the first and the last among them.
func (l *scenarioTimeline) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "TIME\tSTEP\tCHANGE\n")
	for i := 0; i < len(l.Changes); i++ {
		n := &l.Changes[i]
		last := i
		for last+1 < len(l.Changes) && l.Changes[last+1].Step == n.Step && onlyMoves(&l.Changes[last+1]) {
			last++
		}
		more, rows := "", last-i
		if rows >= mostPoints {
			more, rows = fmt.Sprintf(" (%d points)", last-i+1), pointsShown-1
		}
		for k := range rows + 1 {
			n := &l.Changes[i]
			if rows > 0 {
				n = &l.Changes[i+k*(last-i)/rows]
			}
			fmt.Fprintf(w, "%v\t%s\t%s%s\n", time.Duration(n.At), strings.ReplaceAll(n.Step, "steps.", ""), describe(n), more)
			more = ""
		}
		i = last
	}
	w.Flush() // into memory, which cannot fail
	if l.More {
		b.WriteString("...\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// onlyMoves says whether a change is a point of a ramp or wave that goes on.
func onlyMoves(n *scenario.Note) bool {
	bare := *n
	bare.At, bare.Step, bare.Move = 0, "", nil
	text, err := settings.Marshal(bare)
	return err == nil && n.Move != nil && strings.TrimSpace(string(text)) == `{"at_ns":0}`
}

// describe says what a change does, in the words of the file.
func describe(n *scenario.Note) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if n.Mark != "" {
		add("mark %q", n.Mark)
	}
	if n.Reset {
		add("reset")
	}
	if n.Enabled != nil {
		add("enabled %v", *n.Enabled)
	}
	if n.Upstream != "" {
		add("upstream %s", terminal.Clean(n.Upstream))
	}
	if n.Set != nil {
		add("%s", objectText(n.Set))
	}
	if n.Move != nil {
		add("%s", moved(n.Move))
	}
	if n.Blackout != nil {
		add("blackout %s %s", n.Blackout.For, n.Blackout.Direction)
	}
	if n.Rebind {
		add("rebind")
	}
	if n.End {
		add("end")
	}
	return strings.Join(parts, ", ")
}

// moved writes a point of ramps and waves.
func moved(move any) string {
	text, err := settings.Marshal(move)
	if err != nil {
		panic("BUG: a note that is no JSON: " + err.Error())
	}
	return objectText(text)
}

// objectText writes an object of settings as "loss 5%, down rate 10mbit".
func objectText(object json.RawMessage) string {
	members, err := settings.ParseObject(object)
	if err != nil {
		return strings.TrimSpace(string(object))
	}
	parts := make([]string, len(members))
	for i, m := range members {
		if m.Value[0] == '{' {
			parts[i] = m.Name + " " + strings.ReplaceAll(objectText(m.Value), ", ", ", "+m.Name+" ")
			continue
		}
		value, err := m.Text()
		if err != nil {
			value = string(m.Value)
		}
		parts[i] = m.Name + " " + value
	}
	return terminal.Clean(strings.Join(parts, ", "))
}
