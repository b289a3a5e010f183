package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
)

// proxySession is one run of `udplab proxy` as the user sees it, from the
// first line to the summary.
type proxySession struct {
	name  string
	proxy *proxy.Proxy
	say   *say
	now   func() time.Time
	begun time.Time
	late  bool // and the user knows
}

// proxySummary is what -o json prints at the end.
type proxySummary struct {
	Schema  string              `json:"schema"` // udplab/proxy-summary/v1
	Seconds float64             `json:"seconds"`
	Proxy   control.ProxyReport `json:"proxy"`
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

// announce says where the proxy listens and what it does.
func (s *proxySession) announce(api *control.Server) {
	p, network := s.proxy, s.proxy.Config()
	s.say.note("listening on %s, upstream %s, seed %d", p.Addr(), p.Upstream(), network.Seed)
	if network.Up == network.Down {
		s.say.note("network each way: %s", network.Up)
	} else {
		s.say.note("network up: %s; down: %s", network.Up, network.Down)
	}
	if api != nil {
		s.say.note("API %s/proxies/%s", api.URL(), s.name)
	}
	for _, w := range p.Warnings() {
		s.say.warn("%s", w)
	}
}

// watch shows the proxy at work until the context ends.
func (s *proxySession) watch(ctx context.Context, format *outputFormat) error {
	every := liveEvery
	if format.is(formatJSONL) {
		every = eventEvery
		report := control.ReportProxy(s.name, s.proxy)
		if err := s.say.event(proxyEvent{Schema: proxyEventSchema, Event: "listening", Proxy: &report}); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.checkTimes()
			return nil
		case <-ticker.C:
		}
		s.checkTimes()
		if format.is(formatJSONL) {
			if err := s.event("running"); err != nil {
				return err
			}
		}
		s.say.progress("%s", s.live())
	}
}

// checkTimes warns when datagrams begin to leave too late, and says when they
// do no more.
func (s *proxySession) checkTimes() {
	err := s.proxy.Ready()
	switch {
	case err != nil && !s.late:
		s.say.warn("%v: this machine is too busy for the delays that were asked for", err)
	case err == nil && s.late:
		s.say.note("datagrams leave on time again")
	}
	s.late = err != nil
}

func (s *proxySession) event(name string) error {
	summary := s.summary()
	return s.say.event(proxyEvent{Schema: proxyEventSchema, Event: name, Summary: &summary})
}

// live is the line that moves on a terminal.
func (s *proxySession) live() string {
	stats := s.proxy.Stats()
	direction := func(d *proxy.DirectionStats) string {
		return fmt.Sprintf("in %d out %d drop %d", d.PacketsReceived, d.PacketsSent, dropped(d))
	}
	return fmt.Sprintf("flows %d  up %s  down %s", stats.Flows, direction(&stats.Up), direction(&stats.Down))
}

func dropped(d *proxy.DirectionStats) (sum uint64) {
	for _, drop := range d.Drops() {
		sum += drop.Packets
	}
	return sum
}

func (s *proxySession) summary() proxySummary {
	stats := s.proxy.Stats()
	return proxySummary{
		Schema:      "udplab/proxy-summary/v1",
		Seconds:     s.now().Sub(s.begun).Seconds(),
		Proxy:       control.ReportProxy(s.name, s.proxy),
		StatsReport: control.ReportStats(&stats),
	}
}

// finish prints the summary of a closed proxy.
func (s *proxySession) finish(format *outputFormat) error {
	switch {
	case format.is(formatJSON):
		return s.say.object(s.summary())
	case format.is(formatJSONL):
		return s.event("summary")
	}
	stats := s.proxy.Stats()
	s.say.data("%s", s.table(&stats))
	return nil
}

// table is the summary for people.
func (s *proxySession) table(stats *proxy.Stats) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s, %v, seed %d, flows %d", s.proxy.Addr(), s.proxy.Upstream(),
		s.now().Sub(s.begun).Round(100*time.Millisecond), s.proxy.Config().Seed, stats.FlowsOpened)
	if stats.Rebound > 0 {
		fmt.Fprintf(&b, ", %d times rebound", stats.Rebound)
	}
	b.WriteString("\n\n")
	writeCounts(&b, &stats.Up, &stats.Down)
	writeRates(&b, stats)
	return strings.TrimRight(b.String(), "\n")
}

// writeCounts writes a line for every count, and for every cause that dropped
// anything.
func writeCounts(b *strings.Builder, up, down *proxy.DirectionStats) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, up, down any) { fmt.Fprintf(w, "%s\t%v\t%v\t\n", name, up, down) }
	row("packets", "up", "down")
	row("in", up.PacketsReceived, down.PacketsReceived)
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
	row("duplicated", up.Link.Duplicated, down.Link.Duplicated)
	row("corrupted", up.Link.Corrupted, down.Link.Corrupted)
	if up.Refused+down.Refused > 0 {
		row("refused by upstream", up.Refused, down.Refused)
	}
	row("bytes in", up.BytesReceived, down.BytesReceived)
	row("bytes out", up.BytesSent, down.BytesSent)
	row("late p50", brief(up.Lateness.Quantile(0.5)), brief(down.Lateness.Quantile(0.5)))
	row("late p99", brief(up.Lateness.Quantile(0.99)), brief(down.Lateness.Quantile(0.99)))
	row("late max", brief(up.Lateness.Max), brief(down.Lateness.Max))
	w.Flush() // into memory, which cannot fail
}

// writeRates compares what was configured with what happened, for every
// impairment that was configured and met a packet.
func writeRates(b *strings.Builder, stats *proxy.Stats) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	title := "\nrate\tconfigured\tobserved\t99% interval\t\t\n"
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		for _, i := range lossy.Impairments() {
			e := stats.Direction(d).Link.Observed(i)
			if e.Trials == 0 {
				continue
			}
			verdict := "fits"
			if !e.Holds() {
				verdict = "does not fit"
			}
			fmt.Fprintf(w, "%s%v %v\t%s\t%s\t%s to %s\t%s\t\n", title, d, i,
				percent(e.Configured), percent(e.Observed), percent(e.Low), percent(e.High), verdict)
			title = ""
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
