package udp

import "net/netip"

const (
	// MaxSegments is how many datagrams WriteBurst gives the system as one at
	// best, and MaxBurst how many bytes: as many as one datagram may have.
	MaxSegments = 64
	MaxBurst    = 65_507
)

// WriteBurst sends the datagrams of size bytes each that lie in b one behind
// the other, of which the last may be shorter, to one address with one mark,
// and without it where the system does not take marks. An empty b is one empty
// datagram. It returns how many datagrams the system took, and the first error:
// one that fails does not keep those behind it. It may be called by many
// goroutines at once, and waits while the socket's buffer is full.
func (s *Socket) WriteBurst(b []byte, size int, to netip.AddrPort, mark ECN) (sent int, err error) {
	if size <= 0 && len(b) > 0 {
		panic("BUG: a burst of datagrams without bytes")
	}
	connected := s.conn != nil && to == s.peer
	if s.messages != nil {
		return s.messages.writeBurst(b, size, to, connected, mark)
	}
	for {
		n := min(size, len(b))
		if e := s.write(b[:n], to, connected); e == nil {
			sent++
		} else if err == nil {
			err = e
		}
		if b = b[n:]; len(b) == 0 {
			s.ladder.sendCalls.Add(uint64(sent))
			return sent, err
		}
	}
}
