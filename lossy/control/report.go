package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// ProxyReport is a proxy as GET /proxies/{name} shows it.
type ProxyReport struct {
	Name        string          `json:"name"`
	Protocol    string          `json:"protocol"` // "udp"
	Listen      string          `json:"listen"`
	Upstream    string          `json:"upstream"`
	Enabled     bool            `json:"enabled"`
	NATTimeout  string          `json:"nat-timeout"`
	RebindEvery string          `json:"rebind-every"`
	Seed        uint64          `json:"seed"`
	Up          settings.Report `json:"up"`
	Down        settings.Report `json:"down"`
	Toxics      []Toxic         `json:"toxics"`
	Dark        *DarkReport     `json:"dark,omitempty"`     // while a blackout of now lasts
	Scenario    json.RawMessage `json:"scenario,omitempty"` // while it is being played
	Warnings    []string        `json:"warnings,omitempty"` // what the settings do that they do not say
}

// Report describes a proxy of the fleet. The error wraps ErrNotFound.
func (f *Fleet) Report(name string) (ProxyReport, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	m := f.members[name]
	if m == nil {
		return ProxyReport{}, notFound(name)
	}
	return m.report(), nil
}

// Reports describes all proxies at one moment, by name.
func (f *Fleet) Reports() map[string]ProxyReport {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make(map[string]ProxyReport, len(f.members))
	for name, m := range f.members {
		all[name] = m.report()
	}
	return all
}

// report describes a member. The caller has locked f.mu.
func (m *member) report() ProxyReport {
	s := m.state()
	return ProxyReport{
		Name:        m.name,
		Protocol:    "udp",
		Listen:      m.proxy.Addr().String(),
		Upstream:    s.Upstream.String(),
		Enabled:     s.Enabled,
		NATTimeout:  s.NAT.Timeout.String(),
		RebindEvery: s.NAT.RebindEvery.String(),
		Seed:        s.Network.Seed,
		Up:          settings.Report(s.Network.Up),
		Down:        settings.Report(s.Network.Down),
		Toxics:      append([]Toxic{}, s.toxics...), // never null
		Dark:        reportDark(m.proxy),
		Scenario:    playing(m.proxy),
		Warnings:    warnings(s.Network, m.proxy.Settings(), playing(m.proxy) != nil, m.proxy.Uptime()),
	}
}

// DarkReport is how much longer nothing passes because of a blackout of now, by
// direction, "0s" where it does.
type DarkReport struct {
	Up   string `json:"up"`
	Down string `json:"down"`
}

func reportDark(p *proxy.Proxy) *DarkReport {
	left := p.DarkFor()
	if left == ([2]time.Duration{}) {
		return nil
	}
	rounded := func(d lossy.Direction) string { return left[d].Round(time.Millisecond).String() }
	return &DarkReport{rounded(lossy.Up), rounded(lossy.Down)}
}

// warnings is what the settings do that they do not say: the true rates of netem's
// arithmetic, which outages are over, and which settings do nothing at all. They may
// need what toxics have; and what toxics of some flows have, or a scenario will, may
// be just what they need.
func warnings(base lossy.Config, effective proxy.Settings, playing bool, uptime time.Duration) []string {
	list := append(base.Warnings(), outagesOver(effective.Network, uptime)...)
	some := func(o proxy.Overlay) bool { return o.Share > 0 && o.Share < 1 }
	if playing || slices.ContainsFunc(effective.Overlays, some) {
		return list
	}
	for _, i := range effective.Network.Inert() {
		list = append(list, i.String())
	}
	return list
}

// outagesOver tells of the outages that will not be any more, each with its direction
// if it is not of both.
func outagesOver(network lossy.Config, uptime time.Duration) (list []string) {
	up, down := network.Up.Blackout.Over(uptime), network.Down.Blackout.Over(uptime)
	tell := func(way string, outages, besides []lossy.Outage) {
		for _, o := range outages {
			if slices.Contains(besides, o) {
				continue
			}
			list = append(list, fmt.Sprintf("%sblackout %v is over: it counts from the start of the proxy, %v ago",
				way, o, uptime.Round(100*time.Millisecond)))
		}
	}
	both := slices.DeleteFunc(slices.Clone(up), func(o lossy.Outage) bool { return !slices.Contains(down, o) })
	tell("", both, nil)
	tell("up: ", up, both)
	tell("down: ", down, both)
	return list
}

