package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Each mode has its own buckets, cumulative as Prometheus wants them.
func TestLatencyBuckets(t *testing.T) {
	l := NewLatency()
	for _, ms := range []int{40, 41, 120, 20000} {
		l.ObserveReliable(time.Duration(ms) * time.Millisecond)
	}
	l.ObserveRaw(40 * time.Millisecond)

	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range families[0].GetMetric() {
		mode, h := metric.GetLabel()[0].GetValue(), metric.GetHistogram()
		got := map[float64]uint64{}
		for _, b := range h.GetBucket() {
			got[b.GetUpperBound()] = b.GetCumulativeCount()
		}
		want := map[float64]uint64{0.03: 0, 0.04: 1, 0.05: 2, 0.1: 2, 0.15: 3, 10: 3}
		count, sum := uint64(4), 20.201
		if mode == modeRaw {
			want, count, sum = map[float64]uint64{0.03: 0, 0.04: 1, 10: 1}, 1, 0.04
		}
		for bound, n := range want {
			if got[bound] != n {
				t.Errorf("%s: at most %v s: got %d messages, want %d", mode, bound, got[bound], n)
			}
		}
		if h.GetSampleCount() != count || h.GetSampleSum() != sum {
			t.Errorf("%s: got %d messages, %v s in all; want %d, %v", mode, h.GetSampleCount(), h.GetSampleSum(), count, sum)
		}
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	if name := families[0].GetName(); !strings.HasSuffix(name, "_seconds") {
		t.Errorf("name %q has no base unit", name)
	}
}
