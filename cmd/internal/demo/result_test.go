package demo

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"udplab/lossy/proxy"
)

// decode turns a result into what a reader of the JSON has.
func decode(t *testing.T, r *Result) map[string]any {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Scripts compare the halves key by key, so both must have all keys, whatever
// was measured.
func TestBothHalvesHaveTheSameKeys(t *testing.T) {
	want := []string{
		"connect_ms", "corrupt", "delivered", "duplicate", "error", "latency_ms", "lost", "network",
		"out_of_order", "payload_bytes", "retransmits", "sent", "wire_bytes",
	}
	for name, result := range judged() {
		m := decode(t, result)
		for _, half := range []string{"raw", "reliable"} {
			h := m[half].(map[string]any)
			if got := slices.Sorted(maps.Keys(h)); !slices.Equal(got, want) {
				t.Errorf("%s, %s: got keys %q, want %q", name, half, got, want)
			}
			if got := slices.Sorted(maps.Keys(h["latency_ms"].(map[string]any))); !slices.Equal(got, []string{"p50", "p95", "p99"}) {
				t.Errorf("%s, %s: got latencies %q, want p50, p95, p99", name, half, got)
			}
		}
	}
}

func TestResultSaysWhatWasConfigured(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Network.Seed = 7
	cfg.Network.Down.Loss = 0
	result := newResult(&cfg)
	m := decode(t, &result)
	if m["schema"] != "udplab/demo/v1" || m["seed"] != 7.0 {
		t.Errorf("schema %v, seed %v; want udplab/demo/v1, 7", m["schema"], m["seed"])
	}
	config := m["config"].(map[string]any)
	network := config["network"].(map[string]any)
	up, down := network["up"].(map[string]any), network["down"].(map[string]any)
	if config["messages"] != 400.0 || config["size_bytes"] != 200.0 || config["rate_per_second"] != 100.0 {
		t.Errorf("config %v, want 400 messages of 200 bytes at 100 a second", config)
	}
	if up["loss"] != "10%" || down["loss"] != "0%" || up["delay"] != "40ms" {
		t.Errorf("network %v, want loss 10%% up, 0%% down, delay 40ms", network)
	}
}

// What nobody measured is null, never a 0 that looks like a perfect time.
func TestUnknownLatencyIsNull(t *testing.T) {
	m := decode(t, judged()["total blackout"])
	latency := m["raw"].(map[string]any)["latency_ms"].(map[string]any)
	if v, ok := latency["p99"]; !ok || v != nil {
		t.Errorf("p99 of nothing: got %v, want null", v)
	}
	b, err := json.Marshal(millis(41471499 * time.Nanosecond))
	if err != nil || string(b) != "41.471" {
		t.Errorf("41.471499 ms: got %s, %v; want 41.471", b, err)
	}
}

func TestExactlyOnceForgivesNothing(t *testing.T) {
	perfect := Half{Sent: 3, Delivered: 3}
	if !perfect.ExactlyOnce() {
		t.Error("3 of 3 delivered: not exactly once")
	}
	for name, spoil := range map[string]func(*Half){
		"lost":         func(h *Half) { h.Delivered, h.Lost = 2, 1 },
		"undelivered":  func(h *Half) { h.Delivered = 2 },
		"out of order": func(h *Half) { h.OutOfOrder = 1 },
		"duplicate":    func(h *Half) { h.Duplicate = 1 },
		"corrupt":      func(h *Half) { h.Corrupt = 1 },
	} {
		h := perfect
		if spoil(&h); h.ExactlyOnce() {
			t.Errorf("%s: counts as exactly once", name)
		}
	}
}

// Every drop has one cause, and both directions count.
func TestNetworkSumsBothDirections(t *testing.T) {
	var s proxy.Stats
	s.Up.PacketsReceived, s.Down.PacketsReceived = 100, 50
	s.Up.Link.Dropped[1], s.Down.Link.Dropped[1] = 10, 5 // lossy.CauseLoss
	s.Up.Link.Dropped[2] = 3                             // lossy.CauseQueue
	s.Up.Link.Dropped[4], s.Down.Dropped[proxy.CauseKernelRx] = 1, 2
	s.Up.Link.Duplicated, s.Down.Link.Duplicated = 6, 7
	s.Up.Link.Reordered, s.Up.Link.Corrupted = 8, 9
	want := Network{Datagrams: 150, Lost: 15, QueueDrops: 3, OtherDrops: 3, Duplicated: 13, Reordered: 8, Corrupted: 9}
	if got := networkOf(&s); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
