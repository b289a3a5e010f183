package raw

import (
	"net"
	"net/netip"
	"syscall"
	"time"
)

// socket is the one place that knows which calls a net.PacketConn has: those
// with netip addresses allocate nothing, those with net.Addr work everywhere.
type socket struct {
	pc   net.PacketConn
	fast addrPortConn // nil if pc has no such calls
	peer netip.AddrPort
	addr *net.UDPAddr // peer, for the slow calls
}

// addrPortConn is what *net.UDPConn adds to net.PacketConn.
type addrPortConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

func newSocket(pc net.PacketConn, peer netip.AddrPort) socket {
	s := socket{pc: pc, peer: peer, addr: net.UDPAddrFromAddrPort(peer)}
	s.fast, _ = pc.(addrPortConn)
	return s
}

// prepare asks the system for a larger buffer and for news about the peer. It
// asks only: a socket that has neither works as well.
func (s *socket) prepare(receiveBuffer int) {
	if b, ok := s.pc.(interface{ SetReadBuffer(bytes int) error }); ok && receiveBuffer > 0 {
		_ = b.SetReadBuffer(receiveBuffer) // the system's limit may be lower
	}
	s.control(reportErrors)
}

// drainErrors throws away the queued details of an error that was reported.
func (s *socket) drainErrors() { s.control(drainErrorQueue) }

// control runs f on the file descriptor, if there is one.
func (s *socket) control(f func(fd uintptr)) {
	sc, ok := s.pc.(syscall.Conn)
	if !ok {
		return
	}
	if rc, err := sc.SyscallConn(); err == nil {
		_ = rc.Control(f) // fails only on a closed socket
	}
}

func (s *socket) read(b []byte) (n int, from netip.AddrPort, err error) {
	if s.fast != nil {
		n, from, err = s.fast.ReadFromUDPAddrPort(b)
		return n, unmap(from), err
	}
	n, addr, err := s.pc.ReadFrom(b)
	if udp, ok := addr.(*net.UDPAddr); ok {
		from = unmap(udp.AddrPort())
	}
	return n, from, err
}

func (s *socket) write(b []byte) (err error) {
	if s.fast != nil {
		_, err = s.fast.WriteToUDPAddrPort(b, s.peer)
		return err
	}
	_, err = s.pc.WriteTo(b, s.addr)
	return err
}

func (s *socket) setReadDeadline(t time.Time) {
	_ = s.pc.SetReadDeadline(t) // fails only on a closed socket, which Receive notices
}

// unmap writes ::ffff:192.0.2.1 as 192.0.2.1: one peer, one spelling, and a
// socket of either family takes it.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
