package proxy

import (
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

func (s *batching) dial(to netip.AddrPort, buffer int, sink sink) (back, error) {
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := reserved(uintptr(fd)); err != nil {
		unix.Close(fd)
		return nil, err
	}
	askBuffers(uintptr(fd), buffer)
	tellMore(fd, s.joins)
	b := &batchingBack{system: s, sink: sink, fd: fd}
	b.segments.most.Store(s.segmentLimit())
	if err := s.connect(b, to); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return b, nil
}

// connect connects a socket and has it polled. It is counted before, so that the
// edge of what arrives at once finds more than one socket if there is.
func (s *batching) connect(b *batchingBack, to netip.AddrPort) error {
	var sa unix.Sockaddr = &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port()), ZoneId: scope(to.Addr().Zone())}
	if to.Addr().Is4() {
		sa = &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	}
	if err := unix.Connect(b.fd, sa); err != nil {
		return os.NewSyscallError("connect", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.tokens++
	b.token = s.tokens
	s.sockets[b.token] = b
	s.counted()
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(b.token), Pad: int32(b.token >> 32)}
	if err := unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, b.fd, &event); err != nil {
		delete(s.sockets, b.token)
		s.counted()
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// batchingBack is a descriptor that a reader, senders and whoever takes stock
// share. Closing waits for all of them: a descriptor that is closed may be
// another file a moment later.
type batchingBack struct {
	segments
	system *batching
	sink   sink
	token  uint64

	overflows overflows

	mu sync.RWMutex // held to use fd, and to close it alone
	fd int          // -1 once closed
}

// read hands over one batch, and says whether there is nothing left to read or
// more may be. A failure is one that cannot be understood.
func (b *batchingBack) read(in *inbox, out *burst) (emptied, failed bool) {
	b.mu.RLock()
	if b.fd < 0 {
		b.mu.RUnlock()
		return true, false
	}
	messages, errno := in.receive(b.fd, false)
	b.mu.RUnlock()
	switch errno {
	case 0:
		b.overflows.read(messages)
		b.sink.arrive(messages, out)
		return len(messages) < inboxMessages, false
	case unix.EAGAIN: // a datagram with a wrong checksum, which the kernel dropped
		return true, false
	default:
		b.sink.readFailed(errno)
		return false, !isRefused(errno)
	}
}

func (b *batchingBack) send(burst *burst, i int) (int, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.fd < 0 {
		return 0, net.ErrClosed
	}
	return b.segments.send(b.fd, nil, burst, i)
}

func (b *batchingBack) port() uint16 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.fd < 0 {
		return 0
	}
	switch at, _ := unix.Getsockname(b.fd); at := at.(type) {
	case *unix.SockaddrInet4:
		return uint16(at.Port)
	case *unix.SockaddrInet6:
		return uint16(at.Port)
	}
	return 0
}

func (b *batchingBack) drops() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.fd < 0 {
		return b.overflows.count(0)
	}
	return b.overflows.count(overflow(b.fd))
}

func (b *batchingBack) close() {
	b.system.mu.Lock()
	delete(b.system.sockets, b.token)
	b.system.counted()
	b.system.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd >= 0 {
		b.overflows.count(overflow(b.fd))
		unix.Close(b.fd)
		b.fd = -1
	}
}
