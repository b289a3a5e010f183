package lossy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// Conn is a UDP socket behind a bad network of its own: what it writes goes
// through the way up and what it reads has come through the way down. Make one
// with Wrap. It is a net.PacketConn and keeps its rules: safe for concurrent
// use, deadlines, a buffer too small cuts the datagram, payloads are copied.
//
// Each remote address is a flow, numbered from 0 in order of appearance, of
// which the Conn is the client. MaxWrappedFlows are kept. Three quarters of them
// are for addresses used more than once, which no flood of new ones displaces:
// they stay until another such address needs the place and they were idle for
// WrapIdle. The rest are those that appeared or were used last. An address that
// was forgotten appears anew. While datagrams are on their way there may be four
// times as many; what then comes from yet another address, or goes there, is
// dropped (CauseOverload).
//
// A net.PacketConn has no ECN marks (RFC 3168), so the network sees none: what is
// written there is not ECN-capable, CoDel and RED drop it, and Profile.ECN does
// nothing. The proxy carries marks, and so do the sockets of a Network.
//
// Delays end by Go timers: on the real clock datagrams are late by about a
// millisecond, in a testing/synctest bubble, where the inner socket works in
// one, not at all.
type Conn struct {
	inner   net.PacketConn
	network *Network
	socket  *socket
	flows   recent
	reader  sync.WaitGroup
	closing sync.Once
	closed  error
}

// addrPortConn is what *net.UDPConn and the sockets of a Network have beyond
// net.PacketConn.
type addrPortConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// CloseLinger is how long Close waits for what was written and is still on its
// way.
const CloseLinger = 2 * time.Second

// Wrap puts a network in front of a UDP socket, which the Conn takes over: it
// alone reads it from now on, and Close closes it. The socket may be of any type
// whose datagrams go to and come from a *net.UDPAddr, as flows are told apart by
// these. Wrap panics if the configuration is not valid, and if the socket is a
// *net.UnixConn or *net.IPConn.
func Wrap(inner net.PacketConn, cfg Config) *Conn {
	n := NewNetwork(cfg)
	var local netip.AddrPort
	switch a := inner.LocalAddr().(type) {
	case *net.UDPAddr:
		local = unmap(a.AddrPort())
	case *net.UnixAddr, *net.IPAddr:
		panic("lossy: Wrap of a socket of " + a.Network() + ", whose addresses are not UDP's")
	}
	c := &Conn{inner: inner, network: n, socket: newSocket(n, local)}
	n.sockets[local] = c.socket
	n.outlet = c.leave
	c.flows.forget = n.forget
	c.reader.Go(c.read)
	return c
}

// Network is what stands in front of the socket: its profiles, its counts, who
// hears its verdicts. Listening on it is not possible.
func (c *Conn) Network() *Network { return c.network }

// WriteTo implements net.PacketConn; the address must be a *net.UDPAddr.
func (c *Conn) WriteTo(p []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok || to == nil {
		return 0, c.socket.fail("write", addr, notUDP(addr))
	}
	return c.WriteToUDPAddrPort(p, to.AddrPort())
}

// notUDP is what *net.UDPConn says of an address that it cannot take, with the
// reason.
func notUDP(addr net.Addr) error {
	return fmt.Errorf("%w: lossy carries what has a *net.UDPAddr, and this is %#v", syscall.EINVAL, addr)
}

// WriteToUDPAddrPort is WriteTo without allocations. An error of the inner
// socket is returned by the write in which the datagram leaves, if it leaves
// at once; otherwise nobody hears of it, as of any datagram that is lost.
func (c *Conn) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	to = unmap(to)
	c.socket.mu.Lock()
	closed, late := c.socket.closed, c.socket.writing.passed()
	c.socket.mu.Unlock()
	var err error
	switch {
	case closed:
		err = net.ErrClosed
	case late:
		err = os.ErrDeadlineExceeded
	case !to.Addr().IsValid() || to.Port() == 0:
		err = os.NewSyscallError("sendto", syscall.EINVAL)
	case len(p) > maxPayload:
		err = os.NewSyscallError("sendto", syscall.EMSGSIZE)
	default:
		up, _, room := c.paths(to)
		if !room {
			c.network.refuse(Up, len(p))
			return len(p), nil
		}
		if err = up.send(p, NotECT); err == nil {
			return len(p), nil
		}
		return 0, err // the inner socket's, with its own words around it
	}
	return 0, c.socket.fail("write", net.UDPAddrFromAddrPort(to), err)
}

