package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// sampleProxy counts n in every field up, and two more down, so that no two
// fields of a direction are alike.
func sampleProxy() proxy.Stats {
	s := proxy.Stats{Flows: 2, FlowsOpened: 5, FlowsExpired: 3, Rebound: 4}
	for i, d := range []*proxy.DirectionStats{&s.Up, &s.Down} {
		base := uint64(1000 * (i + 1))
		d.PacketsReceived, d.BytesReceived = base+1, base+2
		d.PacketsSent, d.BytesSent = base+3, base+4
		d.Link.Duplicated, d.Link.Corrupted, d.Link.Reordered = base+5, base+6, base+7
		d.Refused, d.ReadErrors = base+8, base+9
		d.Link.Marked = base + 12
		d.Link.PacketsInFlight, d.Link.BytesInFlight = base+10, base+11
		for j, cause := range lossy.Causes() {
			d.Link.Dropped[cause] = base + 20 + uint64(j)
		}
		for cause := range d.Dropped {
			d.Dropped[cause] = base + 30 + uint64(cause)
		}
		d.Link.Delays = sampleDelays
		for j := range d.Link.Tallies {
			d.Link.Tallies[j] = lossy.Tally{Trials: base, Events: 60, Expected: 50, Variance: 47.5}
		}
	}
	return s
}

// sampleDelays are 400 of which 20 ms and a deviation of 5 ms were promised, and
// each of which was 21 ms.
var sampleDelays = lossy.DelayTally{
	Packets: 400, Mean: 400 * 20e6, Variance: 400 * 25e12, Fourth: 400 * 2 * 25e12 * 25e12,
	Off: 400 * 1e6, Square: 400 * 1e12,
}

// proxyCounters is what sampleProxy counts in one direction.
func proxyCounters(direction string, base int) string {
	var b strings.Builder
	for i, name := range []string{
		"received_packets_total", "received_bytes_total", "sent_packets_total", "sent_bytes_total",
		"duplicated_packets_total", "corrupted_packets_total", "reordered_packets_total",
		"refusals_total", "read_errors_total",
	} {
		fmt.Fprintf(&b, "udplab_proxy_%s{direction=%q} %d\n", name, direction, base+1+i)
	}
	fmt.Fprintf(&b, "udplab_proxy_marked_packets_total{direction=%q} %d\n", direction, base+12)
	for i, cause := range []string{"loss", "queue", "blackout", "overload", "aqm", "policer", "mtu", "rule"} {
		fmt.Fprintf(&b, "udplab_proxy_dropped_packets_total{cause=%q,direction=%q} %d\n", cause, direction, base+20+i)
	}
	for i, cause := range []string{"flow_limit", "flow_error", "flow_closed", "oversize", "nat", "kernel_tx", "kernel_rx"} {
		fmt.Fprintf(&b, "udplab_proxy_dropped_packets_total{cause=%q,direction=%q} %d\n", cause, direction, base+30+i)
	}
	return b.String()
}

func TestProxyValuesSurviveTheProxy(t *testing.T) {
	p := NewProxy()
	retire := p.AddProxy(sampleProxy)
	counters := "udplab_proxy_opened_flows_total 5\nudplab_proxy_expired_flows_total 3\nudplab_proxy_rebound_flows_total 4\n" +
		proxyCounters("up", 1000) + proxyCounters("down", 2000)
	wantSeries(t, p, counters+`
		udplab_proxy_flows 2
		udplab_proxy_in_flight_packets{direction="down"} 2010
		udplab_proxy_in_flight_packets{direction="up"} 1010
		udplab_proxy_in_flight_bytes{direction="down"} 2011
		udplab_proxy_in_flight_bytes{direction="up"} 1011
	`)
	retire()
	wantSeries(t, p, counters+`
		udplab_proxy_flows 0
		udplab_proxy_in_flight_packets{direction="down"} 0
		udplab_proxy_in_flight_packets{direction="up"} 0
		udplab_proxy_in_flight_bytes{direction="down"} 0
		udplab_proxy_in_flight_bytes{direction="up"} 0
	`)
}

func TestProxyShowsConfiguredAndObservedRates(t *testing.T) {
	var s proxy.Stats
	s.Up.Link.Tallies[lossy.ImpairmentLoss] = lossy.Tally{Trials: 1000, Events: 60, Expected: 50, Variance: 47.5}
	p := NewProxy()
	p.AddProxy(func() proxy.Stats { return s })
	e := s.Up.Link.Observed(lossy.ImpairmentLoss)
	if e.Low >= 0.05 || e.High <= 0.07 {
		t.Fatalf("interval %v to %v of 60 in 1000", e.Low, e.High)
	}
	var want strings.Builder
	for _, d := range []string{"up", "down"} {
		for _, i := range lossy.Impairments() {
			exposed, impaired := 0, 0
			if d == "up" && i == lossy.ImpairmentLoss {
				exposed, impaired = 1000, 60
			}
			fmt.Fprintf(&want, "udplab_proxy_exposed_packets_total{direction=%q,impairment=%q} %d\n", d, i, exposed)
			fmt.Fprintf(&want, "udplab_proxy_impaired_packets_total{direction=%q,impairment=%q} %d\n", d, i, impaired)
		}
	}
	for name, value := range map[string]float64{
		"configured_ratio": 0.05, "observed_ratio": 0.06, "observed_ratio_low": e.Low, "observed_ratio_high": e.High,
	} {
		fmt.Fprintf(&want, "udplab_proxy_%s{direction=\"up\",impairment=\"loss\"} %v\n", name, value)
	}
	wantSeries(t, p, want.String())
}

func TestProxyShowsConfiguredAndObservedDelays(t *testing.T) {
	var s proxy.Stats
	s.Down.Link.Delays = sampleDelays
	p := NewProxy()
	p.AddProxy(func() proxy.Stats { return s })
	estimates := s.Down.Link.ObservedDelays()
	if len(estimates) != 2 {
		t.Fatalf("estimates %v, want mean and sd", estimates)
	}
	var want strings.Builder
	for _, e := range estimates {
		for name, value := range map[string]time.Duration{
			"configured_delay": e.Configured, "observed_delay": e.Observed, "observed_delay_low": e.Low, "observed_delay_high": e.High,
		} {
			fmt.Fprintf(&want, "udplab_proxy_%s_seconds{direction=\"down\",moment=%q} %v\n", name, e.Name, value.Seconds())
		}
	}
	if !strings.Contains(want.String(), `configured_delay_seconds{direction="down",moment="mean"} 0.02`) {
		t.Errorf("want is %s", want.String())
	}
	wantSeries(t, p, want.String())
}

func TestTwoProxiesAreSummed(t *testing.T) {
	p := NewProxy()
	p.AddProxy(sampleProxy)
	p.AddProxy(sampleProxy)
	wantSeries(t, p, `
		udplab_proxy_flows 4
		udplab_proxy_opened_flows_total 10
		udplab_proxy_received_packets_total{direction="down"} 4002
		udplab_proxy_received_packets_total{direction="up"} 2002
		udplab_proxy_in_flight_packets{direction="down"} 4020
		udplab_proxy_in_flight_packets{direction="up"} 2020
	`)
}
