package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/terminal"
)

// ctlProxy is what ctl itself reads of a proxy's report.
type ctlProxy struct {
	Name     string         `json:"name"`
	Listen   string         `json:"listen"`
	Upstream string         `json:"upstream"`
	Enabled  bool           `json:"enabled"`
	Seed     json.Number    `json:"seed"`
	Up       map[string]any `json:"up"`
	Down     map[string]any `json:"down"`
	Toxics   []ctlToxic     `json:"toxics"`
	Warnings []string       `json:"warnings"`
	Dark     ctlDark        `json:"dark"`
}

// ctlDark is how much longer nothing passes, by direction; empty if no blackout was
// asked for.
type ctlDark struct {
	Up   string `json:"up"`
	Down string `json:"down"`
}

// String is what a table says of it, "" for nothing.
func (d ctlDark) String() string {
	switch {
	case d.Up == d.Down && d.Up == "":
		return ""
	case d.Up == d.Down:
		return "dark for " + d.Up
	case d.Down == "0s":
		return "up dark for " + d.Up
	case d.Up == "0s":
		return "down dark for " + d.Down
	}
	return fmt.Sprintf("up dark for %s, down for %s", d.Up, d.Down)
}

// state is whether anything passes.
func (p *ctlProxy) state() string {
	if dark := p.Dark.String(); dark != "" {
		return enabledWord(p.Enabled) + ", " + dark
	}
	return enabledWord(p.Enabled)
}

// warn tells people what the settings of a proxy do that they do not say.
func (s *ctlSession) warn(p ctlProxy) {
	for _, w := range p.Warnings {
		s.say.warn("%s", terminal.Clean(w))
	}
}

func newCtlListCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"l", "ls"},
		Short:   "List the proxies",
		Args:    noArguments,
		RunE: c.verb(func(ctx context.Context, s *ctlSession, _ []string) error {
			all := map[string]ctlProxy{}
			answer, err := s.ask(ctx, http.MethodGet, "/proxies", nil, &all)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				return s.printUnder("udplab/ctl-list/v1", "proxies", answer)
			}
			var rows [][]string
			for _, name := range slices.Sorted(maps.Keys(all)) {
				p := all[name]
				rows = append(rows, []string{name, p.Listen, p.Upstream, p.state(), fmt.Sprint(len(p.Toxics))})
			}
			s.show([]string{"Name", "Listen", "Upstream", "Enabled", "Toxics"}, rows, "no proxies")
			return nil
		}),
	}
	format.addTo(cmd)
	return cmd
}

func enabledWord(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

func newCtlInspectCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:               "inspect [PROXY]",
		Aliases:           []string{"i"},
		Short:             "Show a proxy, its network and its toxics",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			p, answer, err := s.proxy(ctx, args)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				return s.print("udplab/ctl-proxy/v1", answer)
			}
			rows := [][]string{{"name", p.Name}, {"listen", p.Listen}, {"upstream", p.Upstream}, {"enabled", p.state()}}
			if p.Seed != "" {
				rows = append(rows, []string{"seed", p.Seed.String()})
			}
			s.say.data("%s", tableStyle{aligned: s.table.aligned}.pairs(rows))
			if network := networkRows(p, nil, true); len(network) > 0 {
				s.gap()
				s.show(networkHeading, network, "")
			}
			if len(p.Toxics) > 0 {
				s.gap()
				s.show(toxicHeading, toxicRows(p.Toxics), "")
			}
			s.warn(p)
			return nil
		}),
	}
	format.addTo(cmd)
	return cmd
}

// gap sets tables apart for people.
func (s *ctlSession) gap() {
	if s.table.aligned {
		s.say.data("")
	}
}

// pairs is a table without headings.
func (t tableStyle) pairs(rows [][]string) string {
	if !t.aligned {
		return t.text(nil, rows)
	}
	return t.text(rows[0], rows[1:])
}

