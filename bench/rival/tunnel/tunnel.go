// Package tunnel lets kernel TCP through a bad network that carries UDP: two
// network namespaces with a TUN device each, whose packets travel as datagrams.
// Package workload uses it, so that TCP meets the same lossy/proxy as everyone
// else. It needs Linux and root, and changes nothing outside of its namespaces.
//
//	namespace of the dialer            this process            namespace of the listener
//	10.231.0.1  tun0 ---- socket ---- lossy/proxy ---- socket ---- tun0  10.231.0.2
//
// A namespace lives on one locked thread of this process and in the sockets
// that were opened there. Both end with the Tunnel; nothing has a name.
package tunnel

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
)

// MTU makes IP packets as large as those around UDP payloads of 1,452 bytes.
const MTU = 1480

var (
	dialerAddr   = netip.MustParseAddr("10.231.0.1")
	listenerAddr = netip.MustParseAddr("10.231.0.2")
)

// ErrUnavailable says that this system has no tunnels, or not for this user.
var ErrUnavailable = errors.New("a TUN link needs Linux and root")

// Tunnel is two hosts and what joins them. Its methods may be called from any
// goroutine.
type Tunnel struct {
	dialer, listener *host
	ahead            *net.UDPConn // the dialer's end, towards the network
	back             *net.UDPConn // the listener's end
	work             sync.WaitGroup
	once             sync.Once
}

// Open makes a tunnel. via is told where the network should deliver to, and says
// where it takes datagrams in.
func Open(via func(netip.AddrPort) (netip.AddrPort, error)) (_ *Tunnel, err error) {
	t := &Tunnel{}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	if t.dialer, err = newHost(dialerAddr); err != nil {
		return nil, err
	}
	if t.listener, err = newHost(listenerAddr); err != nil {
		return nil, err
	}
	if t.back, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, err
	}
	to, err := via(t.back.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		return nil, err
	}
	if t.ahead, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to)); err != nil {
		return nil, err
	}
	for _, socket := range []*net.UDPConn{t.ahead, t.back} {
		_ = socket.SetReadBuffer(4 << 20) // less is granted to some, and enough for this rate
	}
	t.work.Go(func() { carry(t.dialer.packets, t.ahead) })
	t.work.Go(func() { carry(t.ahead, t.dialer.packets) })
	t.work.Go(func() { t.toListener() })
	return t, nil
}

// carry moves packets until either end is closed. What can't be written is lost,
// as on any wire.
func carry(from io.Reader, to io.Writer) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		switch {
		case errors.Is(err, net.ErrClosed) || isClosed(err):
			return
		case err == nil && isIPv4(buf[:n]):
			_, _ = to.Write(buf[:n])
		}
	}
}

// isIPv4 leaves out what the kernel says on its own about IPv6.
func isIPv4(packet []byte) bool { return len(packet) >= 20 && packet[0]>>4 == 4 }

// toListener carries to the listener, and, once a packet has come and shown where
// the network's other mouth is, back.
func (t *Tunnel) toListener() {
	buf := make([]byte, 1<<16)
	answering := false
	for {
		n, from, err := t.back.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || !isIPv4(buf[:n]) {
			continue
		}
		if !answering {
			answering = true
			t.work.Go(func() { carry(t.listener.packets, addressed{t.back, from}) })
		}
		_, _ = t.listener.packets.Write(buf[:n])
	}
}

// addressed writes to one address of a socket.
type addressed struct {
	socket *net.UDPConn
	to     netip.AddrPort
}

func (a addressed) Write(p []byte) (int, error) { return a.socket.WriteToUDPAddrPort(p, a.to) }

// ListenAddress is where to listen at the listener's host, for AtListener.
func (t *Tunnel) ListenAddress() string { return netip.AddrPortFrom(listenerAddr, 0).String() }

// AtListener runs f on the listener's host: sockets that f opens, in the
// goroutine that it is called in, are there.
func (t *Tunnel) AtListener(f func()) { t.listener.do(f) }

// AtDialer runs f on the dialer's host.
func (t *Tunnel) AtDialer(f func()) { t.dialer.do(f) }

// Close ends the hosts. What is still open there has no network any more.
func (t *Tunnel) Close() {
	t.once.Do(func() {
		for _, h := range []*host{t.dialer, t.listener} {
			if h != nil {
				h.close()
			}
		}
		for _, socket := range []*net.UDPConn{t.ahead, t.back} {
			if socket != nil {
				_ = socket.Close()
			}
		}
		t.work.Wait()
	})
}
