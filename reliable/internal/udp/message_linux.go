package udp

import (
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// messages is a socket of the system's, which moves many datagrams a call, and
// a datagram's ECN mark besides its bytes. Nothing is allocated for a datagram.
type messages struct {
	raw     syscall.RawConn
	ladder  *ladder
	v6      bool        // the socket is one of IPv6, which may carry both families
	tells   bool        // the system tells the marks of what is read
	refused atomic.Bool // the system does not take marks
	oddTail bool        // segments that are all of one size are mangled: see kernel
	scopes  scopes
	drops   arrivals

	// The system's calls; tests have them fail.
	send    func(fd uintptr, headers []unix.Mmsghdr) (n int, errno syscall.Errno)
	receive func(fd uintptr, headers []unix.Mmsghdr) (n int, errno syscall.Errno)
}

// newMessages returns nil if there is no descriptor to be had.
func newMessages(c *net.UDPConn, l *ladder) *messages {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	k := kernelHere()
	m := &messages{raw: raw, ladder: l, oddTail: k.manglesEqual, send: sendCall, receive: receiveCall}
	l.send.Store(uint32(k.send))
	l.receive.Store(uint32(k.receive))
	_ = raw.Control(func(fd uintptr) {
		domain, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		m.v6 = domain == unix.AF_INET6
		// A socket of IPv4 knows no options of IPv6. One of IPv6 may carry both
		// families, and knows both. What is not told reads as NotECT.
		v4 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		v6 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
		m.tells = v4 == nil && (v6 == nil || domain == unix.AF_INET)
		if _, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT); err != nil {
			limit(&l.send, Batch)
		}
	})
	return m
}

// demote lowers a direction to a rung because the one above it failed.
func (m *messages) demote(direction *atomic.Uint32, to Rung) {
	if limit(direction, to) {
		m.ladder.demotions.Add(1)
	}
}

// join has the kernel join what arrives, or not, and reports whether it will.
func (m *messages) join(on bool) bool {
	value, err := 0, error(nil)
	if on {
		value = 1
	}
	if e := m.raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, value)
	}); e != nil {
		return false
	}
	return err == nil
}

// restore undoes what would surprise who reads the socket next.
func (m *messages) restore() { m.join(false) }

// carriesECN reports whether marks are read and, as far as known, sent.
func (m *messages) carriesECN() bool { return m.tells && !m.refused.Load() }

// writeBurst is Socket.WriteBurst.
func (m *messages) writeBurst(b []byte, size int, to netip.AddrPort, connected bool, mark ECN) (sent int, err error) {
	o := outgoings.Get().(*outgoing)
	defer outgoings.Put(o)
	if !o.begin(m, b, size, to, connected, mark) {
		return 0, ErrAddress
	}
	if err := m.raw.Write(o.drain); err != nil && o.err == nil {
		o.err = err
	}
	sent, err = o.sent, o.err
	o.end()
	return sent, err
}