func newCtlCreateCmd(c *ctlCommand) *cobra.Command {
	var listen, upstream string
	var disabled bool
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "create -u HOST:PORT NAME [SETTING=VALUE...]",
		Short:   "Open a proxy",
		Long:    "Create opens a proxy of a name that is free, with the settings that are given.",
		Example: "  udplab ctl create -l 127.0.0.1:9100 -u 127.0.0.1:53 dns loss=5% up-delay=40ms",
		Args:    atLeastArguments(1, "say what the proxy is to be called"),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			if upstream == "" {
				return usageError(fmt.Errorf("no upstream given"), "say where the service listens with --upstream HOST:PORT")
			}
			spec, err := parsePairs(args[1:])
			if err != nil {
				return err
			}
			for name, value := range (pairs{"name": args[0], "listen": listen, "upstream": upstream, "enabled": !disabled}) {
				if _, twice := spec[name]; twice {
					return usageError(fmt.Errorf("%s is given twice", name), "give it by the flag alone")
				}
				spec[name] = value
			}
			body, err := spec.brought()
			if err != nil {
				return err
			}
			var p ctlProxy
			answer, err := s.ask(ctx, http.MethodPost, "/proxies", body, &p)
			if err != nil {
				return suggestSetting(err)
			}
			if format.is(formatJSON) {
				return s.print("udplab/ctl-proxy/v1", answer)
			}
			s.say.data("%s", s.table.pairs([][]string{{p.Name, p.Listen, p.Upstream}}))
			s.warn(p)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&listen, "listen", "l", "127.0.0.1:0", listenUsage)
	f.StringVarP(&upstream, "upstream", "u", "", "address of the service, host:port")
	f.BoolVar(&disabled, "disabled", false, "have it drop everything until it is enabled")
	format.addTo(cmd)
	return cmd
}

func newCtlToggleCmd(c *ctlCommand) *cobra.Command {
	return &cobra.Command{
		Use:               "toggle [PROXY]",
		Short:             "Disable an enabled proxy, enable a disabled one",
		Long:              "A proxy that is disabled drops what it receives. See ctl set enabled=true for a certain state.",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			p, _, err := s.proxy(ctx, args)
			if err != nil {
				return err
			}
			if _, err := s.ask(ctx, http.MethodPatch, apiclient.Path("proxies", p.Name), pairs{"enabled": !p.Enabled}, &p); err != nil {
				return err
			}
			s.say.data("%s", s.table.pairs([][]string{{p.Name, enabledWord(p.Enabled)}}))
			return nil
		}),
	}
}

func newCtlDeleteCmd(c *ctlCommand) *cobra.Command {
	return &cobra.Command{
		Use:               "delete PROXY...",
		Aliases:           []string{"d"},
		Short:             "Close proxies",
		Args:              atLeastArguments(1, "say which proxy"),
		ValidArgsFunction: c.completeProxies(1000),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			for _, name := range args {
				if _, err := s.ask(ctx, http.MethodDelete, apiclient.Path("proxies", name), nil, nil); err != nil {
					return err
				}
				s.say.note("deleted %s", name)
			}
			return nil
		}),
	}
}

// proxy asks for the proxy that args name, or for the only one there is.
func (s *ctlSession) proxy(ctx context.Context, args []string) (p ctlProxy, answer json.RawMessage, err error) {
	name, err := s.nameOf(ctx, args)
	if err == nil {
		answer, err = s.ask(ctx, http.MethodGet, apiclient.Path("proxies", name), nil, &p)
	}
	return p, answer, err
}

// nameOf is the name in args, or that of the only proxy there is.
func (s *ctlSession) nameOf(ctx context.Context, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	names, err := s.names(ctx)
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", failure(fmt.Errorf("no proxies at %s", s.client.URL()), "open one with udplab ctl create")
	case len(names) > 1:
		return "", usageError(fmt.Errorf("several proxies: %s", strings.Join(names, ", ")), "say which")
	}
	return names[0], nil
}

func (s *ctlSession) names(ctx context.Context) ([]string, error) {
	all := map[string]struct{}{}
	if _, err := s.ask(ctx, http.MethodGet, "/proxies", nil, &all); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// completeProxies completes the names of proxies for the first so many
// arguments. Whoever presses Tab does not want to hear why there are none.
func (c *ctlCommand) completeProxies(most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most || applyEnv(cmd, c.d.lookupEnv) != nil || c.tokenFile == "-" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		s, err := c.session(cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer s.client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
		defer cancel()
		names, _ := s.names(ctx)
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func atMostArguments(most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= most {
			return nil
		}
		return usageError(fmt.Errorf("unexpected argument %q", args[most]), fmt.Sprintf("see %s --help", cmd.CommandPath()))
	}
}

// atLeastArguments refuses a command line that lacks arguments, and says what.
func atLeastArguments(least int, try string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) >= least {
			return nil
		}
		return usageError(fmt.Errorf("an argument is missing"), try)
	}
}

// exactArguments wants a number of arguments.
func exactArguments(count int, try string) cobra.PositionalArgs {
	return cobra.MatchAll(atLeastArguments(count, try), atMostArguments(count))
}
