// Package udp is the one place of package reliable that knows which calls a
// net.PacketConn has, and what a system has beyond them. It is a ladder:
//
//	Segments   *net.UDPConn on Linux   many datagrams through the kernel as one (UDP_SEGMENT, UDP_GRO)
//	Batch                              many datagrams a call (sendmmsg, recvmmsg)
//	Single                             one datagram a call (sendmsg, recvmsg)
//	Portable   *net.UDPConn elsewhere  package net, with netip addresses
//	           anything else           package net, with net.Addr, which allocates
//
// The first three carry ECN marks, read without waiting, hold receive buffers
// only while there is something to read, and wait on a timerfd; the others wait
// on Go timers. Nothing is allocated for a datagram on all but the last.
//
// A socket begins as high as the system can, and each direction goes down by
// what fails on it; Socket.Limit keeps it from going up so far.
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
	// ErrEmpty is returned by TryReceive when there is nothing to read.
	ErrEmpty = errors.New("no datagram")
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
	ladder   ladder
	messages *messages // nil on the portable rung
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
		s.native, s.messages = true, newMessages(c, &s.ladder)
	}
	return s
}

// NewPortable wraps a socket and uses nothing but net.PacketConn. It exists so
// that tests force the path that sockets of other packages take.
func NewPortable(pc net.PacketConn) *Socket { return &Socket{pc: pc} }

// NewConnected wraps a socket that is connected, which saves the kernel a
// route look-up for each datagram (5 to 12 %) and brings errors of the path.
func NewConnected(c *net.UDPConn) *Socket {
	return New(c).connectedBy(c)
}

func (s *Socket) connectedBy(c *net.UDPConn) *Socket {
	s.conn, s.peer = c, Unmap(c.RemoteAddr().(*net.UDPAddr).AddrPort())
	return s
}

// read waits for a datagram, on the portable rung.
func (s *Socket) read(b []byte) (n int, from netip.AddrPort, err error) {
	if s.fast != nil {
		n, from, err = s.fast.ReadFromUDPAddrPort(b)
		return n, Unmap(from), err
	}
	n, addr, err := s.pc.ReadFrom(b)
	if err != nil {
		return n, from, err
	}
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return n, from, ErrAddress
	}
	return n, Unmap(udp.AddrPort()), nil
}

// write sends one datagram, on the portable rung.
func (s *Socket) write(b []byte, to netip.AddrPort, connected bool) (err error) {
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

// CarriesECN reports whether WriteBurst sets marks and an inbox tells them, as
// far as known: a system that refuses a mark is not asked again.
func (s *Socket) CarriesECN() bool { return s.messages != nil && s.messages.carriesECN() }

// LocalAddr is the socket's address.
func (s *Socket) LocalAddr() net.Addr { return s.pc.LocalAddr() }

// Interrupt makes a Receive under way, and every later one, return at once.
func (s *Socket) Interrupt() { _ = s.pc.SetReadDeadline(time.Unix(1, 0)) }

// Resume undoes Interrupt, for whoever reads the socket after the inbox.
func (s *Socket) Resume() {
	_ = s.pc.SetReadDeadline(time.Time{})
	if s.messages != nil {
		s.messages.restore()
	}
}

// Close closes the socket.
func (s *Socket) Close() error { return s.pc.Close() }

// Enlarge asks for socket buffers of that many bytes. A system grants what it
// likes; ReceiveBuffer and SendBuffer tell.
func (s *Socket) Enlarge(bytes int) {
	if b, ok := s.pc.(interface {
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
	}); ok {
		_ = b.SetReadBuffer(bytes)
		_ = b.SetWriteBuffer(bytes)
	}
	s.force(bytes)
}

// Unmap writes ::ffff:192.0.2.1 as 192.0.2.1: one peer, one spelling, and a
// socket of either family takes it.
func Unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
