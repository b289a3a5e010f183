package proxy

import (
	"fmt"
	"testing"
	"time"

	"udplab/lossy"
)

// BenchmarkForward counts what gets through one flow one way: a client that
// keeps a window of datagrams on the way, the proxy, and a sink, all on this
// machine. One op is one datagram through the proxy.
//
// The sink reads in the client's goroutine, so of two cores the proxy has one.
func BenchmarkForward(b *testing.B) {
	for _, network := range []struct {
		name    string
		profile lossy.Profile
	}{
		{"none", lossy.Profile{}},
		{"delay", lossy.Profile{Delay: time.Millisecond}},
		{"corrupt", lossy.Profile{Corrupt: 0.01}},
	} {
		for _, size := range []int{64, 1200} {
			b.Run(fmt.Sprintf("network=%s/size=%dB", network.name, size), func(b *testing.B) {
				sink := socket(b, "udp", "127.0.0.1:0")
				p := startProxy(b, Config{Config: lossy.Config{Up: network.profile}}, newAlarm(), addrOf(sink))
				c := client(b, p)
				sink.SetReadDeadline(time.Now().Add(time.Hour))
				c.SetDeadline(time.Now().Add(time.Hour))
				payload, buf := make([]byte, size), make([]byte, maxDatagram)
				const window = 256
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				for sent, received := 0, 0; received < b.N; {
					for ; sent < b.N && sent-received < window; sent++ {
						if _, err := c.Write(payload); err != nil {
							b.Fatal(err)
						}
					}
					for n := max(1, (sent-received)/2); n > 0; n-- {
						if _, err := sink.Read(buf); err != nil {
							b.Fatal(err)
						}
						received++
					}
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
				s := p.Stats()
				b.ReportMetric(float64(s.Up.Lateness.Quantile(0.99))/1e3, "late-p99-us")
			})
		}
	}
}
