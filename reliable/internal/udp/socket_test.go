package udp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// patience ends a test that would otherwise hang. Nothing is asserted about
// time below it.
const patience = 20 * time.Second

// families are the loopback addresses, a socket for both families among them.
var families = []struct{ name, network, listen, dial string }{
	{"v4", "udp4", "127.0.0.1:0", "127.0.0.1"},
	{"v6", "udp6", "[::1]:0", "::1"},
	{"v4 on a socket for both", "udp", "[::]:0", "127.0.0.1"},
	{"v6 on a socket for both", "udp", "[::]:0", "::1"},
}

// eachSocket runs a test on every rung and family: a socket that listens, and
// its address for those that send to it.
func eachSocket(t *testing.T, test func(t *testing.T, s *Socket, addr netip.AddrPort)) {
	eachRung(t, func(t *testing.T, wrap func(*net.UDPConn) *Socket) {
		for _, f := range families {
			t.Run(f.name, func(t *testing.T) {
				c := loopback(t, f.network, f.listen)
				c.SetReadDeadline(time.Now().Add(patience))
				port := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
				test(t, wrap(c), netip.AddrPortFrom(netip.MustParseAddr(f.dial), port))
			})
		}
	})
}

// dialer is a connected socket to addr.
func dialer(t testing.TB, addr netip.AddrPort) *Socket {
	t.Helper()
	return NewConnected(dial(t, addr))
}

func dial(t testing.TB, addr netip.AddrPort) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(patience))
	return c
}

// send sends one datagram.
func send(s *Socket, b []byte, to netip.AddrPort, mark ECN) error {
	_, err := s.WriteBurst(b, len(b), to, mark)
	return err
}

// receive waits for a datagram.
func receive(in *Inbox) (Datagram, error) {
	for {
		if d, ok := in.Next(); ok {
			return d, nil
		}
		if err := in.Receive(); err != nil {
			return Datagram{}, err
		}
	}
}

func addrOf(s *Socket) netip.AddrPort { return Unmap(s.LocalAddr().(*net.UDPAddr).AddrPort()) }

// Datagrams and their senders come through as they are, in both directions,
// the empty one too, which is neither an error nor nothing.
func TestDatagramsAndTheirSenders(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		peer := dialer(t, addr)
		in, back := s.NewInbox(), peer.NewInbox()
		for _, want := range [][]byte{[]byte("hello"), {}, bytes.Repeat([]byte("x"), 9000)} {
			if err := send(peer, want, addr, NotECT); err != nil {
				t.Fatal(err)
			}
			d, err := receive(in)
			if err != nil || !bytes.Equal(d.Bytes, want) || d.From != addrOf(peer) {
				t.Fatalf("got %d bytes from %v, %v; want %d from %v", len(d.Bytes), d.From, err, len(want), addrOf(peer))
			}
			if err := send(s, want, d.From, NotECT); err != nil {
				t.Fatal(err)
			}
			d, err = receive(back)
			if err != nil || !bytes.Equal(d.Bytes, want) || d.From != addr {
				t.Fatalf("answer: got %d bytes from %v, %v; want %d from %v", len(d.Bytes), d.From, err, len(want), addr)
			}
		}
	})
}

// A read that may not wait tells an empty socket from an empty datagram, and
// never waits; where it can't tell it gives nothing, and Receive has everything.
func TestTryReceive(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		if err := in.TryReceive(); !errors.Is(err, ErrEmpty) {
			t.Fatalf("nothing was sent: got %v, want ErrEmpty", err)
		}
		if d, ok := in.Next(); ok {
			t.Fatalf("nothing was read, and Next gives %d bytes", len(d.Bytes))
		}
		peer := dialer(t, addr)
		for _, text := range []string{"one", "", "three"} {
			if err := send(peer, []byte(text), addr, NotECT); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"one", "", "three"} {
			d, ok := in.Next()
			if !ok {
				err := in.TryReceive()
				if errors.Is(err, ErrEmpty) && in.native == nil {
					err = in.Receive()
				}
				if err != nil {
					t.Fatal(err)
				}
				d, ok = in.Next()
			}
			if !ok || string(d.Bytes) != want || d.From != addrOf(peer) {
				t.Fatalf("got %q from %v (%v); want %q", d.Bytes, d.From, ok, want)
			}
		}
		if err := in.TryReceive(); !errors.Is(err, ErrEmpty) {
			t.Errorf("everything was read: got %v, want ErrEmpty", err)
		}
		read := make(chan error)
		go func() { read <- in.Receive() }()
		for !asleep() {
			runtime.Gosched()
		}
		if err := send(peer, []byte("four"), addr, NotECT); err != nil {
			t.Fatal(err)
		}
		if err := <-read; err != nil || !in.Drained() {
			t.Errorf("got %v from a read that waited, and there may be more (%v)", err, !in.Drained())
		}
	})
}

// asleep reports whether a goroutine waits in the network poller.
func asleep() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("[IO wait"))
}

// Interrupt and Close end a Receive that waits, and Resume undoes the first.
func TestReceiveEnds(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		read := make(chan error)
		start := func() { go func() { read <- in.Receive() }() }
		var timeout net.Error
		start()
		s.Interrupt()
		if err := <-read; !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("interrupted: %v, want a timeout", err)
		}
		s.Resume()
		start()
		if err := send(dialer(t, addr), []byte("x"), addr, NotECT); err != nil {
			t.Fatal(err)
		}
		if err := <-read; err != nil {
			t.Errorf("resumed: %v", err)
		}
		start()
		s.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v, want net.ErrClosed", err)
		}
	})
}
