package udp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiveControl has room for what the kernel says of a message besides its
// bytes: how it joined it, and the traffic class for either family, which is 72
// bytes.
type receiveControl struct {
	_     [0]uint64 // where the kernel's headers want to begin
	bytes [96]byte
}

// read takes in the first n bytes. IPv4 tells the traffic class in one byte,
// IPv6 in an int.
func (c *receiveControl) read(n int, m *message) {
	rest := c.bytes[:min(n, len(c.bytes))]
	for len(rest) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&rest[0]))
		if h.Len < unix.SizeofCmsghdr || uint64(h.Len) > uint64(len(rest)) {
			return
		}
		value := rest[unix.CmsgLen(0):h.Len]
		switch {
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && len(value) >= 4:
			m.segment = int(*(*int32)(unsafe.Pointer(&value[0])))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS && len(value) >= 1:
			m.ecn = ECN(value[0]) & CE
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && len(value) >= 4:
			m.ecn = ECN(*(*int32)(unsafe.Pointer(&value[0]))) & CE
		}
		rest = rest[min(unix.CmsgSpace(len(value)), len(rest)):]
	}
}

// sendControl has room for the control messages of one message: UDP_SEGMENT,
// which has the kernel cut it into datagrams, and their ECN mark.
type sendControl struct {
	bytes [6]uint64
	used  int
}

// put appends a control message.
func put[V uint16 | int32](c *sendControl, level, kind int32, value V) {
	size := int(unsafe.Sizeof(value))
	h := (*unix.Cmsghdr)(unsafe.Add(unsafe.Pointer(&c.bytes), c.used))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(size))
	*(*V)(unsafe.Add(unsafe.Pointer(h), unix.CmsgLen(0))) = value
	c.used += unix.CmsgSpace(size)
}

// set says how a message is to be cut, if size is not 0, and what each datagram
// of it bears.
func (c *sendControl) set(size int, mark ECN, v6 bool) {
	c.used = 0
	if size > 0 {
		put(c, unix.IPPROTO_UDP, unix.UDP_SEGMENT, uint16(size))
	}
	switch {
	case mark == NotECT:
	case v6:
		put(c, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, int32(mark))
	default:
		put(c, unix.IPPROTO_IP, unix.IP_TOS, int32(mark))
	}
}

// attach has a message carry it.
func (c *sendControl) attach(h *unix.Msghdr) {
	h.Control = nil
	if c.used > 0 {
		h.Control = (*byte)(unsafe.Pointer(&c.bytes))
	}
	h.SetControllen(c.used)
}
