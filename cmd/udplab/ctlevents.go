package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/terminal"
	"udplab/cmd/internal/units"
	"udplab/lossy/settings"
)

func newCtlEventsCmd(c *ctlCommand) *cobra.Command {
	var stats units.Duration
	format := newOutputFormat(formatText, formatJSONL)
	cmd := &cobra.Command{
		Use:   "events [PROXY]",
		Short: "Show what happens to the proxies, as it happens",
		Long: `Events shows what the API tells of a proxy, or of all: proxies that come, change
and go, blackouts, steps of scenarios, lateness. One line each, with -o jsonl as
the API sent it. Ctrl-C ends it.`,
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			path := "/events"
			if len(args) > 0 {
				path = apiclient.Path("proxies", args[0], "events")
			}
			if stats > 0 {
				path += "?stats=" + url.QueryEscape(time.Duration(stats).String())
			}
			err := s.client.Stream(ctx, path, func(e apiclient.Event) error {
				if format.is(formatJSONL) {
					s.say.data("%s", strings.ReplaceAll(e.Data, "\n", " "))
				} else {
					s.say.data("%s", eventLine(e))
				}
				return nil
			})
			if errors.Is(err, context.Canceled) || ctx.Err() != nil {
				return nil // as Ctrl-C is how it ends
			}
			if errors.Is(err, io.EOF) {
				return unreachable(fmt.Errorf("the API at %s ended the stream", s.client.URL()), "the proxy may have ended")
			}
			return err
		}),
	}
	cmd.Flags().Var(&stats, "stats", "have the counts told this often, too; 0 = not")
	format.addTo(cmd)
	return cmd
}

// eventLine writes an event for people: when, which proxy, what, and the details
// as NAME=VALUE.
func eventLine(e apiclient.Event) string {
	var event struct {
		Time    time.Time       `json:"time"`
		Proxy   string          `json:"proxy"`
		Details json.RawMessage `json:"details"`
	}
	if json.Unmarshal([]byte(e.Data), &event) != nil || event.Time.IsZero() {
		return terminal.Clean(e.Type + " " + e.Data) // of some other API
	}
	words := []string{event.Time.Local().Format("15:04:05"), e.Type}
	if event.Proxy != "" {
		words = []string{words[0], event.Proxy, e.Type}
	}
	details, _ := settings.ParseObject(event.Details) // none is none
	for _, m := range details {
		if m.Name == "fields" {
			words = append(words, changes(m.Value)...)
			continue
		}
		words = append(words, m.Name+"="+brieflyJSON(m.Value))
	}
	return terminal.Clean(strings.Join(words, " "))
}

// changes are the words of {name: {"was": ..., "is": ...}}.
func changes(fields json.RawMessage) []string {
	var words []string
	members, _ := settings.ParseObject(fields)
	for _, m := range members {
		var change struct{ Was, Is json.RawMessage }
		if json.Unmarshal(m.Value, &change) != nil || change.Is == nil {
			words = append(words, m.Name+"="+brieflyJSON(m.Value))
			continue
		}
		words = append(words, fmt.Sprintf("%s=%s->%s", m.Name, brieflyJSON(change.Was), brieflyJSON(change.Is)))
	}
	return words
}

// brieflyJSON is a value as it is, but for a string of one word, which needs no
// quotes.
func brieflyJSON(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && text != "" && !strings.ContainsAny(text, " \t\"") {
		return text
	}
	return string(value)
}