// StatsReport is what a proxy has done, as GET /proxies/{name}/stats and the
// command's summary show it.
type StatsReport struct {
	Flows        int             `json:"flows"`
	FlowsOpened  uint64          `json:"flows_opened"`
	FlowsExpired uint64          `json:"flows_expired"`
	Rebound      uint64          `json:"rebound"` // times that a flow got another port towards the service
	Up           DirectionReport `json:"up"`
	Down         DirectionReport `json:"down"`
}

// ReportStats describes a snapshot.
func ReportStats(s *proxy.Stats) StatsReport {
	return StatsReport{
		Flows:        s.Flows,
		FlowsOpened:  s.FlowsOpened,
		FlowsExpired: s.FlowsExpired,
		Rebound:      s.Rebound,
		Up:           reportDirection(&s.Up),
		Down:         reportDirection(&s.Down),
	}
}

// DirectionReport counts one direction. PacketsIn + Duplicated =
// PacketsOut + the sum of Dropped + InFlight.
type DirectionReport struct {
	PacketsIn  uint64                `json:"packets_in"`  // that came, whether read or dropped by kernel_rx
	BytesIn    uint64                `json:"bytes_in"`    // of those that were read
	PacketsOut uint64                `json:"packets_out"` // handed to the kernel
	BytesOut   uint64                `json:"bytes_out"`
	InFlight   uint64                `json:"in_flight"`
	Dropped    map[string]uint64     `json:"dropped"` // by cause, every cause
	Reordered  uint64                `json:"reordered"`
	Duplicated uint64                `json:"duplicated"` // copies made, whether or not policer and queue let them pass
	Corrupted  uint64                `json:"corrupted"`  // damaged packets that policer and queue let pass; Rates count all that were hit
	Marked     uint64                `json:"marked"`     // CE instead of a drop (ECN)
	Refused    uint64                `json:"refused"`    // reports that nobody listens
	ReadErrors uint64                `json:"read_errors"`
	Rates      map[string]RateReport `json:"rates"` // by impairment, those that were configured
	// Delays are what the law of delay promised and what was drawn, by "mean" and
	// "sd"; without those that promise nothing in figures.
	Delays   map[string]DelayReport `json:"delays_us"`
	Lateness LatenessReport         `json:"lateness_us"`
}

// RateReport compares the configured with the observed rate of an impairment;
// Low and High are the 99 % confidence interval of the latter.
type RateReport struct {
	Configured float64 `json:"configured"`
	Observed   float64 `json:"observed"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Trials     uint64  `json:"trials"`
	Events     uint64  `json:"events"`
}

// DelayReport compares a configured with an observed time, in microseconds; Low and
// High are the 99 % confidence interval of the latter.
type DelayReport struct {
	Configured float64 `json:"configured"`
	Observed   float64 `json:"observed"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Packets    uint64  `json:"packets"`
}

// LatenessReport is how late datagrams left, in microseconds.
type LatenessReport struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func reportDirection(d *proxy.DirectionStats) DirectionReport {
	r := DirectionReport{
		PacketsIn:  d.PacketsReceived,
		BytesIn:    d.BytesReceived,
		PacketsOut: d.PacketsSent,
		BytesOut:   d.BytesSent,
		InFlight:   d.Link.PacketsInFlight,
		Dropped:    make(map[string]uint64),
		Reordered:  d.Link.Reordered,
		Duplicated: d.Link.Duplicated,
		Corrupted:  d.Link.Corrupted,
		Marked:     d.Link.Marked,
		Refused:    d.Refused,
		ReadErrors: d.ReadErrors,
		Rates:      make(map[string]RateReport),
		Delays:     make(map[string]DelayReport),
		Lateness: LatenessReport{
			P50: microseconds(d.Lateness.Quantile(0.50)),
			P99: microseconds(d.Lateness.Quantile(0.99)),
			Max: microseconds(d.Lateness.Max),
		},
	}
	for _, drop := range d.Drops() {
		r.Dropped[drop.Cause] = drop.Packets
	}
	for _, i := range lossy.Impairments() {
		if e := d.Link.Observed(i); e.Trials > 0 {
			r.Rates[i.String()] = RateReport{e.Configured, e.Observed, e.Low, e.High, e.Trials, e.Events}
		}
	}
	for _, e := range d.Link.ObservedDelays() {
		r.Delays[e.Name] = DelayReport{
			microseconds(e.Configured), microseconds(e.Observed), microseconds(e.Low), microseconds(e.High), e.Packets}
	}
	return r
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