// paths returns both ways of the flow with a remote address, if there is room for
// it.
func (c *Conn) paths(remote netip.AddrPort) (up, down *path, room bool) {
	if !c.flows.use(pair{c.socket.local, remote}, c.network.now()) {
		return nil, nil, false
	}
	return c.network.path(c.socket.local, remote), c.network.path(remote, c.socket.local), true
}

// leave writes what came out of a way up. A socket that was asked to tells of a
// datagram refused earlier instead of sending the one given: readers are told,
// and this one is given again.
func (c *Conn) leave(to netip.AddrPort, payload []byte) error {
	err := c.writeInner(payload, to)
	for range 2 {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		c.socket.note(err)
		err = c.writeInner(payload, to)
	}
	return err
}

func (c *Conn) writeInner(payload []byte, to netip.AddrPort) (err error) {
	if fast, ok := c.inner.(addrPortConn); ok {
		_, err = fast.WriteToUDPAddrPort(payload, to)
	} else {
		_, err = c.inner.WriteTo(payload, net.UDPAddrFromAddrPort(to))
	}
	return err
}

// read feeds the ways down until the inner socket is closed. Any other error
// goes to one reader of the Conn.
func (c *Conn) read() {
	buf := make([]byte, maxPayload+1)
	for {
		n, from, err := c.readInner(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			c.socket.close()
			return
		case err != nil:
			if !c.socket.failed(err) {
				return
			}
		case from == c.socket.local:
			// What it sends to itself has one way only.
			c.socket.arrive(from, buf[:n], NotECT)
		default:
			_, down, room := c.paths(from)
			if !room {
				c.network.refuse(Down, n)
				continue
			}
			_ = down.send(buf[:n], NotECT) // into our own queue, which says what overflows
		}
	}
}

func (c *Conn) readInner(buf []byte) (n int, from netip.AddrPort, err error) {
	if fast, ok := c.inner.(addrPortConn); ok {
		n, from, err = fast.ReadFromUDPAddrPort(buf)
		return n, unmap(from), err
	}
	n, addr, err := c.inner.ReadFrom(buf)
	if err != nil {
		return 0, from, err
	}
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, from, c.socket.fail("read", addr, notUDP(addr))
	}
	return n, unmap(udp.AddrPort()), nil
}

// Close closes the socket and wakes all readers with net.ErrClosed. What was
// written and is delayed leaves first, for which Close waits CloseLinger at
// most; what has not been read is dropped.
func (c *Conn) Close() error {
	again := true
	c.closing.Do(func() {
		again = false
		c.socket.close()
		c.linger()
		c.closed = c.inner.Close()
		c.reader.Wait()
		c.network.Close() // its error is always nil
	})
	if again {
		return c.socket.fail("close", nil, net.ErrClosed)
	}
	return c.closed
}

// linger waits until nothing is on its way up.
func (c *Conn) linger() {
	for end := c.network.now() + CloseLinger; ; {
		due, some := c.network.nextUp()
		now := c.network.now()
		if !some || due > end || now > end {
			return
		}
		// Even what is due at once leaves by its timer.
		time.Sleep(max(due-now, time.Millisecond))
	}
}

// ReadFrom implements net.PacketConn; the address is a *net.UDPAddr.
func (c *Conn) ReadFrom(p []byte) (int, net.Addr, error) { return c.socket.ReadFrom(p) }

// ReadFromUDPAddrPort is ReadFrom without allocations.
func (c *Conn) ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error) {
	return c.socket.ReadFromUDPAddrPort(p)
}

// LocalAddr returns the inner socket's address.
func (c *Conn) LocalAddr() net.Addr { return c.inner.LocalAddr() }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.socket.SetDeadline(t) }

// SetReadDeadline makes reads fail with os.ErrDeadlineExceeded from t on.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.socket.SetReadDeadline(t) }

// SetWriteDeadline makes writes fail from t on, although none ever waits.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.socket.SetWriteDeadline(t) }

// SyscallConn gives the inner socket's, for options: what is read or written
// through it passes by the network. Without one it is an error.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.inner.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, c.socket.fail("syscall", nil, syscall.EINVAL)
}

// SetReadBuffer sets how many bytes may wait to be read, here and in the inner
// socket, if that has such a buffer.
func (c *Conn) SetReadBuffer(bytes int) error {
	if b, ok := c.inner.(interface{ SetReadBuffer(int) error }); ok {
		if err := b.SetReadBuffer(bytes); err != nil {
			return err
		}
	}
	return c.socket.SetReadBuffer(bytes)
}
