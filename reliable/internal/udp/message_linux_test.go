package udp

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Every mark arrives as it was sent, from a socket that sets it for all its
// datagrams and from one that sets it for each, connected or not. The portable
// rung reads none, and its bytes arrive all the same.
func TestMarksArrive(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		buf := make([]byte, MaxDatagram)
		expect := func(how string, want ECN) {
			t.Helper()
			n, _, got, err := s.Read(buf)
			if err != nil || string(buf[:n]) != "marked" {
				t.Fatalf("%s, %v: got %q, %v", how, want, buf[:n], err)
			}
			if s.messages == nil {
				want = NotECT
			}
			if got != want {
				t.Errorf("%s: sent %v, got %v", how, want, got)
			}
		}
		connected := dialer(t, addr)
		free := New(loopback(t, "udp", "[::]:0"))
		for _, mark := range []ECN{CE, NotECT, ECT0, ECT1, NotECT} {
			for how, from := range map[string]*Socket{"connected": connected, "not connected": free} {
				if err := from.Write([]byte("marked"), addr, mark); err != nil {
					t.Fatal(err)
				}
				expect(how, mark)
			}
			setTrafficClass(t, connected, addr, mark)
			if err := connected.Write([]byte("marked"), addr, NotECT); err != nil {
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

// A datagram larger than the buffer is told from one that fits.
func TestTruncationIsTold(t *testing.T) {
	for _, f := range families {
		c := loopback(t, f.network, f.listen)
		s := New(c)
		addr := netip.AddrPortFrom(netip.MustParseAddr(f.dial), addrOf(s).Port())
		peer := dialer(t, addr)
		for _, text := range []string{"much too long", "fits"} {
			if err := peer.Write([]byte(text), addr, NotECT); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, 4)
		n, from, _, err := s.Read(buf)
		if !errors.Is(err, ErrTruncated) || string(buf[:n]) != "much" || from != addrOf(peer) {
			t.Errorf("%s: got %q from %v, %v, want the beginning and ErrTruncated", f.name, buf[:n], from, err)
		}
		if n, _, _, err := s.Read(buf); err != nil || string(buf[:n]) != "fits" {
			t.Errorf("%s: got %q, %v after it", f.name, buf[:n], err)
		}
	}
}

// A system that takes no control messages gets the datagrams without marks,
// and is not asked again.
func TestRefusedMarksAreLeftOut(t *testing.T) {
	for _, f := range families {
		s := New(loopback(t, f.network, f.listen))
		addr := netip.AddrPortFrom(netip.MustParseAddr(f.dial), addrOf(s).Port())
		peer := dialer(t, addr)
		for _, b := range peer.messages.marks[ECT0] {
			h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
			h.SetLen(unix.CmsgLen(2)) // no kernel knows a mark of two bytes
		}
		for range 2 {
			if err := peer.Write([]byte("plain"), addr, ECT0); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			if n, _, mark, err := s.Read(buf); err != nil || string(buf[:n]) != "plain" || mark != NotECT {
				t.Errorf("%s: got %q with %v, %v", f.name, buf[:n], mark, err)
			}
		}
		if peer.CarriesECN() || !s.CarriesECN() {
			t.Errorf("%s: the refused socket says it carries marks (%v), the other (%v)", f.name, peer.CarriesECN(), s.CarriesECN())
		}
	}
}

// Errors of the path are errors of the read, and it goes on after them.
func TestRefusedDatagramIsAnErrorOnce(t *testing.T) {
	nobody := loopback(t, "udp4", "127.0.0.1:0")
	addr := nobody.LocalAddr().(*net.UDPAddr).AddrPort()
	nobody.Close()
	s := dialer(t, addr)
	if err := s.Write([]byte("x"), addr, ECT0); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if _, _, _, err := s.Read(buf); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("got %v, want ECONNREFUSED", err)
	}
	if _, _, _, err := s.TryRead(buf); !errors.Is(err, ErrEmpty) {
		t.Errorf("then got %v, want ErrEmpty", err)
	}
}

// A datagram costs no allocation, with or without a mark.
func TestNoAllocations(t *testing.T) {
	for _, f := range families {
		s := New(loopback(t, f.network, f.listen))
		addr := netip.AddrPortFrom(netip.MustParseAddr(f.dial), addrOf(s).Port())
		connected, free := dialer(t, addr), New(loopback(t, "udp", "[::]:0"))
		buf, text := make([]byte, MaxDatagram), make([]byte, 1200)
		for _, mark := range []ECN{NotECT, ECT0} {
			for how, from := range map[string]*Socket{"connected": connected, "not connected": free} {
				got := testing.AllocsPerRun(100, func() {
					if err := from.Write(text, addr, mark); err != nil {
						t.Fatal(err)
					}
					if _, _, got, err := s.TryRead(buf); err != nil || got != mark {
						t.Fatal(got, err)
					}
				})
				if got != 0 {
					t.Errorf("%s, %s, %v: %v allocations a datagram, want none", f.name, how, mark, got)
				}
			}
		}
	}
}
