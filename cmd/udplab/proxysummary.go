package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
)

// proxySummary is what -o json prints at the end.
type proxySummary struct {
	Schema  string               `json:"schema"` // udplab/proxy-summary/v1
	Seconds float64              `json:"seconds"`
	Proxy   *control.ProxyReport `json:"proxy,omitempty"` // the first, unless the API has closed it
	*seedsReport
	control.StatsReport
	Others map[string]otherSummary `json:"others,omitempty"` // that the API opened
	Closed *closedSummary          `json:"closed,omitempty"` // that the API closed
	Notes  []string                `json:"notes,omitempty"`  // on the first, a sentence each
}

// otherSummary is of one proxy besides the first, closedSummary of all that were
// closed on the way.
type otherSummary struct {
	Proxy control.ProxyReport `json:"proxy"`
	*seedsReport
	control.StatsReport
}

type closedSummary struct {
	Proxies int `json:"proxies"`
	control.StatsReport
}

// proxyEvent is one line of -o jsonl.
type proxyEvent struct {
	Schema  string               `json:"schema"` // udplab/proxy-event/v1
	Event   string               `json:"event"`  // listening, running, summary
	Proxy   *control.ProxyReport `json:"proxy,omitempty"`
	API     string               `json:"api,omitempty"`
	Summary *proxySummary        `json:"summary,omitempty"`
}

const proxyEventSchema = "udplab/proxy-event/v1"

