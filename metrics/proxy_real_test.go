package metrics

import (
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/lossy/proxy"
)

// Three datagrams through a real proxy that harms none: the histogram of their
// lateness says of each what the proxy measured.
func TestLatenessOfARealProxy(t *testing.T) {
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	real, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Upstream: service.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	client, err := net.Dial("udp", real.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	buf := make([]byte, 100)
	for range 3 {
		if _, err := client.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := service.ReadFrom(buf); err != nil {
			t.Fatal(err)
		}
	}
	real.Close() // nothing is being counted any more

	p := NewProxy()
	p.AddProxy(real.Stats)
	wantSeries(t, p, `
		udplab_proxy_opened_flows_total 1
		udplab_proxy_received_packets_total{direction="down"} 0
		udplab_proxy_received_packets_total{direction="up"} 3
		udplab_proxy_received_bytes_total{direction="down"} 0
		udplab_proxy_received_bytes_total{direction="up"} 15
		udplab_proxy_sent_packets_total{direction="down"} 0
		udplab_proxy_sent_packets_total{direction="up"} 3
		udplab_proxy_sent_bytes_total{direction="down"} 0
		udplab_proxy_sent_bytes_total{direction="up"} 15
	`)
	up := real.Stats().Up.Lateness
	if up.Count != 3 {
		t.Errorf("the proxy timed %d datagrams, want 3", up.Count)
	}
	checkLateness(t, p, map[string]proxy.Lateness{"up": up, "down": {}})
}

// checkLateness compares the histogram of each direction with the proxy's own.
func checkLateness(t *testing.T, p *Proxy, want map[string]proxy.Lateness) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(p)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range families {
		if f.GetName() != "udplab_proxy_lateness_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			seen++
			h, direction := m.GetHistogram(), m.GetLabel()[0].GetValue()
			late := want[direction]
			if h.GetSampleCount() != late.Count || h.GetSampleSum() != late.Sum.Seconds() {
				t.Errorf("%s: %d datagrams, %v s late in all; want %d, %v", direction,
					h.GetSampleCount(), h.GetSampleSum(), late.Count, late.Sum.Seconds())
			}
			for i, b := range h.GetBucket() {
				if n := late.AtMost(latenessBuckets()[i]); b.GetCumulativeCount() != n {
					t.Errorf("%s: at most %v s late: %d, want %d", direction, b.GetUpperBound(), b.GetCumulativeCount(), n)
				}
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d histograms, want %d", seen, len(want))
	}
}
