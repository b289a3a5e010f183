package proxy

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stamped is a socket whose kernel tells when it received each datagram. It
// belongs to one goroutine.
type stamped struct {
	fd int
	at netip.AddrPort
	in *inbox
}

// openStamped opens one on loopback. Stamps are switched on in the kernel for all
// sockets, by a task of its own, and until that has run they say when a datagram
// was read: so it waits until one is known by the sender already.
func openStamped(t testing.TB) *stamped {
	t.Helper()
	fd, at, ok := loopbackSocket()
	if !ok {
		t.Fatal("no socket on loopback")
	}
	t.Cleanup(func() { unix.Close(fd) })
	askBuffers(uintptr(fd), DefaultBuffer) // what is granted must do
	tellMore(fd, false)
	v4 := at.(*unix.SockaddrInet4)
	s := &stamped{fd: fd, at: netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), uint16(v4.Port)), in: newInbox()}
	eventually(t, "the kernel stamps what it receives", func() bool {
		s.send(t, s.at, []byte("when?"))
		sent := time.Now().UnixNano()
		got := s.receive(t)
		return got[0].stamp <= sent
	})
	return s
}

// send returns the time just before, as stamps tell it.
func (s *stamped) send(t testing.TB, to netip.AddrPort, payload []byte) (before int64) {
	t.Helper()
	before = time.Now().UnixNano()
	if err := unix.Sendto(s.fd, payload, 0, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		t.Fatalf("sending to %v: %v", to, err)
	}
	return before
}

// receive waits for datagrams, which are valid until the next call. None means
// that none came for as long as we wait.
func (s *stamped) receive(t testing.TB) []message {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, 1000); err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		messages, errno := s.in.receive(s.fd, true)
		if errno == 0 {
			return messages
		}
		if errno != unix.EAGAIN {
			t.Fatal(errno)
		}
	}
	t.Fatal("waited in vain for a datagram")
	return nil
}
