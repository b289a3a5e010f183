package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// Proxy collects the impairing proxies of the process, summed. Make one with
// [NewProxy] and register it. Safe for concurrent use.
type Proxy struct {
	proxies    *ledger[proxy.Stats]
	sheet      sheet[proxy.Stats]
	directions sheet[proxy.DirectionStats]
	dropped    series
	rates      proxyRates
	delays     proxyDelays
	lateness   series
}

// NewProxy returns a collector without proxies: every counter is 0.
func NewProxy() *Proxy {
	return &Proxy{
		proxies:    newLedger((*proxy.Stats).Add),
		sheet:      sheet[proxy.Stats]{proxyRows(), proxyLevels()},
		directions: sheet[proxy.DirectionStats]{rows: directionRows()},
		dropped:    proxyDroppedPackets.bind(""),
		rates:      newProxyRates(),
		delays:     newProxyDelays(),
		lateness:   proxyLateness.bind(""),
	}
}

// AddProxy adds a proxy. Call retire after it was closed; see
// [Reliable.AddConn].
func (p *Proxy) AddProxy(stats func() proxy.Stats) (retire func()) { return p.proxies.open(stats) }

// Describe implements prometheus.Collector.
func (p *Proxy) Describe(ch chan<- *prometheus.Desc) {
	p.sheet.describe(ch)
	p.directions.describe(ch)
	ch <- p.dropped.desc
	p.rates.describe(ch)
	p.delays.describe(ch)
	ch <- p.lateness.desc
}

// Collect implements prometheus.Collector.
func (p *Proxy) Collect(ch chan<- prometheus.Metric) {
	total, retired, live := p.proxies.read()
	p.sheet.collect(ch, &total, live)
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		p.collectDirection(ch, d.String(), total.Direction(d), retired.Direction(d))
	}
}

func (p *Proxy) collectDirection(ch chan<- prometheus.Metric, direction string, total, retired *proxy.DirectionStats) {
	// What a closed proxy still held will never come out: it is in flight no more.
	total.Link.PacketsInFlight -= retired.Link.PacketsInFlight
	total.Link.BytesInFlight -= retired.Link.BytesInFlight
	p.directions.collect(ch, total, nil, direction)
	for _, drop := range total.Drops() {
		ch <- p.dropped.sample(float64(drop.Packets), direction, drop.Cause)
	}
	p.rates.collect(ch, &total.Link, direction)
	p.delays.collect(ch, &total.Link, direction)
	buckets := make(map[float64]uint64)
	for _, bound := range latenessBuckets() {
		buckets[bound.Seconds()] = total.Lateness.AtMost(bound)
	}
	ch <- prometheus.MustNewConstHistogram(p.lateness.desc,
		total.Lateness.Count, total.Lateness.Sum.Seconds(), buckets, direction)
}

// latenessBuckets reach from what a good timer can do to what a loaded machine
// does.
func latenessBuckets() []time.Duration {
	return []time.Duration{
		5 * time.Microsecond, 10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
		100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
		20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	}
}

func proxyRows() []row[proxy.Stats] {
	type S = proxy.Stats
	return []row[S]{
		count(proxyOpenedFlows, "", func(s *S) uint64 { return s.FlowsOpened }),
		count(proxyExpiredFlows, "", func(s *S) uint64 { return s.FlowsExpired }),
		count(proxyReboundFlows, "", func(s *S) uint64 { return s.Rebound }),
	}
}

func proxyLevels() []level[proxy.Stats] {
	return []level[proxy.Stats]{
		sum(proxyFlows, "", func(s *proxy.Stats) int { return s.Flows }),
	}
}

func directionRows() []row[proxy.DirectionStats] {
	type S = proxy.DirectionStats
	return []row[S]{
		count(proxyReceivedPackets, "", func(s *S) uint64 { return s.PacketsReceived }),
		count(proxyReceivedBytes, "", func(s *S) uint64 { return s.BytesReceived }),
		count(proxySentPackets, "", func(s *S) uint64 { return s.PacketsSent }),
		count(proxySentBytes, "", func(s *S) uint64 { return s.BytesSent }),
		count(proxyDuplicatedPackets, "", func(s *S) uint64 { return s.Link.Duplicated }),
		count(proxyCorruptedPackets, "", func(s *S) uint64 { return s.Link.Corrupted }),
		count(proxyReorderedPackets, "", func(s *S) uint64 { return s.Link.Reordered }),
		count(proxyMarkedPackets, "", func(s *S) uint64 { return s.Link.Marked }),
		count(proxyRefusals, "", func(s *S) uint64 { return s.Refused }),
		count(proxyReadErrors, "", func(s *S) uint64 { return s.ReadErrors }),
		count(proxyPacketsInFlight, "", func(s *S) uint64 { return s.Link.PacketsInFlight }),
		count(proxyBytesInFlight, "", func(s *S) uint64 { return s.Link.BytesInFlight }),
	}
}
