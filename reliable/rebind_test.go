package reliable

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/reliable/internal/udp"
)

// translator is an address translation between one client and a server. It
// has several outer addresses and sends from one of them at a time; what comes
// to any of them goes to the client.
type translator struct {
	inner   *net.UDPConn
	outer   []*net.UDPConn
	current atomic.Int32
	client  atomic.Pointer[netip.AddrPort]
}

func translate(t *testing.T, server netip.AddrPort, addresses int) *translator {
	t.Helper()
	open := func() *net.UDPConn {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	n := &translator{inner: open()}
	for range addresses {
		n.outer = append(n.outer, open())
	}
	var running sync.WaitGroup
	forward := func(from *net.UDPConn, send func(b []byte, source netip.AddrPort)) {
		running.Go(func() {
			for b := make([]byte, udp.MaxDatagram); ; {
				size, source, err := from.ReadFromUDPAddrPort(b)
				if err != nil {
					return
				}
				send(b[:size], source)
			}
		})
	}
	forward(n.inner, func(b []byte, source netip.AddrPort) {
		n.client.Store(&source)
		_, _ = n.outer[n.current.Load()].WriteToUDPAddrPort(b, server) // what fails is lost
	})
	for _, c := range n.outer {
		forward(c, func(b []byte, _ netip.AddrPort) {
			_, _ = n.inner.WriteToUDPAddrPort(b, *n.client.Load())
		})
	}
	t.Cleanup(func() {
		n.inner.Close()
		for _, c := range n.outer {
			c.Close()
		}
		running.Wait()
	})
	return n
}

// A19: a connection belongs to no address: a peer whose translation changes in the
// middle of it, and back, misses nothing.
func TestA19PeerChangesItsPortAndBack(t *testing.T) {
	l := listen(t, nil)
	n := translate(t, addrOf(l), 3)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, err := Dial(ctx, "udp", n.inner.LocalAddr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort()
	b, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for round, address := range []int32{0, 1, 2, 0} {
		n.current.Store(address)
		want := bytes.Repeat([]byte{byte(round)}, 100_000)
		for _, way := range []struct{ from, to *Conn }{{a, b}, {b, a}} {
			if err := way.from.Send(ctx, want); err != nil {
				t.Fatal(err)
			}
			if got, err := way.to.Receive(ctx); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("from address %d: got %d bytes, %v; want %d", address, len(got), err, len(want))
			}
		}
	}
	if s := l.Stats(); s.Connections != 1 || s.UnknownConnection != 0 {
		t.Errorf("%d connections and %d packets of unknown ones, want 1 and 0", s.Connections, s.UnknownConnection)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
