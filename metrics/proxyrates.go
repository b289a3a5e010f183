package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"udplab/lossy"
)

// proxyRates compares the configured with the observed rate of each impairment.
type proxyRates struct {
	exposed, impaired, configured, observed, low, high series
}

func newProxyRates() proxyRates {
	return proxyRates{
		exposed: proxyExposedPackets.bind(""), impaired: proxyImpairedPackets.bind(""),
		configured: proxyConfiguredRatio.bind(""), observed: proxyObservedRatio.bind(""),
		low: proxyObservedRatioLow.bind(""), high: proxyObservedRatioHigh.bind(""),
	}
}

func (p *proxyRates) describe(ch chan<- *prometheus.Desc) {
	for _, s := range []series{p.exposed, p.impaired, p.configured, p.observed, p.low, p.high} {
		ch <- s.desc
	}
}

func (p *proxyRates) collect(ch chan<- prometheus.Metric, stats *lossy.Stats, direction string) {
	for _, i := range lossy.Impairments() {
		e := stats.Observed(i)
		ch <- p.exposed.sample(float64(e.Trials), i.String(), direction)
		ch <- p.impaired.sample(float64(e.Events), i.String(), direction)
		if e.Trials == 0 {
			continue
		}
		ch <- p.configured.sample(e.Configured, i.String(), direction)
		ch <- p.observed.sample(e.Observed, i.String(), direction)
		ch <- p.low.sample(e.Low, i.String(), direction)
		ch <- p.high.sample(e.High, i.String(), direction)
	}
}

// proxyDelays compares the delays drawn with what their laws promise.
type proxyDelays struct {
	configured, observed, low, high series
}

func newProxyDelays() proxyDelays {
	return proxyDelays{
		configured: proxyConfiguredDelay.bind(""), observed: proxyObservedDelay.bind(""),
		low: proxyObservedDelayLow.bind(""), high: proxyObservedDelayHigh.bind(""),
	}
}

func (p *proxyDelays) describe(ch chan<- *prometheus.Desc) {
	for _, s := range []series{p.configured, p.observed, p.low, p.high} {
		ch <- s.desc
	}
}

func (p *proxyDelays) collect(ch chan<- prometheus.Metric, stats *lossy.Stats, direction string) {
	for _, e := range stats.ObservedDelays() {
		ch <- p.configured.sample(e.Configured.Seconds(), e.Name, direction)
		ch <- p.observed.sample(e.Observed.Seconds(), e.Name, direction)
		ch <- p.low.sample(e.Low.Seconds(), e.Name, direction)
		ch <- p.high.sample(e.High.Seconds(), e.Name, direction)
	}
}
