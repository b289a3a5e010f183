package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
)

// ctlToxic is a toxic, both ways.
type ctlToxic struct {
	Name       string         `json:"name,omitempty"`
	Type       string         `json:"type,omitempty"`
	Stream     string         `json:"stream,omitempty"`
	Toxicity   *float64       `json:"toxicity,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

var toxicHeading = []string{"Toxic", "Type", "Stream", "Toxicity", "Attributes"}

func toxicRows(toxics []ctlToxic) [][]string {
	var rows [][]string
	for _, t := range toxics {
		toxicity := "1"
		if t.Toxicity != nil {
			toxicity = fmt.Sprint(*t.Toxicity)
		}
		var list []string
		for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
			list = append(list, fmt.Sprintf("%s=%v", name, withoutContent(t.Attributes[name])))
		}
		rows = append(rows, []string{t.Name, t.Type, t.Stream, toxicity, strings.Join(list, " ")})
	}
	return rows
}

// withoutContent is the value alone of an attribute that names a file and has what is
// in it, too.
func withoutContent(attribute any) any {
	if object, is := attribute.(map[string]any); is {
		return object["value"]
	}
	return attribute
}

func newCtlToxicCmd(c *ctlCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "toxic",
		Aliases: []string{"t"},
		Short:   "Add, change and remove toxics",
		Long: `Toxics are toxiproxy's way to say what a network does, in milliseconds and
kilobytes per second. ctl set says the same things in the words of udplab proxy.`,
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errors.New("nothing to do given"), "try udplab ctl toxic add, update or remove")
		},
	}
	cmd.AddCommand(newCtlToxicAddCmd(c), newCtlToxicUpdateCmd(c), newCtlToxicRemoveCmd(c))
	return cmd
}

// toxicFlags are those that add and update share.
type toxicFlags struct {
	name       string
	toxicity   float64
	attributes []string
	format     *outputFormat
}

func (t *toxicFlags) addTo(cmd *cobra.Command, name string) {
	f := cmd.Flags()
	f.StringVarP(&t.name, "toxicName", "n", "", name)
	f.Float64Var(&t.toxicity, "toxicity", 1, "share of flows that it harms, from 0 to 1; also --tox")
	f.StringArrayVarP(&t.attributes, "attribute", "a", nil, "KEY=VALUE of the toxic, such as latency=100; repeatable")
	f.Float64Var(&t.toxicity, "tox", 1, "toxiproxy-cli's word for it")
	f.Lookup("tox").Hidden = true
	t.format = newOutputFormat(formatText, formatJSON)
	t.format.addTo(cmd)
}

// toxic is what the flags say.
func (t *toxicFlags) toxic(cmd *cobra.Command) (ctlToxic, error) {
	toxic := ctlToxic{}
	if cmd.Flags().Changed("toxicity") || cmd.Flags().Changed("tox") {
		if !(t.toxicity >= 0 && t.toxicity <= 1) {
			return toxic, usageError(fmt.Errorf("--toxicity %v", t.toxicity), "give a share from 0 to 1")
		}
		toxic.Toxicity = &t.toxicity
	}
	all, err := attributes(t.attributes)
	if err != nil {
		return toxic, err
	}
	b, err := pairs(all).brought()
	if err != nil {
		return toxic, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return toxic, d.Decode(&toxic.Attributes)
}

func (s *ctlSession) showToxic(format *outputFormat, answer json.RawMessage, t ctlToxic) error {
	if format.is(formatJSON) {
		return s.print("udplab/ctl-toxic/v1", answer)
	}
	s.show(toxicHeading, toxicRows([]ctlToxic{t}), "")
	return nil
}

func newCtlToxicAddCmd(c *ctlCommand) *cobra.Command {
	var kind string
	var upstream, downstream bool
	flags := &toxicFlags{}
	cmd := &cobra.Command{
		Use:               "add -t TYPE [PROXY]",
		Aliases:           []string{"a"},
		Short:             "Add a toxic to a proxy",
		Example:           "  udplab ctl toxic add -t latency -a latency=100 -a jitter=20 --upstream dns",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
	}
	cmd.RunE = c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
		toxic, err := flags.toxic(cmd)
		switch {
		case err != nil:
			return err
		case kind == "":
			return usageError(errors.New("no type given"), "say what the toxic does with --type, such as latency")
		case upstream && downstream:
			return usageError(errors.New("--upstream and --downstream"), "a toxic is of one of them: add two")
		}
		toxic.Name, toxic.Type, toxic.Stream = flags.name, kind, "downstream"
		if upstream {
			toxic.Stream = "upstream"
		}
		name, err := s.nameOf(ctx, args)
		if err != nil {
			return err
		}
		var added ctlToxic
		answer, err := s.ask(ctx, http.MethodPost, apiclient.Path("proxies", name, "toxics"), toxic, &added)
		if err != nil {
			return err
		}
		return s.showToxic(flags.format, answer, added)
	})
	flags.addTo(cmd, "what it is to be called; <type>_<stream> if not given")
	f := cmd.Flags()
	f.StringVarP(&kind, "type", "t", "", "what it does: latency, bandwidth, packet_loss, timeout, ...")
	f.BoolVarP(&upstream, "upstream", "u", false, "harm what clients send")
	f.BoolVarP(&downstream, "downstream", "d", false, "harm what comes back, the default")
	// Elsewhere --upstream is an address.
	f.Lookup("upstream").Annotations = map[string][]string{noEnv: {}}
	f.Lookup("downstream").Annotations = map[string][]string{noEnv: {}}
	return cmd
}

func newCtlToxicUpdateCmd(c *ctlCommand) *cobra.Command {
	flags := &toxicFlags{}
	cmd := &cobra.Command{
		Use:               "update -n NAME [PROXY]",
		Aliases:           []string{"u"},
		Short:             "Change a toxic",
		Example:           "  udplab ctl toxic update -n latency_downstream -a latency=200 dns",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
	}
	cmd.RunE = c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
		toxic, err := flags.toxic(cmd)
		switch {
		case err != nil:
			return err
		case flags.name == "":
			return usageError(errors.New("no toxic given"), "say which with --toxicName")
		case toxic.Toxicity == nil && len(toxic.Attributes) == 0:
			return usageError(errors.New("nothing to change"), "give --attribute KEY=VALUE or --toxicity")
		}
		name, err := s.nameOf(ctx, args)
		if err != nil {
			return err
		}
		var changed ctlToxic
		answer, err := s.ask(ctx, http.MethodPatch, apiclient.Path("proxies", name, "toxics", flags.name), toxic, &changed)
		if err != nil {
			return err
		}
		return s.showToxic(flags.format, answer, changed)
	})
	flags.addTo(cmd, "which")
	return cmd
}

func newCtlToxicRemoveCmd(c *ctlCommand) *cobra.Command {
	var toxic string
	cmd := &cobra.Command{
		Use:               "remove -n NAME [PROXY]",
		Aliases:           []string{"r", "delete", "d"},
		Short:             "Remove a toxic",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			if toxic == "" {
				return usageError(errors.New("no toxic given"), "say which with --toxicName")
			}
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			if _, err := s.ask(ctx, http.MethodDelete, apiclient.Path("proxies", name, "toxics", toxic), nil, nil); err != nil {
				return err
			}
			s.say.note("removed %s of %s", toxic, name)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&toxic, "toxicName", "n", "", "which")
	return cmd
}
