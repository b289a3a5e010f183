package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/terminal"
	"udplab/lossy"
	"udplab/lossy/settings"
)

var networkHeading = []string{"Setting", "Up", "Down"}

// networkRows are the settings of a proxy's network by direction: those named,
// or all, or those that make it other than a perfect wire.
func networkRows(p ctlProxy, names []string, changed bool) [][]string {
	var rows [][]string
	for _, f := range settings.Fields() {
		up, ok := p.Up[f.Name]
		if !ok || names != nil && !slices.Contains(names, f.Name) {
			continue
		}
		row := []string{f.Name, fmt.Sprint(up), fmt.Sprint(p.Down[f.Name])}
		if plain := f.Get(&lossy.Profile{}); changed && row[1] == plain && row[2] == plain {
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

func newCtlGetCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "get [PROXY] [SETTING...]",
		Short:   "Show settings of a proxy",
		Long:    "Get shows the settings that are named, or all: what holds for clients' datagrams,\nand for what comes back.",
		Example: "  udplab ctl get dns loss delay",
		Args:    cobra.ArbitraryArgs,
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			names, err := s.names(ctx)
			if err != nil {
				return err
			}
			var which []string
			if len(args) > 0 && (slices.Contains(names, args[0]) || len(names) > 1) {
				which, args = args[:1], args[1:]
			}
			p, answer, err := s.proxy(ctx, which)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				if len(args) > 0 {
					return usageError(errors.New("-o json shows all settings"), "leave the names out")
				}
				return s.print("udplab/ctl-proxy/v1", answer)
			}
			rows, err := settingRows(p, answer, args)
			if err != nil {
				return err
			}
			for _, name := range args {
				if !slices.ContainsFunc(rows, func(row []string) bool { return row[0] == name }) {
					return suggestSetting(&apiclient.Error{Message: fmt.Sprintf("unknown field %q", name)})
				}
			}
			s.show(networkHeading, rows, "no settings")
			if dark := p.Dark.String(); dark != "" {
				s.say.note("%s: %s", p.Name, terminal.Clean(dark))
			}
			return nil
		}),
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		var list []string
		if len(args) == 0 {
			list, _ = c.completeProxies(1)(cmd, args, text)
		}
		for _, f := range settings.Fields() {
			list = append(list, f.Name)
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	format.addTo(cmd)
	return cmd
}

// settingRows are the rows of what is named, or of all: what a proxy has once
// before what it has for each direction.
func settingRows(p ctlProxy, answer []byte, names []string) ([][]string, error) {
	if len(names) == 0 {
		names = nil
	}
	members, err := settings.ParseObject(answer)
	if err != nil {
		return nil, fmt.Errorf("the API's answer: %w", err)
	}
	var rows [][]string
	for _, m := range members {
		if m.Value[0] == '{' || m.Value[0] == '[' || names != nil && !slices.Contains(names, m.Name) {
			continue
		}
		text, err := m.Text()
		if err != nil {
			text = string(m.Value)
		}
		rows = append(rows, []string{m.Name, text})
	}
	return append(rows, networkRows(p, names, false)...), nil
}

func newCtlSetCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:   "set [PROXY] SETTING=VALUE...",
		Short: "Change settings of a proxy, all of them or none",
		Long: `Set changes a proxy in one step. Settings are those of the flags of udplab proxy:
loss=5%, up-delay=40ms, jitter-reorder=true; and enabled, seed, upstream,
nat-timeout and rebind-every. A file that a setting names, link-trace=lte.down, is
read here and sent with it. The times of blackout=at=5s,for=3s count from the start
of the proxy; for a blackout from now on there is udplab ctl blackout.`,
		Example: "  udplab ctl set dns loss=5% down-delay=80ms down-jitter=20ms",
		Args:    atLeastArguments(1, "give SETTING=VALUE, such as loss=5%"),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			var which []string
			if !strings.Contains(args[0], "=") {
				which, args = args[:1], args[1:]
			}
			if len(args) == 0 {
				return usageError(errors.New("nothing to change"), "give SETTING=VALUE, such as loss=5%")
			}
			change, err := parsePairs(args)
			if err != nil {
				return err
			}
			return s.change(ctx, which, change, format)
		}),
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		var list []string
		if len(args) == 0 {
			list, _ = c.completeProxies(1)(cmd, args, text)
		}
		for _, f := range settings.Fields() {
			list = append(list, f.Name+"=", "up-"+f.Name+"=", "down-"+f.Name+"=")
		}
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	format.addTo(cmd)
	return cmd
}

