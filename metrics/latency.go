package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Latency is the histogram of how long messages were under way, as an
// application measures it: from the moment the message was due to be sent to
// the moment its payload was in the hands of the receiver. Only an application
// that sees both ends on one clock can observe it. Safe for concurrent use.
type Latency struct {
	vec      *prometheus.HistogramVec
	raw      prometheus.Observer
	reliable prometheus.Observer
}

// latencyBuckets are dense where a link of tens of milliseconds puts its
// messages and where one and two retransmissions move them.
func latencyBuckets() []float64 {
	return []float64{
		0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08,
		0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10,
	}
}

// NewLatency returns an empty histogram for both modes.
func NewLatency() *Latency {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:                        deliveryLatency.name,
		Help:                        deliveryLatency.help,
		Buckets:                     latencyBuckets(),
		NativeHistogramBucketFactor: 1.1,
	}, deliveryLatency.labels)
	return &Latency{
		vec:      vec,
		raw:      vec.WithLabelValues(modeRaw),
		reliable: vec.WithLabelValues(modeReliable),
	}
}

// ObserveRaw records one message of raw mode.
func (l *Latency) ObserveRaw(d time.Duration) { l.raw.Observe(d.Seconds()) }

// ObserveReliable records one message of reliable mode.
func (l *Latency) ObserveReliable(d time.Duration) { l.reliable.Observe(d.Seconds()) }

// Describe implements prometheus.Collector.
func (l *Latency) Describe(ch chan<- *prometheus.Desc) { l.vec.Describe(ch) }

// Collect implements prometheus.Collector.
func (l *Latency) Collect(ch chan<- prometheus.Metric) { l.vec.Collect(ch) }