// summary is of this moment, or of the end once that has come.
func (s *proxySession) summary() proxySummary {
	reports := s.last
	if reports == nil {
		reports = s.fleet.Reports()
	}
	sum := proxySummary{Schema: "udplab/proxy-summary/v1", Seconds: s.now().Sub(s.begun).Seconds()}
	sum.StatsReport = control.ReportStats(&proxy.Stats{})
	names, proxies := s.all()
	for _, name := range names {
		report, known := reports[name]
		if !known {
			continue // it came, or went, in this moment
		}
		stats, seeds := s.statsOf(proxies[name]), s.seedsOf(proxies[name])
		if name == s.name {
			sum.Proxy, sum.seedsReport, sum.StatsReport = &report, seeds.report(), control.ReportStats(&stats)
			sum.Notes = flowNotes(proxies[name].Config(), &stats)
			continue
		}
		if sum.Others == nil {
			sum.Others = make(map[string]otherSummary)
		}
		sum.Others[name] = otherSummary{report, seeds.report(), control.ReportStats(&stats)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed > 0 {
		sum.Closed = &closedSummary{s.closed, control.ReportStats(&s.total)}
	}
	return sum
}

// statsOf is a snapshot of a proxy, with the flows that it had in the end if it
// has closed.
func (s *proxySession) statsOf(p *proxy.Proxy) proxy.Stats {
	stats := p.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats.Flows = max(stats.Flows, s.served[p])
	return stats
}

func (s *proxySession) seedsOf(p *proxy.Proxy) *seeds {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seeds[p]
}

// finish prints the summary of proxies that have closed.
func (s *proxySession) finish(format *outputFormat) error {
	switch {
	case format.is(formatJSON):
		return s.say.object(s.summary())
	case format.is(formatJSONL):
		return s.event("summary")
	}
	names, proxies := s.all()
	var tables []string
	for _, name := range names {
		stats := s.statsOf(proxies[name])
		table := s.table(proxies[name], &stats)
		if name != s.name {
			table = name + ": " + table
		}
		tables = append(tables, table)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed > 0 {
		tables = append(tables, fmt.Sprintf("closed on the way: %d, flows %d\n\n", s.closed, s.total.FlowsOpened)+counts(&s.total))
	}
	s.say.data("%s", strings.Join(tables, "\n\n"))
	return nil
}

// table is the summary of one proxy for people.
func (s *proxySession) table(p *proxy.Proxy, stats *proxy.Stats) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s, %v, %s, flows %d", p.Addr(), p.Upstream(),
		s.now().Sub(s.begun).Round(100*time.Millisecond), s.seedsOf(p).text(p.Config().Seed), stats.FlowsOpened)
	if uint64(stats.Flows) != stats.FlowsOpened {
		fmt.Fprintf(&b, " (%d at the end)", stats.Flows)
	}
	if stats.Rebound > 0 {
		fmt.Fprintf(&b, ", %d times rebound", stats.Rebound)
	}
	text := b.String() + "\n\n" + counts(stats)
	for i, note := range flowNotes(p.Config(), stats) {
		if i == 0 {
			text += "\n"
		}
		text += "\n" + note
	}
	return text
}

// counts are its numbers.
func counts(stats *proxy.Stats) string {
	var b strings.Builder
	writeCounts(&b, &stats.Up, &stats.Down)
	writeRates(&b, stats)
	return strings.TrimRight(b.String(), "\n")
}

func dropped(d *proxy.DirectionStats) (sum uint64) {
	for _, drop := range d.Drops() {
		sum += drop.Packets
	}
	return sum
}

// writeCounts writes a line for every count, and for every cause that dropped
// anything. The first five add up: in + duplicated = out + in flight + dropped.
func writeCounts(b *strings.Builder, up, down *proxy.DirectionStats) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, up, down any) { fmt.Fprintf(w, "%s\t%v\t%v\t\n", name, up, down) }
	row("packets", "up", "down")
	row("in", up.PacketsReceived, down.PacketsReceived)
	row("duplicated", up.Link.Duplicated, down.Link.Duplicated)
	row("out", up.PacketsSent, down.PacketsSent)
	row("in flight", up.Link.PacketsInFlight, down.Link.PacketsInFlight)
	row("dropped", dropped(up), dropped(down))
	downDrops := down.Drops()
	for i, drop := range up.Drops() {
		if drop.Packets+downDrops[i].Packets > 0 {
			row("by "+drop.Cause, drop.Packets, downDrops[i].Packets)
		}
	}
	row("reordered", up.Link.Reordered, down.Link.Reordered)
	row("corrupted", up.Link.Corrupted, down.Link.Corrupted)
	row("marked CE", up.Link.Marked, down.Link.Marked)
	if up.Refused+down.Refused > 0 {
		row("refused by upstream", up.Refused, down.Refused)
	}
	row("bytes in", up.BytesReceived, down.BytesReceived)
	row("bytes out", up.BytesSent, down.BytesSent)
	if up.Lateness.Count+down.Lateness.Count > 0 { // a chat measures none
		row("late p50", brief(up.Lateness.Quantile(0.5)), brief(down.Lateness.Quantile(0.5)))
		row("late p99", brief(up.Lateness.Quantile(0.99)), brief(down.Lateness.Quantile(0.99)))
		row("late max", brief(up.Lateness.Max), brief(down.Lateness.Max))
	}
	w.Flush() // into memory, which cannot fail
}

// writeRates compares what was configured with what happened, for every
// impairment that was configured and met a packet, and for delays that vary by a
// law that says how.
func writeRates(b *strings.Builder, stats *proxy.Stats) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	title := "\nrate\tconfigured\tobserved\t99% interval\t\t\n"
	row := func(d lossy.Direction, what any, configured, observed, low, high any, holds bool) {
		verdict := "fits"
		if !holds {
			verdict = "does not fit"
		}
		fmt.Fprintf(w, "%s%v %v\t%v\t%v\t%v to %v\t%s\t\n", title, d, what, configured, observed, low, high, verdict)
		title = ""
	}
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		for _, i := range lossy.Impairments() {
			e := stats.Direction(d).Link.Observed(i)
			if e.Trials == 0 {
				continue
			}
			row(d, i, percent(e.Configured), percent(e.Observed), percent(e.Low), percent(e.High), e.Holds())
		}
		for _, e := range stats.Direction(d).Link.ObservedDelays() {
			row(d, "delay "+e.Name, brief(e.Configured), brief(e.Observed), brief(e.Low), brief(e.High), e.Holds())
		}
	}
	w.Flush()
}

func percent(share float64) string { return fmt.Sprintf("%.3g%%", share*100) }

// brief rounds a time to what a reader takes in: three digits.
func brief(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}
