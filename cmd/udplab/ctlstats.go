package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/lossy/control"
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
	add("duplicated", s.Up.Duplicated, s.Down.Duplicated)
	add("out", s.Up.PacketsOut, s.Down.PacketsOut)
	add("in flight", s.Up.InFlight, s.Down.InFlight)
	add("dropped", total(s.Up.Dropped), total(s.Down.Dropped))
	for _, cause := range slices.Sorted(maps.Keys(s.Up.Dropped)) {
		if s.Up.Dropped[cause]+s.Down.Dropped[cause] > 0 {
			add("by "+cause, s.Up.Dropped[cause], s.Down.Dropped[cause])
		}
	}
	add("reordered", s.Up.Reordered, s.Down.Reordered)
	add("corrupted", s.Up.Corrupted, s.Down.Corrupted)
	add("marked CE", s.Up.Marked, s.Down.Marked)
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

// ctlFlow is what ctl itself reads of a flow.
type ctlFlow struct {
	Flow     any      `json:"flow"` // number or name
	Client   string   `json:"client"`
	Port     int      `json:"port"`
	Idle     float64  `json:"idle_seconds"`
	Overlays []string `json:"overlays"`
	Up, Down struct {
		In  uint64 `json:"packets_in"`
		Out uint64 `json:"packets_out"`
	}
}

func newCtlFlowsCmd(c *ctlCommand) *cobra.Command {
	limit := 100
	format := newOutputFormat(formatText, formatJSON)
	cmd := &cobra.Command{
		Use:   "flows [PROXY]",
		Short: "Show the clients that a proxy serves now",
		Long: `Flows shows the clients of a proxy, those with the latest datagrams first: the
flow's number or name, the client's address, the port that the service sees, the
datagrams in and out each way, for how long nothing came, and the toxics that hit
it of those that do not hit all.`,
		Args:              atMostArguments(1),
		ValidArgsFunction: c.completeProxies(1),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			name, err := s.nameOf(ctx, args)
			if err != nil {
				return err
			}
			var all struct {
				Total int       `json:"total"`
				Flows []ctlFlow `json:"flows"`
			}
			path := fmt.Sprintf("%s?limit=%d", apiclient.Path("proxies", name, "flows"), limit)
			answer, err := s.ask(ctx, http.MethodGet, path, nil, &all)
			if err != nil {
				return err
			}
			if format.is(formatJSON) {
				return s.print("udplab/proxy-flows/v1", answer)
			}
			var rows [][]string
			for _, f := range all.Flows {
				rows = append(rows, []string{fmt.Sprint(f.Flow), f.Client, fmt.Sprint(f.Port), fmt.Sprint(f.Up.In), fmt.Sprint(f.Up.Out),
					fmt.Sprint(f.Down.In), fmt.Sprint(f.Down.Out), fmt.Sprintf("%.1fs", f.Idle), strings.Join(f.Overlays, " ")})
			}
			s.show([]string{"Flow", "Client", "Port", "Up in", "out", "Down in", "out", "Idle", "Toxics"}, rows, "no flows")
			if more := all.Total - len(all.Flows); more > 0 {
				s.say.note("and %d more, see --limit", more)
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many, up to 1000")
	format.addTo(cmd)
	return cmd
}

// listPresets shows the networks that the API knows by name.
func (s *ctlSession) listPresets(ctx context.Context, format *outputFormat) error {
	var all struct {
		Presets []struct {
			Name       string `json:"name"`
			Numbers    string `json:"numbers"`
			Confidence string `json:"confidence"`
		} `json:"presets"`
	}
	answer, err := s.ask(ctx, http.MethodGet, "/presets", nil, &all)
	if err != nil {
		return err
	}
	if format.is(formatJSON) {
		return s.print("udplab/presets/v1", answer)
	}
	var rows [][]string
	for _, p := range all.Presets {
		rows = append(rows, []string{p.Name, p.Confidence, p.Numbers})
	}
	s.show([]string{"Preset", "Confidence", "Network"}, rows, "no presets")
	return nil
}
