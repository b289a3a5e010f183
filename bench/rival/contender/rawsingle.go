package contender

import (
	"context"
	"net"
	"net/netip"
)

// rawSingle is UDP itself, a datagram a system call, through the calls of
// package net that allocate nothing: what a library without batches pays.
func rawSingle() Contender {
	w := newWindows(singleWindow)
	return Contender{
		Name:   RawName,
		About:  "nothing but datagrams, one a call (WriteToUDPAddrPort, ReadFromUDPAddrPort); the sender stays 1,024 ahead of the receiver's count, told in memory",
		Traits: Traits{Raw: true},
		Listen: func(o Options) (Listener, error) { return listenRaw(w, o, newSinglePipe) },
		NewDialer: func(o Options) (Dialer, error) {
			return rawDialer{w, o, newSinglePipe}, nil
		},
	}
}

// singleWindow is how many bytes are on the way at most: 1,024 datagrams of
// 1,452 bytes, which the receive buffer holds.
const singleWindow = 1024 * 1452

// makeRawPipe makes a pipe of a socket. peer is not valid at the listening end
// until something arrived.
type makeRawPipe func(socket *net.UDPConn, peer netip.AddrPort, o Options, w *window) (Pipe, error)

// rawListener is one socket, which is also its only connection.
type rawListener struct {
	windows *windows
	window  *window
	socket  *net.UDPConn
	options Options
	newPipe makeRawPipe
}

func listenRaw(w *windows, o Options, newPipe makeRawPipe) (Listener, error) {
	socket, err := rawSocket()
	if err != nil {
		return nil, err
	}
	return &rawListener{w, w.open(addrPort(socket.LocalAddr()), granted(socket)), socket, o, newPipe}, nil
}

func (l *rawListener) Addr() netip.AddrPort { return addrPort(l.socket.LocalAddr()) }

func (l *rawListener) Accept(context.Context) (Pipe, error) {
	return l.newPipe(l.socket, netip.AddrPort{}, l.options, l.window)
}

func (l *rawListener) Close() error {
	l.windows.forget(l.Addr())
	l.window.close()
	return l.socket.Close()
}

type rawDialer struct {
	windows *windows
	options Options
	newPipe makeRawPipe
}

func (d rawDialer) Dial(_ context.Context, to netip.AddrPort) (Pipe, error) {
	socket, err := rawSocket()
	if err != nil {
		return nil, err
	}
	return d.newPipe(socket, to, d.options, d.windows.of(to))
}

func (rawDialer) Close() error { return nil }

// rawSocket opens a socket with buffers as large as package reliable asks for.
func rawSocket() (*net.UDPConn, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = socket.SetReadBuffer(rawBuffer) // the window asks what was granted
	_ = socket.SetWriteBuffer(rawBuffer)
	return socket, nil
}

const rawBuffer = 4 << 20

type singlePipe struct {
	socket *net.UDPConn
	peer   netip.AddrPort
	packet int
	window *window
}

func newSinglePipe(socket *net.UDPConn, peer netip.AddrPort, o Options, w *window) (Pipe, error) {
	return &singlePipe{socket, peer, o.packet(), w}, nil
}

// packet is the size of a datagram of raw contenders.
func (o Options) packet() int {
	if o.Packet == 0 {
		return 1452
	}
	return o.Packet
}

// Send cuts a message into datagrams.
func (p *singlePipe) Send(msg []byte) error {
	for len(msg) > 0 {
		n := min(p.packet, len(msg))
		if err := p.window.take(n); err != nil {
			return err
		}
		if _, err := p.socket.WriteToUDPAddrPort(msg[:n], p.peer); err != nil {
			return err
		}
		msg = msg[n:]
	}
	return nil
}

func (p *singlePipe) Receive(buf []byte) (int, error) {
	n, from, err := p.socket.ReadFromUDPAddrPort(buf)
	if err != nil {
		return n, err
	}
	p.peer = from
	p.window.give(n)
	return n, nil
}

func (p *singlePipe) Close() error {
	p.window.close()
	return p.socket.Close()
}
