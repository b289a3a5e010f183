package udp

import (
	"net/netip"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchMessages is how many messages are given to the kernel with one call.
const batchMessages = MaxSegments

// fewSegments is how many datagrams of one size are not worth another one that
// only ends the message with a smaller one.
const fewSegments = 4

// outgoing is a burst on its way, and sendmmsg(2): the headers of the messages
// that it becomes. Each message is one datagram, or many as segments.
//
// A message of segments that fails is given again one datagram at a time, so an
// error always is one datagram's, and what cannot be sent as segments is sent.
// If that succeeds, segments were at fault, and if it took leaving out the mark,
// marks were.
type outgoing struct {
	socket *messages
	drain  func(fd uintptr) (done bool) // tryDrain, made once: a method value is allocated

	rest []byte // not dealt with, of
	left int    // datagrams
	size int
	mark ECN
	v6   bool // the family of the destination

	apart   int           // datagrams that go singly, because together they failed
	suspect syscall.Errno // why, if segments may be at fault
	plain   bool          // no mark, because with it the next datagram failed
	sent    int
	err     error

	to              destination // no length: where the socket is connected to
	whole, segments sendControl
	headers         [batchMessages]unix.Mmsghdr
	vectors         [batchMessages][2]unix.Iovec
	counts          [batchMessages]int // datagrams in each message
}

var outgoings = sync.Pool{New: func() any {
	o := new(outgoing)
	o.drain = o.tryDrain
	return o
}}

// tail is a datagram that ends a message of segments with one of another size.
// It is no packet of any version, so the peer counts it and goes on.
var tail [1]byte

// begin reports false if the address can't be reached from the socket.
func (o *outgoing) begin(m *messages, b []byte, size int, to netip.AddrPort, connected bool, mark ECN) bool {
	o.socket, o.rest, o.size, o.mark, o.v6 = m, b, max(size, 0), mark, to.Addr().Is6() && !to.Addr().Is4In6()
	o.left = 1
	if len(b) > size {
		o.left = (len(b) + size - 1) / size
	}
	o.apart, o.suspect, o.plain, o.sent, o.err = 0, 0, false, 0, nil
	o.to.length = 0
	return connected || o.to.set(to, m.v6, &m.scopes)
}

// end lets go of the caller's memory.
func (o *outgoing) end() {
	o.socket, o.rest = nil, nil
	for i := 0; i < len(o.vectors) && o.vectors[i][0].Base != nil; i++ {
		o.vectors[i][0].Base = nil
	}
}

// tryDrain is what the poller runs, again when the socket's buffer has room if
// it says that it is not done.
func (o *outgoing) tryDrain(fd uintptr) (done bool) {
	for o.left > 0 {
		messages := o.plan()
		taken, errno := o.socket.send(fd, o.headers[:messages])
		switch {
		case errno == 0:
			o.took(taken)
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return false
		case errno == unix.ENOSYS && messages > 1:
			o.socket.demote(&o.socket.ladder.send, Single)
		default:
			o.failed(errno)
		}
	}
	return true
}

// plan makes messages of what is left, as many as go with one call.
func (o *outgoing) plan() (messages int) {
	rung := Rung(o.socket.ladder.send.Load())
	mark := o.mark
	if o.plain || o.socket.refused.Load() {
		mark = NotECT
	}
	o.whole.set(0, mark, o.v6)
	o.segments.set(o.size, mark, o.v6)
	most := batchMessages
	if rung < Batch || o.plain {
		most = 1
	}
	rest, left, apart := o.rest, o.left, o.apart
	for left > 0 && messages < most {
		n := 1
		if rung == Segments && apart <= 0 {
			n = o.together(len(rest), left)
		}
		bytes := rest[:min(n*o.size, len(rest))]
		o.set(messages, bytes, n)
		rest = rest[len(bytes):]
		left -= n
		apart -= n
		messages++
	}
	return messages
}

// together is how many datagrams can be one message, of that many left.
func (o *outgoing) together(bytes, left int) int {
	if o.size <= 0 || left == 1 {
		return 1
	}
	n := max(1, min(left, MaxSegments, MaxBurst/o.size))
	if o.equal(n, bytes) {
		if n = min(n, MaxSegments-1); n < fewSegments {
			return 1
		}
	}
	return n
}

// equal reports whether a message of n datagrams would be mangled.
func (o *outgoing) equal(n, bytes int) bool { return o.socket.oddTail && n*o.size <= bytes }

// set prepares a message of n datagrams.
func (o *outgoing) set(message int, bytes []byte, n int) {
	o.counts[message] = n
	v := &o.vectors[message]
	v[0].Base = unsafe.SliceData(bytes)
	v[0].SetLen(len(bytes))
	h := &o.headers[message].Hdr
	h.Iov = &v[0]
	h.SetIovlen(1)
	h.Name, h.Namelen = nil, o.to.length
	if o.to.length > 0 {
		h.Name = (*byte)(unsafe.Pointer(&o.to.name))
	}
	if n == 1 {
		o.whole.attach(h)
		return
	}
	o.segments.attach(h)
	if o.equal(n, len(bytes)) {
		v[1].Base = &tail[0]
		v[1].SetLen(len(tail))
		h.SetIovlen(2)
	}
}

// took notes that the kernel took the first messages of the plan.
func (o *outgoing) took(messages int) {
	o.socket.ladder.sendCalls.Add(1)
	switch {
	case o.plain:
		o.socket.refused.Store(true)
	case o.suspect != 0:
		o.socket.demote(&o.socket.ladder.send, Batch)
	}
	o.plain, o.suspect = false, 0
	for _, n := range o.counts[:messages] {
		o.sent += n
		o.skip(n)
	}
}

// failed deals with the first message of the plan, which the kernel did not
// take.
func (o *outgoing) failed(errno syscall.Errno) {
	if n := o.counts[0]; n > 1 {
		o.apart = n
		if blamesSegments(errno) {
			o.suspect = errno
		}
		return
	}
	if blamesMark(errno) && o.mark != NotECT && !o.plain && !o.socket.refused.Load() {
		o.plain = true
		return
	}
	if o.err == nil {
		o.err = errno
	}
	o.plain, o.suspect = false, 0
	o.skip(1)
}

// skip is past n datagrams.
func (o *outgoing) skip(n int) {
	o.rest = o.rest[min(n*o.size, len(o.rest)):]
	o.left -= n
	o.apart = max(0, o.apart-n)
}

// blamesSegments reports whether segments may be what the kernel did not like:
// a device that does no checksums (EIO), or a size above the path's (EINVAL or,
// of late, EMSGSIZE), among other things.
func blamesSegments(errno syscall.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		return true
	}
	return false
}

// blamesMark reports whether the mark may be what the kernel did not like.
func blamesMark(errno syscall.Errno) bool {
	return errno == unix.EINVAL || errno == unix.EOPNOTSUPP || errno == unix.ENOPROTOOPT
}

// sendCall gives the kernel messages without waiting, and returns how many it
// took. An error is the first one's.
func sendCall(fd uintptr, headers []unix.Mmsghdr) (n int, errno syscall.Errno) {
	if len(headers) == 1 {
		_, _, errno := unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&headers[0].Hdr)), 0)
		return 1, errno
	}
	taken, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&headers[0])),
		uintptr(len(headers)), unix.MSG_DONTWAIT, 0, 0)
	return int(taken), errno
}
