package udp

import (
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// bagMessages is how many messages are read with one call at most, and
	// roundDatagrams how many datagrams a round is to bring at best: each call
	// costs a tenth of a datagram by then, and whoever sends is not kept waiting
	// for acknowledgments.
	bagMessages    = 16
	roundDatagrams = 64
)

// bag is what recvmmsg(2) fills: headers, and buffers of the largest size. Idle
// sockets hold none.
type bag struct {
	headers  []unix.Mmsghdr
	vectors  []unix.Iovec
	names    []unix.RawSockaddrInet6 // large enough for IPv4
	controls []receiveControl
	buffers  []byte
	messages []message
}

// bagStride keeps the beginnings of the buffers from falling into the same
// sets of the cache, where they would displace each other.
const bagStride = MaxDatagram + 320

// bags are of three sizes: for the datagram that comes alone, for what shows
// that nothing is behind it, and for a flood.
var bags = [...]struct {
	messages int
	pool     sync.Pool
}{
	{messages: 1, pool: sync.Pool{New: func() any { return newBag(1) }}},
	{messages: 2, pool: sync.Pool{New: func() any { return newBag(2) }}},
	{messages: bagMessages, pool: sync.Pool{New: func() any { return newBag(bagMessages) }}},
}

func newBag(n int) *bag {
	b := &bag{
		headers: make([]unix.Mmsghdr, n), vectors: make([]unix.Iovec, n),
		names: make([]unix.RawSockaddrInet6, n), controls: make([]receiveControl, n),
		buffers: make([]byte, n*bagStride), messages: make([]message, n),
	}
	for i := range b.headers {
		b.vectors[i].Base = &b.buffers[i*bagStride]
		b.vectors[i].SetLen(MaxDatagram)
		h := &b.headers[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Iov = &b.vectors[i]
		h.SetIovlen(1)
		h.Control = &b.controls[i].bytes[0]
	}
	return b
}

// prepare undoes what the kernel wrote into the headers of the first n.
func (b *bag) prepare(n int) []unix.Mmsghdr {
	for i := range b.headers[:n] {
		h := &b.headers[i].Hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(len(b.controls[i].bytes))
		h.Flags = 0
	}
	return b.headers[:n]
}

// mailbag is the inbox of a socket of the system's. It belongs to the goroutine
// that reads; other than a bag, it is the socket's as long as that is read.
type mailbag struct {
	socket *messages
	fill   func(fd uintptr) (done bool) // tryFill, made once: a method value is allocated
	names  senders

	bag   *bag // borrowed, nil while there is nothing to read
	want  int  // messages to ask for where nothing has to be waited for
	asked int  // for in the last call
	wait  bool
	late  bool // there was nothing at first
	n     int
	errno syscall.Errno
}

// fewest is how many messages are asked for at least: a call that gives fewer
// saves the next one.
const fewest = 2

// newMailbag has the kernel join what arrives, if it can.
func newMailbag(m *messages) *mailbag {
	in := &mailbag{socket: m, want: fewest}
	in.fill = in.tryFill
	if m.ladder.receive.Load() == uint32(Segments) && !m.join(true) {
		limit(&m.ladder.receive, Batch)
	}
	return in
}

// receive reads what one call gives.
func (in *mailbag) receive(wait bool) ([]message, error) {
	in.wait, in.late = wait, false
	err := in.socket.raw.Read(in.fill)
	if err != nil || in.errno != 0 {
		in.giveBack()
		in.want = fewest
		switch {
		case err != nil:
			return nil, err
		case in.errno == unix.EAGAIN:
			return nil, ErrEmpty
		}
		return nil, in.errno
	}
	in.socket.ladder.receiveCalls.Add(1)
	datagrams := 0
	for i := range in.n {
		m := &in.bag.messages[i]
		h := &in.bag.headers[i]
		*m = message{
			bytes: in.bag.buffers[i*bagStride:][:min(int(h.Len), MaxDatagram)],
			from:  in.names.sender(&in.bag.names[i]),
			cut:   h.Hdr.Flags&unix.MSG_TRUNC != 0,
		}
		in.bag.controls[i].read(int(h.Hdr.Controllen), m)
		datagrams += m.count()
	}
	in.socket.drops.read(in.n, datagrams)
	in.learn(datagrams)
	return in.bag.messages[:in.n], nil
}

// drained reports whether the last call likely read all there was: what had to
// be waited for is likely alone.
func (in *mailbag) drained() bool { return in.late || in.n < in.asked }

// learn decides how many messages to ask for next: more where there were as
// many as asked for, as long as a round stays short.
func (in *mailbag) learn(datagrams int) {
	most := in.n
	if in.n == in.asked {
		most = min(2*in.asked, roundDatagrams*in.n/datagrams)
	}
	in.want = min(max(most, fewest), bagMessages)
}

// tryFill is what the poller runs, again when there is something to read if it
// says that it is not done.
func (in *mailbag) tryFill(fd uintptr) (done bool) {
	in.asked = in.want
	if in.late || in.socket.ladder.receive.Load() < uint32(Batch) {
		in.asked = 1 // a call for one is cheaper
	}
	for {
		in.borrow()
		in.n, in.errno = in.socket.receive(fd, in.bag.prepare(in.asked))
		switch {
		case in.errno == unix.EINTR:
		case in.errno == unix.ENOSYS && in.asked > 1:
			in.socket.demote(&in.socket.ladder.receive, Single)
			in.asked = 1
		case in.errno == unix.EAGAIN:
			in.late = true
			if in.wait {
				in.giveBack()
			}
			return !in.wait
		default:
			return true
		}
	}
}

// borrow takes a bag that is large enough.
func (in *mailbag) borrow() {
	if in.bag != nil && len(in.bag.headers) >= in.asked {
		return
	}
	in.giveBack()
	for i := range bags {
		if bags[i].messages >= in.asked {
			in.bag = bags[i].pool.Get().(*bag)
			return
		}
	}
}

func (in *mailbag) giveBack() {
	if in.bag == nil {
		return
	}
	for i := range bags {
		if bags[i].messages == len(in.bag.headers) {
			bags[i].pool.Put(in.bag)
		}
	}
	in.bag = nil
}

// receiveCall reads as many messages as there are headers for and there to
// read, without waiting.
func receiveCall(fd uintptr, headers []unix.Mmsghdr) (n int, errno syscall.Errno) {
	if len(headers) == 1 {
		length, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&headers[0].Hdr)), 0)
		headers[0].Len = uint32(length)
		return 1, errno
	}
	got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&headers[0])),
		uintptr(len(headers)), unix.MSG_DONTWAIT, 0, 0)
	return int(got), errno
}
