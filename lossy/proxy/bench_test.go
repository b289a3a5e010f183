package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// BenchmarkForward counts the datagrams of 1,200 bytes that go from a client
// through a forwarder to an echo service and back the same way, all on this
// machine. One op is one datagram there and back, so the forwarder handles two.
//
// The client gives the kernel one datagram a call, or 32 as a program with
// segmentation offload does. forwarder=plain is the standard to compare with:
// a read and a write for each datagram and nothing else. cpu-ns is what client,
// forwarder and service together use of the cores for one datagram that came
// back: on two cores that do nothing else, 2e9 divided by it come back a second.
//
// Far away a window alone makes the datagrams bunch: all of it is on one stage of
// the way, whose buffer overflows while the others idle. So that is also loaded
// evenly, as RFC 2544 (section 26.1) has it, with more than it is to carry.
func BenchmarkForward(b *testing.B) {
	far := lossy.Profile{Delay: 20 * time.Millisecond, Loss: 0.01, Rate: 10e9}
	for _, c := range []struct {
		name, forwarder string
		network         lossy.Config
		window, pace    int
	}{
		{"network=none", "plain", lossy.Config{}, 512, 0},
		{"network=none", "proxy", lossy.Config{}, 512, 0},
		{"network=far", "proxy", lossy.Config{Up: far, Down: far}, 16 << 10, 0},
		{"network=far-paced", "proxy", lossy.Config{Up: far, Down: far}, 16 << 10, 300_000},
	} {
		for _, each := range []int{1, 32} {
			if c.pace > 0 && each == 1 {
				continue // more than one call for each can do
			}
			b.Run(fmt.Sprintf("%s/forwarder=%s/each=%d", c.name, c.forwarder, each), func(b *testing.B) {
				service := fastEcho(b)
				at, stats := netip.AddrPort{}, func() Stats { return Stats{} }
				if c.forwarder == "proxy" {
					p := startProxy(b, Config{Config: c.network}, newAlarm(), service)
					at, stats = p.Addr(), p.Stats
				} else {
					at = plainForwarder(b, service)
				}
				const size = 1200
				f, l := newFlood(b, at), load{size, each, c.window, c.pace}
				b.SetBytes(size)
				b.ReportAllocs()
				f.run(2*uint64(c.window), l) // until the window is open
				sent, back, cpu := f.sent, f.back.Load(), cpuTime()
				b.ResetTimer()
				f.run(uint64(b.N), l)
				b.StopTimer()
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(cpuTime()-cpu)/float64(f.back.Load()-back), "cpu-ns")
				b.ReportMetric(float64(f.sent-sent)/seconds, "offered/s")
				b.ReportMetric(float64(f.back.Load()-back)/seconds, "back/s")
				s := stats()
				b.ReportMetric(float64(s.Up.Dropped[CauseKernelRx]+s.Down.Dropped[CauseKernelRx]), "kernel_rx")
				b.ReportMetric(float64(s.Up.Lateness.Quantile(0.99))/1e3, "late-p99-us")
			})
		}
	}
}

// BenchmarkCall is one datagram of 1,200 bytes sent and received in one thread,
// without any forwarder: what this machine takes for the calls alone.
func BenchmarkCall(b *testing.B) {
	sink := socket(b, "udp", "127.0.0.1:0")
	sink.SetReadDeadline(time.Time{})
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addrOf(sink)))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	payload, buf, cpu := make([]byte, 1200), make([]byte, 1200), cpuTime()
	for b.Loop() {
		if _, err := c.Write(payload); err != nil {
			b.Fatal(err)
		}
		if _, err := sink.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns")
}

// BenchmarkLatency is one datagram of 64 bytes at a time to an echo and back,
// straight, through a proxy and through a forwarder that does nothing else than
// read and write, in turn, so that all meet the same machine.
func BenchmarkLatency(b *testing.B) {
	service := echo(b, "127.0.0.1:0")
	p := startProxy(b, Config{}, newAlarm(), service)
	ways := []struct {
		name string
		to   netip.AddrPort
	}{{"direct", service}, {"proxy", p.Addr()}, {"plain", plainForwarder(b, service)}}
	var clients []*net.UDPConn
	for _, way := range ways {
		c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(way.to))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	payload, buf := make([]byte, 64), make([]byte, 100)
	ping := func(c *net.UDPConn) time.Duration {
		begun := time.Now()
		if _, err := c.Write(payload); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(buf); err != nil {
			b.Fatal(err)
		}
		return time.Since(begun)
	}
	times := make([][]time.Duration, len(ways))
	for b.Loop() {
		for i, c := range clients {
			times[i] = append(times[i], ping(c))
		}
	}
	quantile := func(which int, q float64) float64 {
		slices.Sort(times[which])
		return float64(times[which][int(q*float64(len(times[which])-1))]) / 1e3
	}
	for _, q := range []float64{0.5, 0.99} {
		name := fmt.Sprintf("p%.0f-us", q*100)
		b.ReportMetric(quantile(0, q), "direct-"+name)
		b.ReportMetric(quantile(1, q)-quantile(0, q), "added-"+name)
		b.ReportMetric(quantile(2, q)-quantile(0, q), "plain-added-"+name)
	}
}

// BenchmarkLateness is how long after its time a datagram leaves that the
// model has delayed: one about every millisecond, each with a delay of its own.
func BenchmarkLateness(b *testing.B) {
	network := lossy.Config{Up: lossy.Profile{Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond}}
	sink := socket(b, "udp", "127.0.0.1:0")
	p := startProxy(b, Config{Config: network}, newAlarm(), addrOf(sink))
	c := client(b, p)
	c.SetDeadline(time.Time{})
	sink.SetReadDeadline(time.Time{})
	buf := make([]byte, 100)
	for b.Loop() {
		send(b, c, "on time?")
		time.Sleep(time.Millisecond)
	}
	for range b.N {
		if _, err := sink.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
	late := p.Stats().Up.Lateness
	b.ReportMetric(float64(late.Quantile(0.5))/1e3, "late-p50-us")
	b.ReportMetric(float64(late.Quantile(0.99))/1e3, "late-p99-us")
}

// BenchmarkFlows opens 10,000 flows, each with a datagram each way, and says
// what each holds of Go's memory. One op is one flow.
func BenchmarkFlows(b *testing.B) {
	const flows = 10_000
	service := fastEcho(b)
	for _, size := range []int{64, 1200} {
		b.Run(fmt.Sprintf("size=%dB", size), func(b *testing.B) {
			for b.Loop() {
				p := startProxy(b, Config{MaxFlows: flows}, newAlarm(), service)
				before := memoryInUse()
				openFlows(b, p, flows, size)
				if s := p.Stats(); s.Flows != flows {
					b.Fatalf("%d flows, want %d", s.Flows, flows)
				}
				b.ReportMetric(float64(memoryInUse()-before)/flows, "B/flow")
				b.ReportMetric(float64(b.Elapsed().Microseconds())/flows, "us/flow")
				p.Close()
			}
		})
	}
}
