package table

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latencies collects how long messages took, in microseconds.
type latencies struct{ histogram *hdrhistogram.Histogram }

const (
	latencyMost   = time.Hour // what takes longer is recorded as that
	latencyDigits = 4
)

func newLatencies() latencies {
	return latencies{hdrhistogram.New(1, latencyMost.Microseconds(), latencyDigits)}
}

func (l latencies) record(d time.Duration) {
	// RecordValue refuses only what is above latencyMost.
	_ = l.histogram.RecordValue(min(d, latencyMost).Microseconds())
}

// leastOf99 is how many messages have a 99th percentile.
const leastOf99 = 100

// figures are the percentiles that so many messages have: of fewer than a
// thousand the 99.9th would be the slowest by another name.
func (l latencies) figures() Figures {
	f := make(Figures)
	for _, p := range []struct {
		measure Measure
		percent float64
		least   int64 // messages
	}{{P50, 50, 2}, {P99, 99, leastOf99}, {P999, 99.9, 1000}} {
		if l.histogram.TotalCount() >= p.least {
			f[p.measure] = float64(l.histogram.ValueAtQuantile(p.percent)) / 1e3
		}
	}
	return f
}
