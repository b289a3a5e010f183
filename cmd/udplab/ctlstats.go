package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/lossy/control"
	"udplab/lossy/settings"
)

func newCtlStatsCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:               "stats [PROXY]",
		Short:             "Show what a proxy has done so far",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			var stats control.StatsReport
			answer, err := s.ask(ctx, http.MethodGet, apiclient.Path("proxies", name, "stats"), nil, &stats)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				return s.print("udplab/proxy-stats/v1", answer)
			}
			s.show([]string{"Packets", "Up", "Down"}, statsRows(&stats), "")
			return nil
		}),
	}
	format.addTo(cmd)
	return cmd
}

// statsRows are the counts by direction, of causes those that took something,
// and the flows.
func statsRows(s *control.StatsReport) [][]string {
	var rows [][]string
	add := func(name string, up, down any) {
		rows = append(rows, []string{name, fmt.Sprint(up), fmt.Sprint(down)})
	}
	add("in", s.Up.PacketsIn, s.Down.PacketsIn)
	add("out", s.Up.PacketsOut, s.Down.PacketsOut)
	add("in flight", s.Up.InFlight, s.Down.InFlight)
	add("dropped", total(s.Up.Dropped), total(s.Down.Dropped))
	for _, cause := range slices.Sorted(maps.Keys(s.Up.Dropped)) {
		if s.Up.Dropped[cause]+s.Down.Dropped[cause] > 0 {
			add("by "+cause, s.Up.Dropped[cause], s.Down.Dropped[cause])
		}
	}
	add("reordered", s.Up.Reordered, s.Down.Reordered)
	add("duplicated", s.Up.Duplicated, s.Down.Duplicated)
	add("corrupted", s.Up.Corrupted, s.Down.Corrupted)
	if s.Up.Refused+s.Down.Refused > 0 {
		add("refused by upstream", s.Up.Refused, s.Down.Refused)
	}
	add("bytes in", s.Up.BytesIn, s.Down.BytesIn)
	add("bytes out", s.Up.BytesOut, s.Down.BytesOut)
	add("late p50", micros(s.Up.Lateness.P50), micros(s.Down.Lateness.P50))
	add("late p99", micros(s.Up.Lateness.P99), micros(s.Down.Lateness.P99))
	rows = append(rows, []string{"flows", fmt.Sprint(s.Flows)}, []string{"flows opened", fmt.Sprint(s.FlowsOpened)})
	if s.Rebound > 0 {
		rows = append(rows, []string{"times rebound", fmt.Sprint(s.Rebound)})
	}
	return rows
}

func total(dropped map[string]uint64) (sum uint64) {
	for _, n := range dropped {
		sum += n
	}
	return sum
}

func micros(us float64) time.Duration { return brief(time.Duration(us * float64(time.Microsecond))) }

func newCtlFlowsCmd(c *ctlCommand) *cobra.Command {
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:               "flows [PROXY]",
		Short:             "Show the clients that a proxy serves now",
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			return s.list(ctx, apiclient.Path("proxies", name, "flows"), "flows", format)
		}),
	}
	format.addTo(cmd)
	return cmd
}

func (s *ctlSession) listPresets(ctx context.Context, format *outputFormat) error {
	return s.list(ctx, "/presets", "presets", format)
}

// list shows a list of objects that the API has at a path, bare or as a member
// of the name what: a row each, with what the first has that is no list or object.
func (s *ctlSession) list(ctx context.Context, path, what string, format *outputFormat) error {
	answer, err := s.ask(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	bare := len(answer) > 0 && answer[0] == '['
	switch {
	case format.is(formatJSON) && bare:
		return s.printUnder("udplab/ctl-"+what+"/v1", what, answer)
	case format.is(formatJSON):
		return s.print("udplab/ctl-"+what+"/v1", answer)
	}
	list := answer
	if !bare {
		var outer map[string]json.RawMessage
		if err := json.Unmarshal(answer, &outer); err != nil {
			return failure(fmt.Errorf("the API's answer: %w", err), "")
		}
		list = outer[what]
	}
	heading, rows, err := objectRows(list)
	if err != nil {
		return failure(fmt.Errorf("the API's answer: %w", err), "")
	}
	s.show(heading, rows, "no "+what)
	return nil
}

func objectRows(list json.RawMessage) (heading []string, rows [][]string, err error) {
	var objects []json.RawMessage
	if err := json.Unmarshal(list, &objects); err != nil {
		return nil, nil, err
	}
	for i, object := range objects {
		members, err := settings.ParseObject(object)
		if err != nil {
			return nil, nil, err
		}
		cells := make(map[string]string)
		for _, m := range members {
			if m.Value[0] == '{' || m.Value[0] == '[' {
				continue
			}
			if i == 0 {
				heading = append(heading, m.Name)
			}
			text, err := m.Text()
			if err != nil {
				text = string(m.Value)
			}
			cells[m.Name] = text
		}
		row := make([]string, len(heading))
		for j, name := range heading {
			row[j] = cells[name]
		}
		rows = append(rows, row)
	}
	return heading, rows, nil
}
