package proxy

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"

	"udplab/lossy"
)

// P6: without impairments the proxy is a wire: 100,000 random datagrams come back
// from an echo service with the same bytes in the same order.
func TestP6_PassThroughIsIdentity(t *testing.T) {
	t.Run("sockets=portable", func(t *testing.T) { passThroughIsIdentity(t, new(portable), 20_000) })
	t.Run("sockets=native", func(t *testing.T) { passThroughIsIdentity(t, newSystem(), 100_000) })
}

func passThroughIsIdentity(t *testing.T, sys system, datagrams int) {
	p := startOn(t, sys, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	random := rand.New(rand.NewPCG(1, 2))
	const mostWaiting, mostBytes = 64, 128 << 10

	var waiting [][]byte
	bytesWaiting := 0
	buf := make([]byte, maxDatagram)
	receiveOne := func() {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("with %d datagrams on the way: %v", len(waiting), err)
		}
		if !bytes.Equal(buf[:n], waiting[0]) {
			t.Fatalf("got %d bytes %.20x, want %d bytes %.20x", n, buf[:n], len(waiting[0]), waiting[0])
		}
		bytesWaiting -= n
		waiting = waiting[1:]
	}
	for i := range datagrams {
		b := randomDatagram(random, i)
		for len(waiting) == mostWaiting || len(waiting) > 0 && bytesWaiting+len(b) > mostBytes {
			receiveOne()
		}
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, b)
		bytesWaiting += len(b)
	}
	for len(waiting) > 0 {
		receiveOne()
	}

	s := p.Stats()
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		c := s.Direction(d)
		if c.PacketsReceived != uint64(datagrams) || c.PacketsSent != uint64(datagrams) || c.BytesReceived != c.BytesSent {
			t.Errorf("%v: %d datagrams in, %d out, want %d each", d, c.PacketsReceived, c.PacketsSent, datagrams)
		}
	}
}

// randomDatagram is mostly small, sometimes empty, now and then as large as
// UDP over IPv4 allows.
func randomDatagram(random *rand.Rand, i int) []byte {
	size := random.IntN(1500)
	switch {
	case i%1000 == 7:
		size = 65_507
	case i%50 == 3:
		size = 0
	}
	b := make([]byte, size)
	var word uint64
	for k := range b {
		if k%8 == 0 {
			word = random.Uint64()
		}
		b[k] = byte(word >> (k % 8 * 8))
	}
	return b
}

// P9: the sizes a datagram can have, over every family of addresses.
func TestP9_EveryAddressFamilyPasses(t *testing.T) {
	eachSystem(t, everyAddressFamilyPasses)
}

func everyAddressFamilyPasses(t *testing.T, newSystem func() system) {
	for _, c := range []struct{ listen, upstream, clientAt string }{
		{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"[::1]:0", "[::1]:0", "::1"},
		{"[::1]:0", "127.0.0.1:0", "::1"},
		{"127.0.0.1:0", "[::1]:0", "127.0.0.1"},
		{"[::]:0", "127.0.0.1:0", "127.0.0.1"}, // a v4-mapped client
		{"[::]:0", "127.0.0.1:0", "::1"},
		{":0", "127.0.0.1:0", "127.0.0.1"}, // no host: loopback
	} {
		t.Run(fmt.Sprintf("%s from %s to %s", c.listen, c.clientAt, c.upstream), func(t *testing.T) {
			p := startOn(t, newSystem(), Config{Listen: c.listen}, newAlarm(), echo(t, c.upstream))
			conn, err := net.Dial("udp", net.JoinHostPort(c.clientAt, fmt.Sprint(p.Addr().Port())))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, text := range []string{"hello", "", strings.Repeat("x", 65_507)} {
				if got := exchange(t, conn.(*net.UDPConn), text); got != text {
					t.Errorf("got %d bytes back, want the %d sent", len(got), len(text))
				}
			}
			p.table.mu.Lock()
			defer p.table.mu.Unlock()
			for client := range p.table.flows {
				if client.Addr().Is4In6() {
					t.Errorf("client %v stands in the table in its IPv6 disguise", client)
				}
			}
		})
	}
}

// P9: 65,527 bytes fit into IPv6 and not into IPv4: counted, and the next one passes.
func TestP9_OversizeIsCounted(t *testing.T) {
	p := startProxy(t, Config{Listen: "[::1]:0"}, newAlarm(), echo(t, "127.0.0.1:0"))
	c := client(t, p)
	send(t, c, strings.Repeat("x", 65_527))
	if got := exchange(t, c, "next"); got != "next" {
		t.Errorf("got %q, want the datagram after the oversize one", got)
	}
	s := p.Stats()
	if got := s.Up.Dropped[CauseOversize]; got != 1 {
		t.Errorf("%d datagrams dropped as oversize, want 1", got)
	}
}

// P9: clients and services with link-local addresses, whose zone names the
// interface.
func TestP9_LinkLocalAddressesPass(t *testing.T) {
	at := linkLocal()
	if !at.IsValid() {
		t.Skip("no interface has a link-local address")
	}
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		service := echo(t, netip.AddrPortFrom(at, 0).String())
		p := startOn(t, newSystem(), Config{Listen: netip.AddrPortFrom(at, 0).String()}, newAlarm(), service)
		c := client(t, p)
		for range 3 {
			if got := exchange(t, c, "near"); got != "near" {
				t.Errorf("got %q", got)
			}
		}
		if s := p.Stats(); s.Flows != 1 {
			t.Errorf("%d flows of one client", s.Flows)
		}
	})
}

// linkLocal is an address of this machine that needs a zone.
func linkLocal() netip.Addr {
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				if ip, ok := netip.AddrFromSlice(n.IP); ok {
					return ip.WithZone(i.Name)
				}
			}
		}
	}
	return netip.Addr{}
}
