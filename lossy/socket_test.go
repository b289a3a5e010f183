package lossy

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The contract of *net.UDPConn, checked on the real one and on ours, so that
// the test cannot ask for more or less than the net package does.
func TestSocketBehavesLikeUDPConn(t *testing.T) {
	for _, c := range []struct {
		name   string
		listen func(t *testing.T) net.PacketConn
	}{
		{"net.UDPConn", func(t *testing.T) net.PacketConn {
			pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			return pc
		}},
		{"lossy", func(t *testing.T) net.PacketConn {
			pc, err := NewNetwork(Config{}).Listen(netip.MustParseAddrPort("127.0.0.1:0"))
			if err != nil {
				t.Fatal(err)
			}
			return pc
		}},
	} {
		t.Run(c.name, func(t *testing.T) { checkUDPContract(t, c.listen(t)) })
	}
}

func checkUDPContract(t *testing.T, pc net.PacketConn) {
	self := pc.LocalAddr().(*net.UDPAddr)
	if self.Port == 0 {
		t.Error("port 0 was not replaced by a chosen one")
	}
	buffers, ok := pc.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	})
	if !ok || buffers.SetReadBuffer(1<<20) != nil || buffers.SetWriteBuffer(1<<20) != nil {
		t.Error("buffers of 1 MiB were refused")
	}
	small := make([]byte, 3)
	send := func(text string) {
		t.Helper()
		if n, err := pc.WriteTo([]byte(text), self); n != len(text) || err != nil {
			t.Fatalf("WriteTo = %d, %v", n, err)
		}
	}
	send("longer")
	send("next")
	if n, from, err := pc.ReadFrom(small); n != 3 || err != nil || string(small) != "lon" || from.String() != self.String() {
		t.Errorf("ReadFrom = %d %q %v %v, want the first 3 bytes and the sender's address", n, small, from, err)
	}
	if n, _, err := pc.ReadFrom(small); n != 3 || err != nil || string(small) != "nex" {
		t.Errorf("ReadFrom = %d %q %v, want the next datagram, not the rest of the first", n, small, err)
	}

	largest := make([]byte, maxPayload)
	if _, err := pc.WriteTo(largest, self); err != nil {
		t.Fatalf("WriteTo of %d bytes: %v, want none", maxPayload, err)
	}
	if n, _, err := pc.ReadFrom(largest); n != maxPayload || err != nil {
		t.Errorf("ReadFrom = %d, %v, want all %d bytes", n, err, maxPayload)
	}

	send("is there")
	pc.SetReadDeadline(time.Unix(1, 0))
	_, _, err := pc.ReadFrom(small)
	wantTimeout(t, "ReadFrom past its deadline, with data there", err)
	pc.SetReadDeadline(time.Time{})
	if _, _, err := pc.ReadFrom(small); err != nil {
		t.Errorf("ReadFrom after the deadline was lifted: %v", err)
	}
	pc.SetWriteDeadline(time.Unix(1, 0))
	_, err = pc.WriteTo([]byte("x"), self)
	wantTimeout(t, "WriteTo past its deadline", err)
	pc.SetDeadline(time.Time{})

	if _, err := pc.WriteTo(make([]byte, maxPayload+1), self); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("WriteTo of %d bytes: %v, want EMSGSIZE", maxPayload+1, err)
	}
	if _, err := pc.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv6loopback, Port: 1}); err == nil {
		t.Error("WriteTo from IPv4 to IPv6 succeeded")
	}
	if _, err := pc.WriteTo([]byte("x"), &net.TCPAddr{IP: self.IP, Port: 1}); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("WriteTo a TCP address: %v, want EINVAL", err)
	}
	if _, err := pc.WriteTo([]byte("x"), &net.UDPAddr{IP: self.IP}); err == nil {
		t.Error("WriteTo port 0 succeeded")
	}

	if err := pc.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, _, readErr := pc.ReadFrom(small)
	_, writeErr := pc.WriteTo([]byte("x"), self)
	for what, err := range map[string]error{
		"ReadFrom":    readErr,
		"WriteTo":     writeErr,
		"Close":       pc.Close(),
		"SetDeadline": pc.SetDeadline(time.Now()),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s on a closed socket: %v, want net.ErrClosed", what, err)
		}
	}
}

func wantTimeout(t *testing.T, what string, err error) {
	t.Helper()
	var timeout net.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%s: %v, want a net.Error that is os.ErrDeadlineExceeded", what, err)
	}
}

func TestDeadlineWakesWaitingReadersExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustListen(t, NewNetwork(Config{}), alice)
		s.SetReadDeadline(time.Now().Add(time.Minute))
		start := time.Now()
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				_, _, err := s.ReadFromUDPAddrPort(nil)
				wantTimeout(t, "a waiting read", err)
				if got, want := time.Since(start), time.Second; got != want {
					t.Errorf("woke after %v, want %v: the deadline was moved while it waited", got, want)
				}
			})
		}
		synctest.Wait()
		s.SetReadDeadline(start.Add(time.Second))
		readers.Wait()
	})
}

func TestCloseWakesWaitingReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustListen(t, NewNetwork(Config{}), alice)
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if _, _, err := s.ReadFrom(nil); !errors.Is(err, net.ErrClosed) {
					t.Errorf("read on a closed socket: %v, want net.ErrClosed", err)
				}
			})
		}
		synctest.Wait()
		s.Close()
		readers.Wait()
	})
}

func TestListenAddresses(t *testing.T) {
	n := NewNetwork(Config{})
	s := mustListen(t, n, alice)
	if _, err := n.Listen(alice); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen at a used address: %v, want EADDRINUSE", err)
	}
	mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), alice.Port())
	if _, err := n.Listen(mapped); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen at the same address as 4-in-6: %v, want EADDRINUSE", err)
	}
	s.Close()
	again := mustListen(t, n, alice)
	if got := again.LocalAddr().String(); got != alice.String() {
		t.Errorf("LocalAddr() = %v, want %v", got, alice)
	}
	for _, addr := range []string{"0.0.0.0:1", "[::]:1"} {
		if _, err := n.Listen(netip.MustParseAddrPort(addr)); err == nil {
			t.Errorf("Listen(%s) succeeded; there are no interfaces", addr)
		}
	}
	if _, err := n.Listen(netip.AddrPort{}); err == nil {
		t.Error("Listen at no address succeeded")
	}
	six := mustListen(t, n, netip.MustParseAddrPort("[::1]:0"))
	seven := mustListen(t, n, netip.MustParseAddrPort("[::1]:0"))
	if six.local == seven.local || six.local.Port() < firstPort {
		t.Errorf("chosen addresses %v and %v, want two ephemeral ports", six.local, seven.local)
	}
}

func TestPortsRunOut(t *testing.T) {
	n := NewNetwork(Config{})
	addr := netip.MustParseAddrPort("127.0.0.1:0")
	for i := range 1<<16 - firstPort {
		if _, err := n.Listen(addr); err != nil {
			t.Fatalf("socket %d: %v", i, err)
		}
	}
	if _, err := n.Listen(addr); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen with all ports in use: %v, want EADDRINUSE", err)
	}
	n.Close()
}

// Many writers, readers, changes and a close at once: for the race detector,
// and every datagram is accounted for.
func TestNetworkConcurrently(t *testing.T) {
	const writers, packets = 4, 500
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Loss: 0.1, Delay: time.Millisecond, Jitter: time.Millisecond, Duplicate: 0.1, Reorder: 0.1}})
		b := mustListen(t, n, bob)
		received := make(chan uint64)
		go func() {
			var count uint64
			for {
				if _, _, err := b.ReadFromUDPAddrPort(nil); err != nil {
					received <- count
					return
				}
				count++
			}
		}()
		var group sync.WaitGroup
		for range writers {
			s := mustListen(t, n, netip.MustParseAddrPort("127.0.0.1:0"))
			group.Go(func() {
				for range packets {
					s.WriteToUDPAddrPort([]byte("payload"), bob)
					n.Stats()
				}
			})
		}
		group.Go(func() {
			for i := range packets {
				up := n.Config().Up
				up.Loss = float64(i%2) / 10
				if err := n.SetConfig(Config{Up: up}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Wait()
		time.Sleep(time.Second)
		b.Close()
		s := n.Stats()
		if got := <-received; got != s.Up.PacketsOut || s.Unreachable+s.Overflow != 0 {
			t.Errorf("read %d datagrams, want the %d that came out; %d unreachable, %d overflowed",
				got, s.Up.PacketsOut, s.Unreachable, s.Overflow)
		}
		if s.Up.PacketsIn != writers*packets || s.Up.Unaccounted() != 0 || s.Up.PacketsInFlight != 0 {
			t.Errorf("stats %+v, want %d packets in, all accounted for and none in flight", s.Up, writers*packets)
		}
	})
}
