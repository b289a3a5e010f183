package proxy

import (
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"udplab/lossy"
)

// outgoing is sendmmsg(2): the headers of the messages that a burst becomes.
type outgoing struct {
	headers  [burstDatagrams]unix.Mmsghdr
	vectors  [burstDatagrams]unix.Iovec
	controls [burstDatagrams]sendControl
	counts   [burstDatagrams]int // datagrams in each message
}

// sendControl has room for the control messages of one message: which address it
// leaves from, UDP_SEGMENT (Linux 4.18), which has the kernel cut it into datagrams,
// and their ECN mark for either family. The kernel skips the other family's.
type sendControl [14]uint64

// put appends a control message to the first n bytes at c, and returns how many
// there are now.
func put[V uint16 | int32 | unix.Inet4Pktinfo | unix.Inet6Pktinfo](c unsafe.Pointer, n int, level, kind int32, value V) int {
	size := int(unsafe.Sizeof(value))
	h := (*unix.Cmsghdr)(unsafe.Add(c, n))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(size))
	*(*V)(unsafe.Add(c, n+unix.CmsgLen(0))) = value
	return n + unix.CmsgSpace(size)
}

// recipient is whom a datagram goes to. Nil is whom the socket is connected to.
type recipient struct {
	name   []byte // see socketAddress
	source source // which address it leaves from; nothing is the system's choice
}

// sendPatience is how long a send waits for room in the socket's buffer. Only
// a network card that stands still fills it.
const sendPatience = 100 // ms

// segments says how far a socket may be given datagrams as segments of one
// message. It starts as the kernel can do at all, and is lowered by what fails
// on the path of this socket.
type segments struct{ most atomic.Int32 }

func (s *segments) allow(size int) bool { return size <= int(s.most.Load()) }

// failed notes that datagrams of that size could not be sent as segments. EIO
// is a device without checksums, which can do none; two others are a size above
// the path's MTU, which fragments can pass singly. What else may go wrong has
// nothing to do with segments.
func (s *segments) failed(size int, why syscall.Errno) {
	switch why {
	case unix.EIO, unix.EOPNOTSUPP:
		s.most.Store(0)
	case unix.EINVAL, unix.EMSGSIZE:
		s.most.Store(int32(size - 1))
	}
}

// send writes the datagrams of b from the i-th on.
//
// A message of segments that fails is given again one datagram at a time: so an
// error always is one datagram's, and what cannot be sent joined is sent. What cannot
// be sent singly either says nothing of segments: an address of ours may be gone.
func (s *segments) send(fd int, to *recipient, b *burst, i int) (taken int, err error) {
	taken, errno := b.give(fd, to, i, s)
	joined := b.out.counts[0] > 1
	if errno != 0 && errno != unix.EAGAIN && joined && !isRefused(errno) {
		why := errno
		if taken, errno = b.give(fd, to, i, nil); errno == 0 {
			s.failed(b.size(i), why)
		}
	}
	if errno != 0 {
		return 0, errno
	}
	return taken, nil
}

// give builds messages of the datagrams from the i-th on and has the kernel
// take as many as it will. An error concerns the first message.
func (b *burst) give(fd int, to *recipient, i int, joining *segments) (taken int, errno syscall.Errno) {
	o := &b.out
	if to == nil {
		to = &recipient{}
	}
	messages := 0
	for ; i < b.count(); messages++ {
		n := 1
		if joining != nil {
			n = b.run(i, joining)
		}
		o.set(messages, b.bytes[b.start(i):b.ends[i+n-1]], to.name, n)
		o.control(messages, n, b.size(i), b.marks[i], &to.source)
		i += n
	}
	accepted, errno := sendmmsg(fd, o.headers[:messages])
	for k := range accepted {
		taken += o.counts[k]
	}
	return taken, errno
}

// run is how many datagrams from the i-th on can leave as one message: all of
// one mark, and of one size but the last, which may be shorter and not empty.
func (b *burst) run(i int, joining *segments) int {
	size := b.size(i)
	if size == 0 || !joining.allow(size) {
		return 1
	}
	n := 1
	for ; i+n < b.count() && b.ends[i+n]-b.start(i) <= burstBytes; n++ {
		next := b.size(i + n)
		if next > size || next == 0 || b.marks[i+n] != b.marks[i] {
			break
		}
		if next < size {
			return n + 1
		}
	}
	return n
}

// set prepares a message of n datagrams.
func (o *outgoing) set(message int, bytes, name []byte, n int) {
	o.counts[message] = n
	v := &o.vectors[message]
	v.Base = unsafe.SliceData(bytes)
	v.SetLen(len(bytes))
	h := &o.headers[message].Hdr
	*h = unix.Msghdr{Iov: v}
	h.SetIovlen(1)
	if len(name) > 0 {
		h.Name, h.Namelen = &name[0], uint32(len(name))
	}
}

// control says how a message of n datagrams is to be cut, what they bear, and where
// they leave from.
func (o *outgoing) control(message, n, size int, mark lossy.ECN, from *source) {
	c := unsafe.Pointer(&o.controls[message])
	used := copy(unsafe.Slice((*byte)(c), len(o.controls[message])*8), from.bytes())
	if n > 1 {
		used = put(c, used, unix.IPPROTO_UDP, unix.UDP_SEGMENT, uint16(size))
	}
	if mark != lossy.NotECT {
		used = put(c, used, unix.IPPROTO_IP, unix.IP_TOS, int32(mark))
		used = put(c, used, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, int32(mark))
	}
	if used > 0 {
		h := &o.headers[message].Hdr
		h.Control = (*byte)(c)
		h.SetControllen(used)
	}
}

// sendmmsg waits for room in the socket's buffer if it must.
func sendmmsg(fd int, headers []unix.Mmsghdr) (accepted int, errno syscall.Errno) {
	for waited := false; ; {
		accepted, errno := sendSome(fd, headers)
		switch {
		case errno == 0:
			return accepted, 0
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && !waited:
			waited = true
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, sendPatience)
		default:
			return 0, errno
		}
	}
}

// sendSome is sendmmsg(2), or for a single datagram without control messages
// sendto(2), which is 0.3 us less.
func sendSome(fd int, headers []unix.Mmsghdr) (accepted int, errno syscall.Errno) {
	if h := &headers[0].Hdr; len(headers) == 1 && h.Controllen == 0 {
		_, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(h.Iov.Base)), uintptr(h.Iov.Len),
			0, uintptr(unsafe.Pointer(h.Name)), uintptr(h.Namelen))
		return 1, errno
	}
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&headers[0])),
		uintptr(len(headers)), 0, 0, 0)
	return int(n), errno
}

// socketAddress writes an address as the kernel reads it, for a socket of IPv6
// or of IPv4.
func socketAddress(to netip.AddrPort, v6 bool) []byte {
	var port [2]byte
	port[0], port[1] = byte(to.Port()>>8), byte(to.Port())
	if !v6 {
		sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
		*(*[2]byte)(unsafe.Pointer(&sa.Port)) = port
		return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&sa)), unix.SizeofSockaddrInet4)...)
	}
	sa := unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16(), Scope_id: scope(to.Addr().Zone())}
	*(*[2]byte)(unsafe.Pointer(&sa.Port)) = port
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&sa)), unix.SizeofSockaddrInet6)...)
}

// scope is the number of a network interface that a zone names.
func scope(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32) // 0, no scope, if it is neither
	return uint32(n)
}
