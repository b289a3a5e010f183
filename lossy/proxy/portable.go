package proxy

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// portable is the system made of what package net has everywhere: one datagram
// a call, and a goroutine with a buffer for each flow.
type portable struct {
	readers sync.WaitGroup
	bursts  sync.Pool // of *burst: most flows are quiet at any moment

	mu      sync.Mutex
	sockets map[*net.UDPConn]struct{} // that are being read
}

// restTime is for how long what has come is read once a socket is stopped. Package
// net has no read that does not wait.
const restTime = 10 * time.Millisecond

func (*portable) listen(at netip.AddrPort, buffer int) (front, error) {
	c, err := listenUDP(at)
	if err != nil {
		return nil, err
	}
	enlarge(c, buffer)
	f := &portableFront{conn: c, buf: make([]byte, maxDatagram), one: make([]message, 1)}
	if at.Addr().IsUnspecified() {
		control(c, func(fd uintptr) { f.wildcard = tellLocal(fd) })
		f.control = make([]byte, localControl)
	}
	return f, nil
}

func (p *portable) dial(to netip.AddrPort, buffer int, s sink) (back, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	control(c, func(fd uintptr) { err = reserved(fd) })
	if err != nil {
		c.Close()
		return nil, err
	}
	enlarge(c, buffer)
	p.reading(c, true)
	p.readers.Go(func() {
		defer p.reading(c, false)
		buf, one := make([]byte, maxDatagram), make([]message, 1)
		untilClosed(func() error {
			n, err := c.Read(buf)
			if err != nil {
				return stopped(err)
			}
			one[0] = message{bytes: buf[:n]}
			out, _ := p.bursts.Get().(*burst)
			if out == nil {
				out = newBurst()
			}
			s.arrive(one, out)
			p.bursts.Put(out)
			return nil
		}, s.readFailed)
	})
	return &portableBack{conn: c}, nil
}

func (p *portable) reading(c *net.UDPConn, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !is {
		delete(p.sockets, c)
		return
	}
	if p.sockets == nil {
		p.sockets = make(map[*net.UDPConn]struct{})
	}
	p.sockets[c] = struct{}{}
}

func (p *portable) close() {
	p.mu.Lock()
	for c := range p.sockets {
		c.SetReadDeadline(time.Now().Add(restTime))
	}
	p.mu.Unlock()
	p.readers.Wait()
}

type portableFront struct {
	conn *net.UDPConn
	buf  []byte
	one  []message
	lost atomic.Uint64 // drops when it was closed

	wildcard bool // we are told where a datagram came to
	control  []byte
}

func (f *portableFront) local() netip.AddrPort { return localOf(f.conn) }

func localOf(c *net.UDPConn) netip.AddrPort {
	return unmap(c.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (f *portableFront) receive(take func([]message)) error {
	var n, told int
	var from netip.AddrPort
	var err error
	if f.wildcard {
		n, told, _, from, err = f.conn.ReadMsgUDPAddrPort(f.buf, f.control)
	} else {
		n, from, err = f.conn.ReadFromUDPAddrPort(f.buf)
	}
	if err != nil {
		return stopped(err)
	}
	f.one[0] = message{bytes: f.buf[:n], from: unmap(from), to: localIn(f.control[:told])}
	take(f.one)
	return nil
}

func (f *portableFront) rest(take func([]message)) {
	f.conn.SetReadDeadline(time.Now().Add(restTime))
	for f.receive(take) == nil {
	}
}

func (f *portableFront) to(client netip.AddrPort) reply {
	r := portableReply{f.conn, client}
	if f.wildcard {
		return &portableAnswer{portableReply: r}
	}
	return &r
}

func (f *portableFront) buffers() (receive, send int) { return grantedBuffers(f.conn) }

func (f *portableFront) drops() uint64 { return max(f.lost.Load(), kernelDrops(f.conn)) }

// stop wakes who receives by a deadline that has passed; nothing else sets one.
func (f *portableFront) stop() { f.conn.SetReadDeadline(time.Unix(1, 0)) }

func (f *portableFront) close() {
	f.lost.Store(kernelDrops(f.conn))
	f.conn.Close()
}

// portableReply sends to one client from the address of the socket.
type portableReply struct {
	conn   *net.UDPConn
	client netip.AddrPort
}

func (r *portableReply) send(b *burst, i int) (int, error) {
	if _, err := r.conn.WriteToUDPAddrPort(b.datagram(i), r.client); err != nil {
		return 0, err
	}
	return 1, nil
}

func (*portableReply) from(local) {}

// portableAnswer sends to one client from the address that it sent to.
type portableAnswer struct {
	portableReply
	replySource
}

func (r *portableAnswer) send(b *burst, i int) (int, error) {
	from := r.current()
	b.control = append(b.control[:0], from.bytes()...)
	if _, _, err := r.conn.WriteMsgUDPAddrPort(b.datagram(i), b.control, r.client); err != nil {
		return 0, err
	}
	return 1, nil
}

func (r *portableAnswer) from(at local) { r.replySource.from(at) }

type portableBack struct {
	conn *net.UDPConn
	lost atomic.Uint64
}

func (s *portableBack) send(b *burst, i int) (int, error) {
	if _, err := s.conn.Write(b.datagram(i)); err != nil {
		return 0, err
	}
	return 1, nil
}

func (s *portableBack) port() uint16 {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// A closed socket tells nothing, so what it said before stands.
func (s *portableBack) drops() uint64 { return max(s.lost.Load(), kernelDrops(s.conn)) }

func (s *portableBack) close() {
	s.lost.Store(s.drops())
	s.conn.Close()
}
