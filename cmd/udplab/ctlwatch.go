package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/apiclient"
	"udplab/cmd/internal/units"
	"udplab/lossy/control"
)

const ctlWatchLong = `Watch shows what passes the proxies, per second: on a terminal as a table that
moves, into a pipe as lines with tabs between columns, with -o jsonl as one
object a line (udplab/ctl-watch/v1) with what the proxy counted so far. Lost is
the share of datagrams that came in and were dropped. Ctrl-C ends it.`

// completionPatience is how long the shell waits for names.
const completionPatience = time.Second

// minWatch is the shortest time between two looks.
const minWatch = 10 * time.Millisecond

// ctlWatch is the state of udplab ctl watch.
type ctlWatch struct {
	*ctlSession
	names  []string // empty = all there are
	every  time.Duration
	looks  int // at most, 0 = until the context ends
	format *outputFormat
	last   map[string]sample
}

// sample is what a proxy had counted at a time.
type sample struct {
	at    time.Time
	stats control.StatsReport
}

func newCtlWatchCmd(c *ctlCommand) *cobra.Command {
	every, looks := units.Duration(time.Second), 0
	format := newOutputFormat(formatText, formatJSONL)
	cmd := &cobra.Command{
		Use:               "watch [PROXY...]",
		Short:             "Show what passes the proxies, as it passes",
		Long:              ctlWatchLong,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: c.completeProxies(1000),
		RunE: c.verb(func(ctx context.Context, s *ctlSession, args []string) error {
			if time.Duration(every) < minWatch {
				return usageError(fmt.Errorf("--every %v", time.Duration(every)), fmt.Sprintf("give at least %v", minWatch))
			}
			if looks < 0 {
				return usageError(fmt.Errorf("--count %d", looks), "give a number of looks, or 0 for no end")
			}
			w := &ctlWatch{s, args, time.Duration(every), looks, format, nil}
			err := w.run(ctx)
			if errors.Is(err, context.Canceled) {
				return nil // as Ctrl-C is how it ends
			}
			return err
		}),
	}
	f := cmd.Flags()
	f.Var(&every, "every", "time between two looks")
	f.IntVar(&looks, "count", 0, "end after so many looks; 0 = never")
	format.addTo(cmd)
	return cmd
}

// run looks until the context ends. The first look is what the next is compared
// with.
func (w *ctlWatch) run(ctx context.Context) error {
	if err := w.look(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	for n := 0; w.looks == 0 || n < w.looks; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := w.look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// look asks every proxy once and shows what passed since the look before.
func (w *ctlWatch) look(ctx context.Context) error {
	names := w.names
	if len(names) == 0 {
		var err error
		if names, err = w.ctlSession.names(ctx); err != nil {
			return err
		}
	}
	before := w.last
	now := make(map[string]sample)
	var rows [][]string
	for _, name := range names {
		var s sample
		answer, err := w.ask(ctx, http.MethodGet, apiclient.Path("proxies", name, "stats"), nil, &s.stats)
		if gone(err) && len(w.names) == 0 {
			continue // deleted since the names were asked for
		}
		if err != nil {
			return err
		}
		s.at = w.d.now()
		now[name] = s
		then, known := before[name]
		switch {
		case before == nil:
		case w.format.is(formatJSONL):
			line := fmt.Appendf(nil, `{"schema":"udplab/ctl-watch/v1","time":%q,"proxy":%s,"stats":%s}`,
				s.at.UTC().Format(time.RFC3339Nano), quoted(name), answer)
			w.say.data("%s", line)
		case known:
			rows = append(rows, watchRow(name, then, s))
		default:
			rows = append(rows, watchRow(name, sample{at: s.at.Add(-w.every)}, s)) // it is new
		}
	}
	w.last = now
	if before == nil || w.format.is(formatJSONL) {
		return nil
	}
	w.draw(rows)
	return nil
}

func quoted(s string) []byte {
	b, err := marshal(s)
	if err != nil {
		panic("BUG: a string that is no JSON: " + err.Error())
	}
	return b
}

// gone says whether the API knows no such proxy.
func gone(err error) bool {
	var refused *apiclient.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

var watchHeading = []string{"Proxy", "Flows", "Up in/s", "out/s", "lost", "bit/s", "Down in/s", "out/s", "lost", "bit/s", "Late p99"}

// watchRow is what a proxy did between two samples.
func watchRow(name string, from, to sample) []string {
	seconds := max(to.at.Sub(from.at).Seconds(), 1e-3)
	row := []string{name, fmt.Sprint(to.stats.Flows)}
	for _, d := range []struct{ from, to *control.DirectionReport }{
		{&from.stats.Up, &to.stats.Up}, {&from.stats.Down, &to.stats.Down},
	} {
		in, out := since(d.from.PacketsIn, d.to.PacketsIn), since(d.from.PacketsOut, d.to.PacketsOut)
		lost := "-"
		if in > 0 {
			lost = fmt.Sprintf("%.1f%%", 100*float64(since(total(d.from.Dropped), total(d.to.Dropped)))/float64(in))
		}
		row = append(row, perSecond(in, seconds), perSecond(out, seconds), lost,
			metric(8*float64(since(d.from.BytesOut, d.to.BytesOut))/seconds))
	}
	return append(row, micros(max(to.stats.Up.Lateness.P99, to.stats.Down.Lateness.P99)).String())
}

// since is how far a counter has come; one that went back began anew, as that of
// a proxy that was opened again.
func since(from, to uint64) uint64 {
	if to < from {
		return to
	}
	return to - from
}

func perSecond(n uint64, seconds float64) string { return metric(float64(n) / seconds) }

// metric writes a number with three digits and the letter of its thousands.
func metric(v float64) string {
	for _, unit := range []string{"", "k", "M", "G"} {
		if v < 999.5 || unit == "G" {
			if v == float64(int64(v)) {
				return fmt.Sprintf("%.0f%s", v, unit)
			}
			return fmt.Sprintf("%.3g%s", v, unit)
		}
		v /= 1000
	}
	panic("BUG: no unit for a number")
}

// draw shows rows: over those before on a terminal, else below them with the
// time.
func (w *ctlWatch) draw(rows [][]string) {
	if w.table.aligned && w.say.live {
		w.say.redraw(w.table.text(watchHeading, rows))
		return
	}
	for i, row := range rows {
		rows[i] = append([]string{w.d.now().Format("15:04:05")}, row...)
	}
	if len(rows) > 0 {
		w.say.data("%s", tableStyle{}.text(nil, rows))
	}
}
