package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/terminal"
	"udplab/lossy/settings"
)

func newCtlEventsCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSONL)
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Show what happens to the proxies, as it happens",
		Long: `Events shows what the API tells of its proxies: one line each, with -o jsonl as
the API sent it. Ctrl-C ends it.`,
		Args: noArguments,
		RunE: c.verb(func(ctx context.Context, s *ctlSession, _ []string) error {
			err := s.client.Stream(ctx, "/events", func(e apiclient.Event) error {
				if format.is(formatJSONL) {
					s.say.data("%s", strings.Join(strings.Split(e.Data, "\n"), " "))
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
	format.addTo(cmd)
	return cmd
}

// eventLine writes an event for people: its type, and the members of its object
// as NAME=VALUE.
func eventLine(e apiclient.Event) string {
	words := []string{e.Type}
	members, err := settings.ParseObject([]byte(e.Data))
	if err != nil {
		return terminal.Clean(e.Type + " " + e.Data)
	}
	for _, m := range members {
		text, err := m.Text()
		if err != nil {
			text = string(m.Value)
		}
		switch {
		case m.Name == "schema", m.Name == "event" && text == e.Type:
		case json.Valid([]byte(text)) || !strings.ContainsAny(text, " \t"):
			words = append(words, m.Name+"="+text)
		default:
			words = append(words, m.Name+"="+string(quoted(text)))
		}
	}
	return terminal.Clean(strings.Join(words, " "))
}
