package lossy

import (
	"net"
	"net/netip"
	"os"
)

// MarkedConn is what the sockets of a Network have for transports that know ECN:
// each datagram is written with a mark, and read with the one that it has in the
// end, CE if a queue with Profile.ECN marked it. Through the other methods they are
// written as NotECT, and read without a word of it.
type MarkedConn interface {
	net.PacketConn

	// ReadMarked is ReadFromUDPAddrPort of *net.UDPConn, with the mark.
	ReadMarked(b []byte) (n int, from netip.AddrPort, mark ECN, err error)
	// WriteMarked is WriteToUDPAddrPort of *net.UDPConn, with the mark. Of mark the
	// two bits count that a header has.
	WriteMarked(b []byte, to netip.AddrPort, mark ECN) (int, error)
}

// sender is whom a datagram is from, and the mark it bore in the end.
type sender struct {
	from netip.AddrPort
	mark ECN
}

// ReadMarked is part of MarkedConn.
func (s *socket) ReadMarked(p []byte) (n int, from netip.AddrPort, mark ECN, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		// The order is that of the net package: a socket that is closed or past
		// its deadline reads nothing, even if something is there.
		switch {
		case s.closed:
			return 0, from, mark, s.fail("read", nil, net.ErrClosed)
		case s.reading.passed():
			return 0, from, mark, s.fail("read", nil, os.ErrDeadlineExceeded)
		case s.failure != nil:
			err, s.failure = s.failure, nil
			s.changed.Broadcast()
			return 0, from, mark, err
		case !s.arrivals.empty():
			by := *s.arrivals.first()
			n = copy(p, s.arrivals.payload())
			s.arrivals.drop()
			return n, by.from, by.mark, nil
		}
		s.changed.Wait()
	}
}

// WriteMarked is part of MarkedConn.
func (s *socket) WriteMarked(p []byte, to netip.AddrPort, mark ECN) (int, error) {
	to = unmap(to)
	if err := s.writable(len(p), to); err != nil {
		return 0, s.fail("write", net.UDPAddrFromAddrPort(to), err)
	}
	_ = s.network.path(s.local, to).send(p, mark&CE) // without an outlet there is no error
	return len(p), nil
}
