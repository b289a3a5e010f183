package lossy

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxPayload is the most a UDP datagram over IPv4 carries: 65535 bytes less
// the IP header's 20 and the UDP header's 8.
const maxPayload = 65507

// defaultReadBuffer is what careful programs ask a kernel for.
const defaultReadBuffer = 4 << 20

// socket is an endpoint of a Network: a net.PacketConn that behaves as a
// *net.UDPConn does. It is safe for concurrent use.
type socket struct {
	network *Network
	local   netip.AddrPort

	mu         sync.Mutex
	changed    *sync.Cond // a datagram came, a deadline passed or moved, or it was closed
	arrivals   line[sender]
	readBuffer int
	reading    deadline
	writing    deadline
	closed     bool
	failure    error // of the inner socket of a Conn, for the next reader
}

// deadline is a moment after which calls fail, with a timer to wake those that
// already wait. The zero value never passes.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// set moves the deadline; wake runs when it passes, in a goroutine of its own.
func (d *deadline) set(at time.Time, wake func()) {
	d.stop()
	d.at = at
	switch wait := time.Until(at); {
	case at.IsZero() || wake == nil:
	case wait <= 0:
		go wake() // a timer that is due at once crashes Go 1.26 in a synctest bubble under -race, now and then
	default:
		d.timer = time.AfterFunc(wait, wake)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func newSocket(n *Network, local netip.AddrPort) *socket {
	s := &socket{network: n, local: local, readBuffer: defaultReadBuffer}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// arrive queues a datagram, or counts why it cannot. As in Linux, a queue that
// is not full takes a datagram of any size.
func (s *socket) arrive(from netip.AddrPort, payload []byte, mark ECN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed: // since the network looked it up
		s.network.unreachable.Add(1)
	case s.arrivals.charge() >= s.readBuffer:
		s.network.overflow.Add(1)
	default:
		s.arrivals.push(sender{from, mark}, payload)
		s.changed.Signal()
	}
}

// ReadFrom implements net.PacketConn; the address is a *net.UDPAddr.
func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromUDPAddrPort(p)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromUDPAddrPort is ReadFrom without allocations, as of *net.UDPConn. The
// address is never a 4-in-6 one.
func (s *socket) ReadFromUDPAddrPort(p []byte) (n int, from netip.AddrPort, err error) {
	n, from, _, err = s.ReadMarked(p)
	return n, from, err
}

// WriteTo implements net.PacketConn; the address must be a *net.UDPAddr.
func (s *socket) WriteTo(p []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok || to == nil {
		return 0, s.fail("write", addr, notUDP(addr))
	}
	return s.WriteToUDPAddrPort(p, to.AddrPort())
}

// WriteToUDPAddrPort is WriteTo without allocations, as of *net.UDPConn.
// Writing never blocks. That nobody listens at the address is no error: UDP
// does not know.
func (s *socket) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	return s.WriteMarked(p, to, NotECT)
}

func (s *socket) writable(size int, to netip.AddrPort) error {
	s.mu.Lock()
	closed, late := s.closed, s.writing.passed()
	s.mu.Unlock()
	switch {
	case closed:
		return net.ErrClosed
	case late:
		return os.ErrDeadlineExceeded
	case !to.Addr().IsValid() || to.Port() == 0:
		return os.NewSyscallError("sendto", syscall.EINVAL)
	case to.Addr().Is4() != s.local.Addr().Is4():
		return &net.AddrError{Err: "address of another family than the socket's", Addr: to.String()}
	case size > maxPayload:
		return os.NewSyscallError("sendto", syscall.EMSGSIZE)
	}
	return nil
}

// Close frees the address, drops what was not read and wakes all readers with
// net.ErrClosed. What was written is not recalled.
func (s *socket) Close() error {
	if !s.close() {
		return s.fail("close", nil, net.ErrClosed)
	}
	s.network.leave(s)
	return nil
}

// close says whether the socket was open.
func (s *socket) close() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	s.reading.stop()
	s.arrivals = line[sender]{}
	s.changed.Broadcast()
	return true
}

// note hands an error to the next reader, unless one is waiting for it already.
func (s *socket) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
		s.changed.Broadcast()
	}
}

// failed hands an error to the next reader, after waiting until one has taken
// the error before it. False means that the socket is closed.
func (s *socket) failed(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.failure != nil && !s.closed {
		s.changed.Wait()
	}
	s.failure = err
	s.changed.Broadcast()
	return !s.closed
}

// LocalAddr returns the socket's *net.UDPAddr.
func (s *socket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.local) }

// SetDeadline sets both deadlines.
func (s *socket) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline makes reads fail with os.ErrDeadlineExceeded from t on, those
// that wait already included. The zero time means never.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.fail("set", nil, net.ErrClosed)
	}
	s.reading.set(t, s.wake)
	return nil
}

// SetWriteDeadline makes writes fail from t on, although none ever waits.
func (s *socket) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.fail("set", nil, net.ErrClosed)
	}
	s.writing.set(t, nil)
	return nil
}

// SetReadBuffer sets how many bytes may wait to be read, each datagram counted
// as its payload and 64 bytes more. 4 MiB unless set.
func (s *socket) SetReadBuffer(bytes int) error {
	if bytes <= 0 {
		return s.fail("set", nil, errors.New("a read buffer needs at least one byte"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readBuffer = bytes
	return nil
}

// SetWriteBuffer is there because *net.UDPConn has it. Writes never wait, so
// there is no such buffer.
func (s *socket) SetWriteBuffer(int) error { return nil }

func (s *socket) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

func (s *socket) fail(op string, addr net.Addr, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: s.LocalAddr(), Addr: addr, Err: err}
}
