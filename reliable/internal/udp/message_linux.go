package udp

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// messages is recvmsg(2) and sendmsg(2) on a socket of the system's: they move
// a datagram's ECN mark besides its bytes, and can read without waiting, which
// package net can't. Nothing is allocated for a datagram.
//
// recv and what is below it belong to the one goroutine that reads.
type messages struct {
	conn    *net.UDPConn
	raw     syscall.RawConn
	marks   [CE + 1][2][]byte // control message that sets a mark, for IPv4 and IPv6
	refused atomic.Bool       // the system does not take them
	tells   bool              // the system tells the marks of what is read

	recv  func(fd uintptr) (done bool) // receive, made once: a method value is allocated
	wait  bool
	late  bool // there was nothing at first
	n     int
	errno syscall.Errno
	msg   unix.Msghdr
	iov   unix.Iovec
	name  unix.RawSockaddrInet6 // large enough for IPv4
	oob   [64]byte              // the marks of both families take 48
	zones map[uint32]string
}

// newMessages returns nil if there is no descriptor to be had.
func newMessages(c *net.UDPConn) *messages {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	m := &messages{conn: c, raw: raw}
	m.recv = m.receive
	for e := ECT1; e <= CE; e++ {
		m.marks[e] = [2][]byte{
			controlMessage(unix.IPPROTO_IP, unix.IP_TOS, int32(e)),
			controlMessage(unix.IPPROTO_IPV6, unix.IPV6_TCLASS, int32(e)),
		}
	}
	m.msg.Name = (*byte)(unsafe.Pointer(&m.name))
	m.msg.Iov = &m.iov
	m.msg.SetIovlen(1)
	m.msg.Control = &m.oob[0]
	_ = raw.Control(func(fd uintptr) {
		// A socket of IPv4 knows no options of IPv6. One of IPv6 may carry both
		// families, and knows both. What is not told reads as NotECT.
		v4 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		v6 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
		domain, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		m.tells = v4 == nil && (v6 == nil || domain == unix.AF_INET)
	})
	return m
}

// controlMessage is a control message with one int.
func controlMessage(level, kind, value int32) []byte {
	b := make([]byte, unix.CmsgSpace(4))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(4))
	*(*int32)(unsafe.Pointer(&b[unix.CmsgLen(0)])) = value
	return b
}

// read reads one datagram into b, which is not empty. Without wait it fails
// with ErrEmpty when there is none.
func (m *messages) read(b []byte, wait bool) (n int, from netip.AddrPort, ecn ECN, err error) {
	m.wait, m.late = wait, false
	m.iov.Base = &b[0]
	m.iov.SetLen(len(b))
	err = m.raw.Read(m.recv)
	m.iov.Base = nil
	switch {
	case err != nil:
		return 0, from, NotECT, err
	case m.errno == unix.EAGAIN:
		return 0, from, NotECT, ErrEmpty
	case m.errno != 0:
		return 0, from, NotECT, m.errno
	}
	if m.msg.Flags&unix.MSG_TRUNC != 0 {
		err = ErrTruncated
	}
	return m.n, m.from(), m.ecn(), err
}

// carriesECN reports whether marks are read and, as far as known, sent.
func (m *messages) carriesECN() bool { return m.tells && !m.refused.Load() }

// waited reports whether the last read found nothing at first.
func (m *messages) waited() bool { return m.late }

// receive is what the poller runs, again when there is something to read if it
// says that it is not done.
func (m *messages) receive(fd uintptr) (done bool) {
	for {
		m.msg.Namelen = unix.SizeofSockaddrInet6
		m.msg.SetControllen(len(m.oob))
		m.msg.Flags = 0
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&m.msg)), 0)
		if errno == unix.EINTR {
			continue
		}
		m.n, m.errno = int(n), errno
		empty := errno == unix.EAGAIN
		m.late = m.late || empty
		return !empty || !m.wait
	}
}

// from is the sender of the datagram just read.
func (m *messages) from() netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&m.name.Port)) // at the same place in either family
	p := uint16(port[0])<<8 | uint16(port[1])
	if m.name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&m.name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), p)
	}
	a := netip.AddrFrom16(m.name.Addr).Unmap()
	if m.name.Scope_id != 0 && a.Is6() {
		a = a.WithZone(m.zone(m.name.Scope_id))
	}
	return netip.AddrPortFrom(a, p)
}

// zone is the name of a network interface, as package net spells it.
func (m *messages) zone(index uint32) string {
	if name, known := m.zones[index]; known {
		return name
	}
	name := strconv.FormatUint(uint64(index), 10)
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		name = i.Name
	}
	if m.zones == nil {
		m.zones = make(map[uint32]string)
	}
	m.zones[index] = name
	return name
}

// ecn is the mark of the datagram just read. IPv4 tells the traffic class in
// one byte, IPv6 in an int.
func (m *messages) ecn() ECN {
	rest := m.oob[:m.msg.Controllen]
	for len(rest) > 0 {
		h, data, after, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil || len(data) == 0 {
			return NotECT
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS:
			return ECN(data[0]) & CE
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && len(data) >= 4:
			return ECN(*(*int32)(unsafe.Pointer(&data[0]))) & CE
		}
		rest = after
	}
	return NotECT
}

// write sends one datagram with a mark. taken is false if the system does not
// take marks, and then nothing was sent.
func (m *messages) write(b []byte, to netip.AddrPort, connected bool, ecn ECN) (taken bool, err error) {
	if m.refused.Load() {
		return false, nil
	}
	family := 0
	if to.Addr().Is6() {
		family = 1
	}
	if connected {
		to = netip.AddrPort{}
	}
	_, _, err = m.conn.WriteMsgUDPAddrPort(b, m.marks[ecn][family], to)
	if refusesControl(err) {
		m.refused.Store(true)
		return false, nil
	}
	return true, err
}

// refusesControl reports whether the control message may be what the system
// did not like.
func refusesControl(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOPROTOOPT)
}
