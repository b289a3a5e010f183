package contender

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// rawOffload is as fast as Go moves bytes over UDP on this kernel: GSO sends,
// 45 datagrams of 1,452 bytes in one call, and GRO receives them in one.
func rawOffload() Contender {
	w := newWindows(offloadWindow)
	return Contender{
		Name:   LimitName,
		About:  "nothing but datagrams, as many as 64 KiB hold in one call each way (UDP_SEGMENT, UDP_GRO); the sender stays 16 such bursts ahead of the receiver's count, told in memory. The limit",
		Traits: Traits{Raw: true, Burst: burst(1452)},
		Listen: func(o Options) (Listener, error) { return listenRaw(w, o, newOffloadPipe) },
		NewDialer: func(o Options) (Dialer, error) {
			return rawDialer{w, o, newOffloadPipe}, nil
		},
	}
}

// offloadWindow is how many bytes are on the way at most. On the way means in
// the receive buffer: 1 MiB fits it, and the second-level cache, several times.
const offloadWindow = 16 * 45 * 1452

// burst is the largest number of bytes that one send may segment.
func burst(packet int) int {
	const largest = 65507 // what an IPv4 datagram carries, before it is cut
	return largest / packet * packet
}

type offloadPipe struct {
	socket *net.UDPConn
	peer   netip.AddrPort
	burst  int
	window *window
	oob    [64]byte
}

func newOffloadPipe(socket *net.UDPConn, peer netip.AddrPort, o Options, w *window) (Pipe, error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		// A fixed packet size: said once to the socket rather than with each send.
		if failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, o.packet()); failed == nil {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
		}
	})
	if err == nil {
		err = failed
	}
	return &offloadPipe{socket: socket, peer: peer, burst: burst(o.packet()), window: w}, err
}

// Send cuts a message into bursts.
func (p *offloadPipe) Send(msg []byte) error {
	for len(msg) > 0 {
		n := min(p.burst, len(msg))
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

// Receive reads the segment size with the bytes, as every protocol must.
func (p *offloadPipe) Receive(buf []byte) (int, error) {
	n, _, _, from, err := p.socket.ReadMsgUDPAddrPort(buf, p.oob[:])
	if err != nil {
		return n, err
	}
	p.peer = from
	p.window.give(n)
	return n, nil
}

func (p *offloadPipe) Close() error {
	p.window.close()
	return p.socket.Close()
}
