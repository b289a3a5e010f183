package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/configfile"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/yamlfile"
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

func newCtlResetCmd(c *ctlCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "reset",
		Short: "Enable every proxy, remove all toxics, end what goes on for a while",
		Args:  noArguments,
		RunE: c.verb(func(ctx context.Context, s *ctlSession, _ []string) error {
			if _, err := s.ask(ctx, http.MethodPost, "/reset", empty{}, nil); err != nil {
				return err
			}
			s.say.note("reset")
			return nil
		}),
	}
}

func newCtlPopulateCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:   "populate FILE",
		Short: "Open the proxies of a file, or make those there are as it says",
		Long: `Populate takes a file in YAML or JSON (- is standard input): a list of proxies, as
toxiproxy's, or a file of udplab proxy --config, of which only the proxies
matter here. Proxies that the file does not name stay as they are.`,
		Args: exactArguments(1, "say which file"),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			document, err := s.readFile(args[0])
			if err != nil {
				return err
			}
			list, prefix, err := proxyList(document)
			if err != nil {
				return usageError(document.Error(err), "")
			}
			// What another proxy showed may name a file that only that one knows.
			list, err = control.BringSpecs(list, ifThere(netflags.ReadNear(document.Name())))
			if err != nil {
				return placedLocally(err, document, prefix)
			}
			answer, err := s.client.Do(ctx, http.MethodPost, "/populate", list)
			if err != nil {
				return placed(err, document, prefix, configfile.ProxyKeys(fieldName(err))...)
			}
			var opened struct {
				Proxies []ctlProxy `json:"proxies"`
			}
			if err := json.Unmarshal(answer, &opened); err != nil {
				return failure(fmt.Errorf("the API's answer: %w", err), "")
			}
			if format.is(formatJSON) {
				return s.print("udplab/ctl-populate/v1", answer)
			}
			var rows [][]string
			for _, p := range opened.Proxies {
				rows = append(rows, []string{p.Name, p.Listen, p.Upstream, enabledWord(p.Enabled)})
			}
			s.show([]string{"Name", "Listen", "Upstream", "Enabled"}, rows, "no proxies in it")
			return nil
		}),
	}
	format.addTo(cmd)
	return cmd
}

// readFile reads YAML from a file, or from standard input if its name is -.
func (s *ctlSession) readFile(name string) (*yamlfile.Document, error) {
	var document *yamlfile.Document
	var err error
	if name == "-" {
		var b []byte
		if b, err = readAtMost(s.d.stdin, yamlfile.MaxBytes); err == nil {
			document, err = yamlfile.Parse("standard input", b)
		}
	} else {
		document, err = yamlfile.Read(name)
	}
	if errors.As(err, new(*yamlfile.Fault)) {
		return nil, usageError(err, "")
	}
	if err != nil {
		return nil, failure(err, "")
	}
	return document, nil
}

// proxyList is the list of proxies in a document, and where in it they are.
func proxyList(d *yamlfile.Document) (list json.RawMessage, path string, err error) {
	if d.JSON()[0] == '[' {
		return d.JSON(), "", nil
	}
	members, err := settings.ParseObject(d.JSON())
	if err != nil {
		return nil, "", errors.New("want a list of proxies")
	}
	for _, m := range members {
		if m.Name == "proxies" {
			return m.Value, "proxies", nil
		}
	}
	return nil, "", errors.New("no proxies in it: want a list, or an object with the member proxies")
}

// placed finds the place in a file of what the API refused: the path of a field
// in an error is one in what was sent, which stands at prefix in the document.
// known are names that may have been meant, besides settings.
func placed(err error, d *yamlfile.Document, prefix string, known ...string) error {
	field, ok := fieldError(err)
	if !ok {
		return err
	}
	return placedField(field, d, prefix, known...)
}

// placedLocally is placed for what is wrong before the API is asked.
func placedLocally(err error, d *yamlfile.Document, prefix string) error {
	field, ok := errors.AsType[*settings.FieldError](err)
	if !ok {
		return usageError(d.Error(err), "")
	}
	return placedField(field, d, prefix)
}

// ifThere leaves files that are not there to the API, which may know them.
func ifThere(read lossy.ReadFile) lossy.ReadFile {
	return func(name string) ([]byte, error) {
		b, err := read(name)
		if errors.Is(err, os.ErrNotExist) {
			err = lossy.ErrNamesFile
		}
		return b, err
	}
}

