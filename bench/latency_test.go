package bench

import (
	"testing"
	"time"
)

// rareSamples is how many messages must have arrived for the 99.9th percentile
// to be more than the slowest of them by another name.
const rareSamples = 1000

// BenchmarkLatency sends messages at a fixed rate, far below what the mode can
// do, and times each from the moment it was due. One op is one message; the
// time of an op is the schedule's and not shown.
func BenchmarkLatency(b *testing.B) {
	forEach(b, func(b *testing.B, c cell) {
		p := connect(b, c)
		a := newAlarm(b)
		defer a.close()
		b.ResetTimer()
		s := newSchedule(a, time.Now(), c.size.interval)
		d := &delivery{pair: p, size: c.size.bytes, count: uint64(b.N), pace: s.pace, arrived: s.arrived}
		err := d.run()
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(s.quantile(0.5), "p50-µs")
		b.ReportMetric(s.quantile(0.99), "p99-µs")
		if d.received.Load() >= rareSamples {
			b.ReportMetric(s.quantile(0.999), "p99.9-µs")
		}
		if p.mayLose {
			reportDelivered(b, d)
		}
	})
}
