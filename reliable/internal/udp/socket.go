// Package udp is the one place of package reliable that knows which calls a
// net.PacketConn has, and what a system has beyond them. There are three rungs:
//
//	*net.UDPConn on Linux     recvmsg and sendmsg: ECN marks, reading without waiting; a timerfd
//	*net.UDPConn, its likes   netip addresses; Go timers
//	anything else             net.Addr, which allocates; Go timers
//
// Nothing is allocated for a datagram on the first two.
//
// A Socket may be written by many goroutines and read by one.
package udp

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// MaxDatagram is the size of receive buffers: more than any UDP payload, so
// that nothing is ever cut unnoticed.
const MaxDatagram = 1 << 16

var (
	// ErrAddress is returned for addresses that are not UDP addresses.
	ErrAddress = errors.New("not a UDP address")
	// ErrEmpty is returned by TryRead when there is nothing to read.
	ErrEmpty = errors.New("no datagram")
	// ErrTruncated is returned with the beginning of a datagram that did not
	// fit the buffer, where the system tells.
	ErrTruncated = errors.New("datagram cut to the size of the buffer")
)

// Socket reads and writes datagrams.
type Socket struct {
	pc   net.PacketConn
	fast addrPortConn // nil if pc has no such calls
	peer netip.AddrPort
	conn net.Conn // pc, if it is connected to peer
	// native says that pc is a socket of the system's and nothing else. A type
	// around one may have reasons of its own, which we'd go past.
	native   bool
	messages *messages // nil on other rungs than the first
}

// addrPortConn is what *net.UDPConn adds to net.PacketConn.
type addrPortConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// New wraps a socket that is not connected.
func New(pc net.PacketConn) *Socket {
	s := &Socket{pc: pc}
	s.fast, _ = pc.(addrPortConn)
	if c, ok := pc.(*net.UDPConn); ok {
		s.native, s.messages = true, newMessages(c)
	}
	return s
}

// NewPortable wraps a socket and uses nothing but net.PacketConn. It exists so
// that tests force the path that sockets of other packages take.
func NewPortable(pc net.PacketConn) *Socket { return &Socket{pc: pc} }

// NewConnected wraps a socket that is connected, which saves the kernel a
// route look-up for each datagram (5 to 12 %) and brings errors of the path.
func NewConnected(c *net.UDPConn) *Socket {
	s := New(c)
	s.conn = c
	s.peer = Unmap(c.RemoteAddr().(*net.UDPAddr).AddrPort())
	return s
}

// Read waits for a datagram and reads it into b, which is not empty. An empty
// datagram has n == 0 and no error.
func (s *Socket) Read(b []byte) (n int, from netip.AddrPort, ecn ECN, err error) {
	if s.messages != nil {
		return s.messages.read(b, true)
	}
	if s.fast != nil {
		n, from, err = s.fast.ReadFromUDPAddrPort(b)
		return n, Unmap(from), NotECT, err
	}
	n, addr, err := s.pc.ReadFrom(b)
	if err != nil {
		return n, from, NotECT, err
	}
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return n, from, NotECT, ErrAddress
	}
	return n, Unmap(udp.AddrPort()), NotECT, nil
}

// TryRead is Read, except that it fails with ErrEmpty rather than wait. On a
// socket that can't tell it always does.
func (s *Socket) TryRead(b []byte) (n int, from netip.AddrPort, ecn ECN, err error) {
	if s.messages == nil {
		return 0, from, NotECT, ErrEmpty
	}
	return s.messages.read(b, false)
}

// Waited reports whether the last Read had to wait for its datagram, so that it
// is likely the only one. It is true where that isn't known.
func (s *Socket) Waited() bool { return s.messages == nil || s.messages.waited() }

// Write sends one datagram with a mark, without it where the system does not
// take marks.
func (s *Socket) Write(b []byte, to netip.AddrPort, ecn ECN) (err error) {
	connected := s.conn != nil && to == s.peer
	if ecn != NotECT && s.messages != nil {
		if taken, err := s.messages.write(b, to, connected, ecn); taken {
			return err
		}
	}
	switch {
	case connected:
		_, err = s.conn.Write(b)
	case s.fast != nil:
		_, err = s.fast.WriteToUDPAddrPort(b, to)
	default:
		_, err = s.pc.WriteTo(b, net.UDPAddrFromAddrPort(to))
	}
	return err
}

// CarriesECN reports whether Write sets marks and Read tells them, as far as
// known: a system that refuses a mark is not asked again.
func (s *Socket) CarriesECN() bool { return s.messages != nil && s.messages.carriesECN() }

// LocalAddr is the socket's address.
func (s *Socket) LocalAddr() net.Addr { return s.pc.LocalAddr() }

// Interrupt makes a Read under way, and every later one, return at once.
func (s *Socket) Interrupt() { _ = s.pc.SetReadDeadline(time.Unix(1, 0)) }

// Resume undoes Interrupt.
func (s *Socket) Resume() { _ = s.pc.SetReadDeadline(time.Time{}) }

// Close closes the socket.
func (s *Socket) Close() error { return s.pc.Close() }

// Enlarge asks for socket buffers of that many bytes. A system grants what it
// likes; ReceiveBuffer tells.
func (s *Socket) Enlarge(bytes int) {
	if b, ok := s.pc.(interface {
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
	}); ok {
		_ = b.SetReadBuffer(bytes)
		_ = b.SetWriteBuffer(bytes)
	}
}

// Unmap writes ::ffff:192.0.2.1 as 192.0.2.1: one peer, one spelling, and a
// socket of either family takes it.
func Unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
