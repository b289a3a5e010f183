package proxy

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// newSystem prefers batches and falls back to what works everywhere.
func newSystem() system {
	if s, err := newBatching(); err == nil {
		return s
	}
	return new(portable)
}

// batching is the system that moves many datagrams a call, and reads the
// sockets of all flows in one goroutine: a flow costs a descriptor and no
// stack, buffer or poller state.
type batching struct {
	epoll   int      // the upstream sockets, level-triggered
	poller  *os.File // of epoll, in Go's poller, so that waiting takes no thread
	running sync.WaitGroup
	joins   bool // the kernel's segments are what they should be

	mu      sync.Mutex
	sockets map[uint64]*batchingBack // by token
	tokens  uint64                   // given out; never used again, unlike descriptors
	closed  bool
}

func newBatching() (*batching, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	s := &batching{
		epoll: fd, poller: os.NewFile(uintptr(fd), "epoll"), joins: segmentsWork(),
		sockets: make(map[uint64]*batchingBack),
	}
	raw, err := s.poller.SyscallConn()
	if err != nil {
		s.poller.Close()
		return nil, err
	}
	s.running.Go(func() { s.poll(raw) })
	return s, nil
}

// poll reads the upstream sockets until close.
func (s *batching) poll(raw syscall.RawConn) {
	var (
		events [64]unix.EpollEvent
		n      int
		in     = newInbox()
		out    = newBurst()
	)
	wait := func(fd uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(fd), events[:], 0)
		if err != nil {
			n = 0 // EINTR; nothing else can happen to an epoll descriptor that is open
		}
		return n > 0
	}
	for raw.Read(wait) == nil {
		for i := range n {
			if b := s.find(token(&events[i])); b != nil {
				b.read(in, out)
			}
		}
	}
}

// An epoll event carries 64 bits of ours, which package unix calls Fd and Pad.
func token(e *unix.EpollEvent) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 }

func (s *batching) find(token uint64) *batchingBack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets[token]
}

func (s *batching) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.poller.Close()
	s.running.Wait()
}

// segmentLimit is where a new socket starts.
func (s *batching) segmentLimit() int32 {
	if s.joins {
		return maxDatagram
	}
	return 0
}

func (s *batching) dial(to netip.AddrPort, buffer int, sink sink) (back, error) {
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// As with enlarge, a refusal needs no error.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, buffer)
	joinArrivals(fd, s.joins)
	b := &batchingBack{system: s, sink: sink, fd: fd}
	b.segments.most.Store(s.segmentLimit())
	if err := s.connect(b, to); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return b, nil
}

// joinArrivals has the kernel join what arrives, if it can.
func joinArrivals(fd int, join bool) {
	if join {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	}
}

// connect connects a socket and has it polled. It is in the map before it is
// polled, so that what arrives finds it.
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
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(b.token), Pad: int32(b.token >> 32)}
	if err := unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, b.fd, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	s.sockets[b.token] = b
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

// read hands over one batch. What is left makes the socket ready again.
func (b *batchingBack) read(in *inbox, out *burst) {
	b.mu.RLock()
	if b.fd < 0 {
		b.mu.RUnlock()
		return
	}
	messages, errno := in.receive(b.fd, false)
	b.mu.RUnlock()
	switch errno {
	case 0:
		b.overflows.read(messages)
		b.sink.arrive(messages, out)
	case unix.EAGAIN: // a datagram with a wrong checksum, which the kernel dropped
	default:
		b.sink.readFailed(errno)
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
	b.system.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd >= 0 {
		b.overflows.count(overflow(b.fd))
		unix.Close(b.fd)
		b.fd = -1
	}
}

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
		joinArrivals(f.fd, s.joins)
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
