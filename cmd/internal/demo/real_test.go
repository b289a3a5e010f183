package demo

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"udplab/lossy"
	"udplab/metrics"
	"udplab/proto"
)

// realConfig is damage without delay and displacement, so that what becomes of
// a datagram depends on the seed alone and not on the speed of the machine.
func realConfig(seed uint64) Config {
	p := lossy.Profile{Loss: 0.15, Duplicate: 0.1, Corrupt: 0.05, Delay: 2 * time.Millisecond}
	return Config{
		Messages: 200, Size: 100, Rate: 2000,
		Network: lossy.Config{Seed: seed, Up: p, Down: p},
		Timeout: time.Minute, // a loaded machine may take its time
	}
}

// predict sends datagrams of the same length through the model in virtual time.
// In raw mode message k is datagram k of flow 0.
func predict(cfg *Config) Half {
	length := len(proto.AppendRaw(nil, &proto.Raw{Stream: 1 << 63, SentAt: 1 << 40, Payload: make([]byte, cfg.Size)}))
	link := lossy.NewLink(cfg.Network.Seed, 0, lossy.Up, cfg.Network.Up)
	datagram := make([]byte, length)
	h := Half{Sent: cfg.Messages}
	for range cfg.Messages {
		link.Send(0, datagram)
		copies := 0
		for {
			got, ok := link.Receive(time.Hour, nil)
			if !ok {
				break
			}
			clean := true
			for _, b := range got {
				clean = clean && b == 0
			}
			if !clean {
				h.Corrupt++
				continue
			}
			if copies++; copies > 1 {
				h.Duplicate++
			} else {
				h.Delivered++
			}
		}
	}
	h.Lost = h.Sent - h.Delivered
	h.PayloadBytes = uint64(h.Delivered * cfg.Size)
	return h
}

// The whole demonstration on real sockets: the seed decides to the message what
// raw mode loses, reliable mode loses nothing, and /metrics agrees with both.
func TestRealRun(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		cfg := realConfig(seed)
		instruments := Instruments{metrics.NewRaw(), metrics.NewReliable(), metrics.NewProxy(), metrics.NewLatency()}
		cfg.Instruments = instruments
		run, err := Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := run.Wait()
		if !r.Complete || r.Raw.Error != "" || r.Reliable.Error != "" {
			t.Fatalf("seed %d: complete %v, errors %q, %q", seed, r.Complete, r.Raw.Error, r.Reliable.Error)
		}

		want, got := predict(&cfg), r.Raw
		if want.Lost == 0 || want.Duplicate == 0 || want.Corrupt == 0 {
			t.Fatalf("seed %d harms nothing: %+v", seed, want)
		}
		if got.Sent != want.Sent || got.Delivered != want.Delivered || got.Lost != want.Lost ||
			got.Duplicate != want.Duplicate || got.Corrupt != want.Corrupt {
			t.Errorf("seed %d, raw:\n got %+v\nwant %+v", seed, got, want)
		}
		if !r.Reliable.ExactlyOnce() || r.Reliable.Sent != cfg.Messages {
			t.Errorf("seed %d, reliable: not exactly once: %+v", seed, r.Reliable)
		}
		if r.Reliable.Retransmits == 0 || r.Reliable.Network.Lost == 0 {
			t.Errorf("seed %d, reliable: %d retransmits for %d losses: nothing was repaired", seed, r.Reliable.Retransmits, r.Reliable.Network.Lost)
		}
		checkMetrics(t, &r, instruments)
	}
}

// checkMetrics compares what Prometheus would see with the result. The
// connections have ended by now: their counts must have survived.
func checkMetrics(t *testing.T, r *Result, to Instruments) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(to.Raw, to.Reliable, to.Proxy, to.Latency)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				if l.GetName() != "reason" {
					key += " " + l.GetValue()
				}
			}
			values[key] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	for key, want := range map[string]float64{
		"udplab_transport_sent_messages_total raw":              float64(r.Raw.Sent),
		"udplab_transport_delivered_messages_total raw":         float64(r.Raw.Delivered + r.Raw.Duplicate),
		"udplab_transport_duplicate_packets_total raw":          float64(r.Raw.Duplicate),
		"udplab_transport_corrupt_packets_total raw":            float64(r.Raw.Corrupt),
		"udplab_transport_retransmits_total raw":                0,
		"udplab_transport_connections raw":                      0,
		"udplab_transport_sent_messages_total reliable":         float64(r.Reliable.Sent),
		"udplab_transport_delivered_messages_total reliable":    float64(r.Reliable.Delivered),
		"udplab_transport_acknowledged_messages_total reliable": float64(r.Reliable.Sent),
		"udplab_transport_lost_messages reliable":               0,
		"udplab_transport_retransmits_total reliable":           float64(r.Reliable.Retransmits),
		"udplab_transport_connections reliable":                 0,
		"udplab_application_delivery_latency_seconds raw":       float64(r.Raw.Delivered),
		"udplab_application_delivery_latency_seconds reliable":  float64(r.Reliable.Delivered),
		"udplab_proxy_opened_flows_total":                       2,
	} {
		got, ok := values[key]
		if !ok || got != want {
			t.Errorf("%s: got %v (there: %v), want %v", key, got, ok, want)
		}
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// The default network, in a hurry: with displacement and jitter too, reliable
// mode keeps its promise and raw mode visibly does not.
func TestDefaultNetwork(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Messages, cfg.Rate, cfg.Timeout = 100, 400, time.Minute
	for _, p := range []*lossy.Profile{&cfg.Network.Up, &cfg.Network.Down} {
		p.Delay, p.Jitter = 4*time.Millisecond, time.Millisecond
	}
	run, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := run.Wait()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || !r.Reliable.ExactlyOnce() {
		t.Errorf("reliable mode broke its promise: %s", b)
	}
	if r.Raw.Lost == 0 || r.Raw.OutOfOrder == 0 || r.Raw.Duplicate == 0 {
		t.Errorf("raw mode looks unharmed: %s", b)
	}
}
