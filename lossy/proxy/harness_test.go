package proxy

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
)

// patience ends a test that would otherwise hang. Nothing is asserted about
// time below it.
const patience = 20 * time.Second

// eachAlarm runs a test with every alarm this system has, so that the
// portable one is exercised on Linux too.
func eachAlarm(t *testing.T, test func(t *testing.T, newAlarm func() alarm)) {
	t.Run("alarm=portable", func(t *testing.T) {
		test(t, func() alarm { return newTimerAlarm() })
	})
	t.Run("alarm=native", func(t *testing.T) { test(t, newAlarm) })
}

// eachSystem does the same with the ways to use sockets.
func eachSystem(t *testing.T, test func(t *testing.T, newSystem func() system)) {
	t.Run("sockets=portable", func(t *testing.T) {
		test(t, func() system { return new(portable) })
	})
	t.Run("sockets=native", func(t *testing.T) { test(t, newSystem) })
}

// startProxy starts a proxy on loopback in front of upstream, closed and
// checked for conservation when the test ends.
func startProxy(t testing.TB, cfg Config, a alarm, upstream netip.AddrPort) *Proxy {
	t.Helper()
	return startOn(t, newSystem(), cfg, a, upstream)
}

// startOn is startProxy with a system of the test's choice.
func startOn(t testing.TB, sys system, cfg Config, a alarm, upstream netip.AddrPort) *Proxy {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	cfg.Upstream = upstream.String()
	p, err := start(cfg, sys, a, newClock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		checkConserved(t, p)
	})
	return p
}

// checkConserved holds a quiet or closed proxy to its equation.
func checkConserved(t testing.TB, p *Proxy) {
	t.Helper()
	s := p.Stats()
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		c := s.Direction(d)
		if n := c.Unaccounted(); n != 0 {
			t.Errorf("%v: %d datagrams unaccounted for in %+v", d, n, c.Drops())
		}
		if n := c.Link.Unaccounted(); n != 0 {
			t.Errorf("%v: %d datagrams unaccounted for by the links", d, n)
		}
		if c.Lateness.Count != c.Link.PacketsOut-c.Dropped[CauseNAT] {
			t.Errorf("%v: lateness of %d datagrams, want one for each of the %d the links gave out but for the %d that NAT dropped",
				d, c.Lateness.Count, c.Link.PacketsOut, c.Dropped[CauseNAT])
		}
	}
}

// socket opens a UDP socket with room for what a test sends, and a deadline so
// that what never comes fails the test.
func socket(t testing.TB, network, address string) *net.UDPConn {
	t.Helper()
	at, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP(network, at)
	if err != nil {
		t.Fatal(err)
	}
	enlarge(c, DefaultBuffer)
	c.SetReadDeadline(time.Now().Add(patience))
	t.Cleanup(func() { c.Close() })
	return c
}

func addrOf(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// client opens a socket on loopback that sends to the proxy.
func client(t testing.TB, p *Proxy) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	enlarge(c, DefaultBuffer)
	c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { c.Close() })
	return c
}

// dialText is client for an address that is text.
func dialText(t testing.TB, address string) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(parseAddr(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { c.Close() })
	return c
}

func parseAddr(t testing.TB, address string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// echo runs a service that answers every datagram with itself.
func echo(t testing.TB, at string) netip.AddrPort {
	t.Helper()
	c := socket(t, "udp", at)
	var done sync.WaitGroup
	done.Go(func() {
		buf := make([]byte, maxDatagram)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			// A client that is gone is no business of the service.
			_, _ = c.WriteToUDPAddrPort(buf[:n], from)
		}
	})
	t.Cleanup(func() {
		c.Close()
		done.Wait()
	})
	return addrOf(c)
}

// exchange sends one datagram and returns the answer.
func exchange(t testing.TB, c *net.UDPConn, text string) string {
	t.Helper()
	send(t, c, text)
	return receive(t, c)
}

func send(t testing.TB, c *net.UDPConn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatalf("sending %.20q: %v", text, err)
	}
}

func receive(t testing.TB, c *net.UDPConn) string {
	t.Helper()
	buf := make([]byte, maxDatagram)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatalf("waiting for a datagram: %v", err)
	}
	return string(buf[:n])
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// bench is a proxy whose clock and scheduler are the test's: time moves with
// pass, and nothing scheduled happens outside it.
type bench struct {
	*Proxy
	now   atomic.Int64
	alarm *manualAlarm
	out   *burst
}

func startBench(t testing.TB, cfg Config, upstream netip.AddrPort) *bench {
	return startBenchOn(t, newSystem(), cfg, upstream)
}

// startBenchOn is startBench with a system of the test's choice.
func startBenchOn(t testing.TB, sys system, cfg Config, upstream netip.AddrPort) *bench {
	b := &bench{alarm: newManualAlarm(), out: newBurst()}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	cfg.Upstream = upstream.String()
	p, err := start(cfg, sys, b.alarm, clock{now: func() time.Duration { return time.Duration(b.now.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	b.Proxy = p
	t.Cleanup(func() {
		p.Close()
		checkConserved(t, p)
	})
	return b
}

// pass moves the time and does what has become due, once those who have just
// sent what the test has seen have let go of their flows.
func (b *bench) pass(d time.Duration) {
	for b.inUse() {
		runtime.Gosched()
	}
	b.now.Add(int64(d))
	b.scheduler.runDue(b.out)
}

// passUntil moves the time to a moment, and stops whenever something is due.
func (b *bench) passUntil(end time.Duration) {
	for {
		next := min(end, time.Duration(b.scheduler.first.Load()))
		b.pass(max(0, next-b.clock()))
		if b.clock() == end {
			return
		}
	}
}

func (b *bench) inUse() bool {
	b.table.mu.Lock()
	defer b.table.mu.Unlock()
	for _, f := range b.table.flows {
		if f.users.Load() > 0 {
			return true
		}
	}
	return false
}

// flow puts a flow into the table whose upstream socket is the test's.
func (b *bench) flow(upstream back) *flow { return b.flowOf("192.0.2.1:1", upstream) }

func (b *bench) flowOf(client string, upstream back) *flow {
	f := &flow{proxy: b.Proxy, client: netip.MustParseAddrPort(client)}
	m := &mapping{flow: f, socket: upstream, upstream: b.Upstream()}
	m.ended.Store(int64(never))
	f.ports.latest.Store(m)
	f.ports.made = 1
	b.table.insert(f, 0, b.settings.Load())
	f.release()
	return f
}

// manualAlarm never goes off; it remembers what it was set to.
type manualAlarm struct {
	last atomic.Int64
	done chan struct{}
}

func newManualAlarm() *manualAlarm { return &manualAlarm{done: make(chan struct{})} }

func (a *manualAlarm) set(d time.Duration) { a.last.Store(int64(d)) }
func (a *manualAlarm) wait() bool          { <-a.done; return false }
func (a *manualAlarm) close()              { close(a.done) }
