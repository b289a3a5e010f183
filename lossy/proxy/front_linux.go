package proxy

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

func (s *batching) listen(at netip.AddrPort, buffer int) (front, error) {
	c, err := listenUDP(at)
	if err != nil {
		return nil, err
	}
	enlarge(c, buffer)
	raw, err := c.SyscallConn()
	if err != nil {
		c.Close()
		return nil, err
	}
	f := &batchingFront{portableFront: portableFront{conn: c}, raw: raw, in: newInbox()}
	f.segments.most.Store(s.segmentLimit())
	f.read = f.tryReceive
	control(c, func(fd uintptr) {
		f.fd = int(fd)
		domain, _ := unix.GetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		f.v6 = domain == unix.AF_INET6
		tellMore(f.fd, s.joins)
		f.wildcard = at.Addr().IsUnspecified() && tellLocal(fd)
	})
	return f, nil
}

// batchingFront reads through Go's poller and writes past it: nothing writes
// any more when it is closed, see Proxy.Close.
type batchingFront struct {
	portableFront // all but receiving and sending
	segments

	raw  syscall.RawConn
	fd   int
	v6   bool
	in   *inbox
	read func(fd uintptr) bool // tryReceive, made once: a method value is allocated

	take      func([]message) // in receive
	errno     syscall.Errno
	overflows overflows
}

func (f *batchingFront) receive(take func([]message)) error {
	f.take = take
	if err := f.raw.Read(f.read); err != nil {
		return stopped(err)
	}
	if f.errno != 0 {
		return f.errno
	}
	return nil
}

func (f *batchingFront) rest(take func([]message)) {
	for range restReads {
		messages, errno := f.in.receive(f.fd, true)
		if errno != 0 {
			return
		}
		f.overflows.read(messages)
		take(messages)
		if len(messages) < inboxMessages {
			return
		}
	}
}

func (f *batchingFront) drops() uint64 { return f.overflows.count(f.portableFront.drops()) }

// tryReceive is what Go's poller runs, again when something has come if it says
// that it is not done.
//
// The messages are taken before it says so. A batch that is not full has emptied
// the socket, and whatever comes after that makes it ready anew, as the poller is
// edge-triggered: so there is no second call in vain before each wait. A full one
// returns to where a stop is noticed.
func (f *batchingFront) tryReceive(fd uintptr) (done bool) {
	var messages []message
	messages, f.errno = f.in.receive(int(fd), true)
	switch f.errno {
	case 0:
	case unix.EAGAIN:
		return false
	default:
		return true
	}
	f.overflows.read(messages)
	f.take(messages)
	return len(messages) == inboxMessages
}

func (f *batchingFront) to(client netip.AddrPort) reply {
	r := batchingReply{f, socketAddress(client, f.v6)}
	if f.wildcard {
		return &batchingAnswer{batchingReply: r}
	}
	return &r
}

// batchingReply sends to one client from the address of the socket.
type batchingReply struct {
	front *batchingFront
	name  []byte
}

func (r *batchingReply) send(b *burst, i int) (int, error) {
	return r.front.segments.send(r.front.fd, &recipient{name: r.name}, b, i)
}

func (*batchingReply) from(local) {}

// batchingAnswer sends to one client from the address that it sent to.
type batchingAnswer struct {
	batchingReply
	replySource
}

func (r *batchingAnswer) send(b *burst, i int) (int, error) {
	return r.front.segments.send(r.front.fd, &recipient{r.name, r.current()}, b, i)
}

func (r *batchingAnswer) from(at local) { r.replySource.from(at) }
