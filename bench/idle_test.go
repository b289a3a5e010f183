package bench

import (
	"fmt"
	"testing"
	"time"

	"udplab/reliable"
)

// BenchmarkIdle keeps connections that have nothing to say and reports what
// they cost. One op is a second of that.
func BenchmarkIdle(b *testing.B) {
	for _, conns := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("connections=%d", conns), func(b *testing.B) {
			c := connectCrowd(b, conns, &reliable.Config{IdleTimeout: time.Hour})
			c.rest()
			b.Run("time=1s", func(b *testing.B) {
				sent, answered := c.datagrams()
				m := startMeter()
				b.ResetTimer()
				time.Sleep(time.Duration(b.N) * time.Second)
				b.StopTimer()
				m.report(b, uint64(b.N), "s")
				sentNow, answeredNow := c.datagrams()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(sentNow-sent+answeredNow-answered)/float64(b.N), "pkts/s")
				c.reportSize(b)
			})
		})
	}
}