// change patches a proxy and shows what it is then.
func (s *ctlSession) change(ctx context.Context, which []string, change pairs, format *outputFormat) error {
	name, err := s.nameOf(ctx, which)
	if err != nil {
		return err
	}
	body, err := change.brought()
	if err != nil {
		return err
	}
	var p ctlProxy
	answer, err := s.ask(ctx, http.MethodPatch, apiclient.Path("proxies", name), body, &p)
	if err != nil {
		return suggestSetting(err)
	}
	if format.is(formatJSON) {
		return s.print("udplab/ctl-proxy/v1", answer)
	}
	defer s.warn(p)
	if _, all := change["preset"]; all {
		s.show(networkHeading, networkRows(p, nil, true), name+": a perfect wire")
		return nil
	}
	rows, err := settingRows(p, answer, changedNames(change))
	if err != nil {
		return err
	}
	s.show(networkHeading, rows, name+": done")
	return nil
}

// changedNames are the settings that a change names, whatever the direction.
func changedNames(change pairs) []string {
	all := make(map[string]bool)
	for name, value := range change {
		if inner, ok := value.(pairs); ok {
			for name := range inner {
				all[name] = true
			}
			continue
		}
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func newCtlRebindCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:               "rebind [PROXY]",
		Short:             "Give every client another port towards the service, as a NAT does",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			var done struct {
				Flows int `json:"flows"`
			}
			answer, err := s.ask(ctx, http.MethodPost, apiclient.Path("proxies", name, "rebind"), empty{}, &done)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				return s.print("udplab/ctl-rebind/v1", answer)
			}
			s.say.data("%s", s.table.pairs([][]string{{name, fmt.Sprintf("%d flows", done.Flows)}}))
			return nil
		}),
	}
	format.addTo(cmd)
	return cmd
}

func newCtlBlackoutCmd(c *ctlCommand) *cobra.Command {
	direction := "both"
	cmd := &cobra.Command{
		Use:     "blackout [PROXY] DURATION",
		Short:   "Have nothing pass for a while, from now on; 0s ends it",
		Example: "  udplab ctl blackout dns 3s --direction up",
		Args:    cobra.MatchAll(atLeastArguments(1, "say how long, such as 3s; 0s ends one"), atMostArguments(2)),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			return c.completeProxies(1)(cmd, args, text)
		},
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			lasting := args[len(args)-1]
			d, err := lossy.ParseDuration(lasting)
			if err != nil {
				return usageError(err, "say how long, such as 3s; 0s ends one")
			}
			if !slices.Contains(directions, direction) {
				return usageError(fmt.Errorf("--direction %q", direction), "give up, down or both")
			}
			name, err := s.nameOf(ctx, args[:len(args)-1])
			if err != nil {
				return err
			}
			body := pairs{"for": lasting, "direction": direction}
			if _, err := s.ask(ctx, http.MethodPost, apiclient.Path("proxies", name, "blackout"), body, nil); err != nil {
				return err
			}
			if d == 0 {
				s.say.note("%s: the blackout has ended", name)
			} else {
				s.say.note("%s: nothing passes for %v", name, d)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&direction, "direction", direction, "up, down or both")
	if err := cmd.RegisterFlagCompletionFunc("direction", cobra.FixedCompletions(directions, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("BUG: " + err.Error()) // the flag was added in the line above
	}
	return cmd
}

var directions = []string{"up", "down", "both"}
