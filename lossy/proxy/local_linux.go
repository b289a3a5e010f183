package proxy

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tellLocal has the kernel tell of each datagram which of our addresses it came to;
// it reports whether it will, and lets datagrams leave from there.
func tellLocal(fd uintptr) bool {
	if !sourcesWork() {
		return false
	}
	v4 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	v6 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1) // not of a socket of IPv4
	return v4 == nil || v6 == nil
}

// localControl is how much room what tellLocal asked for takes in a control message: a
// socket of both families is told of an IPv4 address in both ways.
var localControl = unix.CmsgSpace(unix.SizeofInet4Pktinfo) + unix.CmsgSpace(unix.SizeofInet6Pktinfo)

// localIn reads control messages.
func localIn(control []byte) (at local) {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		at.read(&h, data)
		control = rest
	}
	return at
}

// read reads one control message, if it tells of an address that answers can leave
// from. Where a datagram came to a group or to everybody, IPv4 says which address is
// ours there.
func (l *local) read(h *unix.Cmsghdr, data []byte) {
	switch {
	case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		if a := netip.AddrFrom4((*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0])).Spec_dst); !a.IsUnspecified() {
			*l = local{addr: a}
		}
	case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
		a := netip.AddrFrom16(info.Addr)
		if a.Is4In6() || a.IsMulticast() {
			return // IPv4 says it better
		}
		*l = local{addr: a}
		if a.IsLinkLocalUnicast() {
			l.index = info.Ifindex
		}
	}
}

// source is a control message that has a datagram leave from one of our addresses, or
// nothing.
type source struct {
	control [5]uint64
	size    int
}

// sourceOf writes what the kernel reads. A socket of both families sends to an IPv4
// address as one of IPv4 does.
func sourceOf(at local) (s source) {
	if at.addr.Is4() {
		info := unix.Inet4Pktinfo{Spec_dst: at.addr.As4()}
		s.size = put(unsafe.Pointer(&s.control), 0, unix.IPPROTO_IP, unix.IP_PKTINFO, info)
	} else {
		info := unix.Inet6Pktinfo{Addr: at.addr.As16(), Ifindex: at.index}
		s.size = put(unsafe.Pointer(&s.control), 0, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, info)
	}
	return s
}

func (s *source) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&s.control)), s.size)
}
