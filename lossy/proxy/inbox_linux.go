package proxy

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// inboxMessages is how many messages are read with one call.
const inboxMessages = 32

// inbox is recvmmsg(2) and its buffers. The kernel may join datagrams of one
// sender into a message (UDP_GRO), and says then how long each was. An inbox
// belongs to the goroutine that reads; the sockets may be many.
type inbox struct {
	headers  [inboxMessages]unix.Mmsghdr
	vectors  [inboxMessages]unix.Iovec
	names    [inboxMessages]unix.RawSockaddrInet6 // large enough for IPv4
	controls [inboxMessages][192]byte             // for UDP_GRO, the time, and the traffic class and our address of either family
	buffers  []byte
	messages [inboxMessages]message
	written  int // headers that the kernel wrote to in the last call

	lastName unix.RawSockaddrInet6 // of the message before, and
	lastFrom netip.AddrPort        // what it says
	zones    map[uint32]string
}

// inboxStride keeps the beginnings of the buffers from falling into the same
// sets of the cache, where they would displace each other.
const inboxStride = maxDatagram + 320

func newInbox() *inbox {
	in := &inbox{buffers: make([]byte, inboxMessages*inboxStride)}
	for i := range in.headers {
		in.vectors[i].Base = &in.buffers[i*inboxStride]
		in.vectors[i].SetLen(maxDatagram)
		h := &in.headers[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&in.names[i]))
		in.reset(i)
		h.Iov = &in.vectors[i]
		h.SetIovlen(1)
		h.Control = &in.controls[i][0]
	}
	return in
}

// receive reads what is there without waiting; EAGAIN means nothing is. The
// messages have senders if named.
func (in *inbox) receive(fd int, named bool) ([]message, syscall.Errno) {
	for i := range in.written {
		in.reset(i)
	}
	in.written = 0
	var n uintptr
	for {
		var errno syscall.Errno
		n, _, errno = unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.headers)),
			inboxMessages, unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			break
		}
		if errno != unix.EINTR {
			return nil, errno
		}
	}
	in.written = int(n)
	for i := range in.written {
		m := &in.messages[i]
		*m = message{bytes: in.buffers[i*inboxStride:][:in.headers[i].Len]}
		if control := in.controls[i][:in.headers[i].Hdr.Controllen]; len(control) > 0 {
			m.readControl(control)
		}
		if named {
			m.from = in.sender(&in.names[i])
		}
	}
	return in.messages[:n], 0
}

// reset says anew how much room there is, in whose place the kernel writes how
// much it took.
func (in *inbox) reset(i int) {
	h := &in.headers[i].Hdr
	h.Namelen = unix.SizeofSockaddrInet6
	h.SetControllen(len(in.controls[i]))
	h.Flags = 0
}

// readControl reads what the kernel says of a message besides its bytes: how it
// joined it, when it received the first of it, the ECN mark, and where it came to. IPv4
// tells the traffic class in one byte, IPv6 in an int.
func (m *message) readControl(control []byte) {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil || len(data) == 0 {
			return
		}
		switch {
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			m.segment = int(*(*int32)(unsafe.Pointer(&data[0])))
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			m.stamp = (*unix.Timespec)(unsafe.Pointer(&data[0])).Nano()
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS:
			m.mark = lossy.ECN(data[0]) & lossy.CE
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && len(data) >= 4:
			m.mark = lossy.ECN(*(*int32)(unsafe.Pointer(&data[0]))) & lossy.CE
		default:
			m.to.read(&h, data)
		}
		control = rest
	}
}

// tellMore has the kernel join what arrives, if it can, and tell ECN marks and
// when it arrived. What it refuses stays as it is: datagrams come singly,
// unmarked, and as of when they are read.
func tellMore(fd int, join bool) {
	if join {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
}

// sender reads an address. Messages mostly come from the sender of the one
// before.
func (in *inbox) sender(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		// The kernel wrote only as much as an IPv4 address takes.
		v4 := *(*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*name = unix.RawSockaddrInet6{}
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(name)) = v4
	}
	if *name != in.lastName {
		in.lastName, in.lastFrom = *name, in.parse(name)
	}
	return in.lastFrom
}

func (in *inbox) parse(name *unix.RawSockaddrInet6) netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&name.Port)) // at the same place in either family
	p := uint16(port[0])<<8 | uint16(port[1])
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), p)
	}
	a := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 && a.Is6() {
		a = a.WithZone(in.zone(name.Scope_id))
	}
	return netip.AddrPortFrom(a, p)
}

// zone is the name of a network interface, as package net spells it.
func (in *inbox) zone(index uint32) string {
	if name, known := in.zones[index]; known {
		return name
	}
	name := strconv.FormatUint(uint64(index), 10)
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		name = i.Name
	}
	if in.zones == nil {
		in.zones = make(map[uint32]string)
	}
	in.zones[index] = name
	return name
}