func placedField(field *settings.FieldError, d *yamlfile.Document, prefix string, known ...string) error {
	if prefix != "" && field.Field != prefix && !strings.HasPrefix(field.Field, prefix+".") {
		field.Field = prefix + "." + field.Field
	}
	if prefix == "" {
		// The API calls a bare list proxies.
		field.Field = strings.TrimPrefix(field.Field, "proxies.")
	}
	return failure(d.Error(field, known...), "")
}

// fieldName is the path of the field that the API refused, empty if it names none.
func fieldName(err error) string {
	if field, ok := fieldError(err); ok {
		return field.Field
	}
	return ""
}

func newCtlScenarioCmd(c *ctlCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        "scenario",
		Short:                      "Start, stop and follow a scenario, a timeline of changes",
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(errors.New("nothing to do given"), "try udplab ctl scenario start, stop or status")
		},
	}
	cmd.AddCommand(newCtlScenarioStartCmd(c),
		newCtlScenarioVerb(c, "stop", "Stop the scenario of a proxy, which stays as it is then", http.MethodDelete),
		newCtlScenarioVerb(c, "status", "Show how far the scenario of a proxy has come", http.MethodGet))
	return cmd
}

func newCtlScenarioStartCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "start [PROXY] FILE",
		Short:   "Start a scenario from a file in YAML or JSON; - is standard input",
		Example: "  udplab ctl scenario start dns tunnel.yaml",
		Args:    cobra.MatchAll(atLeastArguments(1, "say which file"), atMostArguments(2)),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			document, err := s.readFile(args[len(args)-1])
			if err != nil {
				return err
			}
			name, err := s.nameOf(ctx, args[:len(args)-1])
			if err != nil {
				return err
			}
			body, err := scenario.Bring(document.JSON(), netflags.ReadNear(document.Name()))
			if err != nil {
				return placedLocally(err, document, "")
			}
			answer, err := s.client.Do(ctx, http.MethodPost, apiclient.Path("proxies", name, "scenario"), body)
			if err != nil {
				return placed(err, document, "", scenario.Words()...)
			}
			return s.showState(format, answer)
		}),
	}
	format.addTo(cmd)
	return cmd
}

// newCtlScenarioVerb is stop or status. Only the first can restore.
func newCtlScenarioVerb(c *ctlCommand, verb, short, method string) *cobra.Command {
	restore := false
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:               verb + " [PROXY]",
		Short:             short,
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			path := apiclient.Path("proxies", name, "scenario")
			if restore {
				path += "?restore=true"
			}
			answer, err := s.ask(ctx, method, path, nil, nil)
			if err != nil {
				return err
			}
			return s.showState(format, answer)
		}),
	}
	if method == http.MethodDelete {
		cmd.Flags().BoolVar(&restore, "restore", false, "put the settings back to what they were when it began")
	}
	format.addTo(cmd)
	return cmd
}

// showState shows how far a scenario has come.
func (s *ctlSession) showState(format *outputFormat, answer json.RawMessage) error {
	if format.is(formatJSON) {
		return s.print("udplab/scenario-state/v1", answer)
	}
	members, err := settings.ParseObject(answer)
	if err != nil {
		return failure(fmt.Errorf("the API's answer: %w", err), "")
	}
	var rows [][]string
	for _, m := range members {
		if m.Name == "schema" || m.Value[0] == '{' || m.Value[0] == '[' {
			continue
		}
		text, err := m.Text()
		if err != nil {
			text = string(m.Value)
		}
		rows = append(rows, []string{m.Name, text})
	}
	if len(rows) > 0 {
		s.say.data("%s", s.table.pairs(rows))
	}
	return nil
}

func newCtlPresetCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:     "preset [PROXY] [NAME]",
		Short:   "Give a proxy the network of a preset, or list the presets",
		Example: "  udplab ctl preset dns lte",
		Args:    atMostArguments(2),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			if len(args) == 0 {
				return s.listPresets(ctx, format)
			}
			return s.change(ctx, args[:len(args)-1], pairs{"preset": args[len(args)-1]}, format)
		}),
	}
	format.addTo(cmd)
	return cmd
}
