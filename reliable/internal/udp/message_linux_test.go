package udp

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// Every mark arrives as it was sent, from a socket that sets it for all its
// datagrams and from one that sets it for each, connected or not. The portable
// rung reads none, and its bytes arrive all the same.
func TestMarksArrive(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		expect := func(how string, want ECN) {
			t.Helper()
			d, err := receive(in)
			if err != nil || string(d.Bytes) != "marked" {
				t.Fatalf("%s, %v: got %q, %v", how, want, d.Bytes, err)
			}
			if s.messages == nil {
				want = NotECT
			}
			if d.ECN != want {
				t.Errorf("%s: sent %v, got %v", how, want, d.ECN)
			}
		}
		connected := dialer(t, addr)
		free := New(loopback(t, "udp", "[::]:0"))
		for _, mark := range []ECN{CE, NotECT, ECT0, ECT1, NotECT} {
			for how, from := range map[string]*Socket{"connected": connected, "not connected": free} {
				if err := send(from, []byte("marked"), addr, mark); err != nil {
					t.Fatal(err)
				}
				expect(how, mark)
			}
			setTrafficClass(t, connected, addr, mark)
			if err := send(connected, []byte("marked"), addr, NotECT); err != nil {
				t.Fatal(err)
			}
			expect("by the socket's option", mark)
			setTrafficClass(t, connected, addr, NotECT)
		}
	})
}

// setTrafficClass marks everything a socket sends, as a router would.
func setTrafficClass(t *testing.T, s *Socket, to netip.AddrPort, mark ECN) {
	t.Helper()
	s.control(func(fd uintptr) {
		level, option := unix.IPPROTO_IP, unix.IP_TOS
		if to.Addr().Is6() {
			level, option = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
		}
		if err := unix.SetsockoptInt(int(fd), level, option, int(mark)); err != nil {
			t.Fatal(err)
		}
	})
}

// Errors of the path are errors of the read, and it goes on after them.
func TestRefusedDatagramIsAnErrorOnce(t *testing.T) {
	nobody := loopback(t, "udp4", "127.0.0.1:0")
	addr := nobody.LocalAddr().(*net.UDPAddr).AddrPort()
	nobody.Close()
	s := dialer(t, addr)
	if err := send(s, []byte("x"), addr, ECT0); err != nil {
		t.Fatal(err)
	}
	in := s.NewInbox()
	if err := in.Receive(); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("got %v, want ECONNREFUSED", err)
	}
	if err := in.TryReceive(); !errors.Is(err, ErrEmpty) {
		t.Errorf("then got %v, want ErrEmpty", err)
	}
}
