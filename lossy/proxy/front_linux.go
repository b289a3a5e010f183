package proxy

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

func (s *batching) listen(at netip.AddrPort, buffer int) (front, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
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

	messages  []message
	errno     syscall.Errno
	overflows overflows
}

func (f *batchingFront) receive() ([]message, error) {
	if err := f.raw.Read(f.read); err != nil {
		return nil, stopped(err)
	}
	if f.errno != 0 {
		return nil, f.errno
	}
	f.overflows.read(f.messages)
	return f.messages, nil
}

func (f *batchingFront) drops() uint64 { return f.overflows.count(f.portableFront.drops()) }

// tryReceive is what Go's poller runs, again when there is something to read
// if it says that it is not done.
func (f *batchingFront) tryReceive(fd uintptr) (done bool) {
	f.messages, f.errno = f.in.receive(int(fd), true)
	return f.errno != unix.EAGAIN
}

func (f *batchingFront) to(client netip.AddrPort) outlet {
	return &batchingReply{f, socketAddress(client, f.v6)}
}

// batchingReply sends to one client.
type batchingReply struct {
	front *batchingFront
	name  []byte
}

func (r *batchingReply) send(b *burst, i int) (int, error) {
	return r.front.segments.send(r.front.fd, r.name, b, i)
}
