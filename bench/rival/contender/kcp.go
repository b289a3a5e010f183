package contender

import (
	"context"
	"net"
	"net/netip"

	"github.com/xtaci/kcp-go/v5"
)

// kcpGo is kcp-go without FEC, tuned as its README and those who use it for
// speed do: it resends on a timer that starts at 10 ms, after two later acks,
// and has no congestion control.
func kcpGo() Contender {
	return Contender{
		Name:   "kcp-go",
		About:  "KCP, messages that are a stream in effect, plain, no FEC, nodelay 1,10,2,1 (no congestion control: rude on a shared path), windows of 1,024 packets, acks at once; no handshake, and a close that tells nobody",
		Module: "github.com/xtaci/kcp-go/v5",
		Traits: Traits{Silent: true},
		Listen: func(o Options) (Listener, error) {
			socket, err := rawSocket()
			if err != nil {
				return nil, err
			}
			l, err := kcp.ServeConn(nil, 0, 0, socket)
			if err != nil {
				_ = socket.Close()
				return nil, err
			}
			return kcpListener{l, socket, o}, nil
		},
		NewDialer: func(o Options) (Dialer, error) { return kcpDialer{o}, nil },
	}
}

type kcpListener struct {
	listener *kcp.Listener
	socket   *net.UDPConn
	options  Options
}

func (l kcpListener) Addr() netip.AddrPort { return addrPort(l.listener.Addr()) }

func (l kcpListener) Accept(ctx context.Context) (Pipe, error) {
	defer context.AfterFunc(ctx, func() { _ = l.listener.Close() })()
	session, err := l.listener.AcceptKCP()
	if err != nil {
		return nil, err
	}
	return newKCPPipe(session, l.options, nil), nil
}

// Close closes the socket too, which is ours and not the listener's.
func (l kcpListener) Close() error {
	_ = l.listener.Close()
	return l.socket.Close()
}

type kcpDialer struct{ options Options }

// Dial opens a socket for each connection: a session reads its own.
func (d kcpDialer) Dial(_ context.Context, to netip.AddrPort) (Pipe, error) {
	socket, err := rawSocket()
	if err != nil {
		return nil, err
	}
	session, err := kcp.NewConn2(net.UDPAddrFromAddrPort(to), nil, 0, 0, socket)
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	return newKCPPipe(session, d.options, socket), nil
}

func (kcpDialer) Close() error { return nil }

type kcpPipe struct {
	session *kcp.UDPSession
	socket  *net.UDPConn // closed with the session, if not nil
}

func newKCPPipe(s *kcp.UDPSession, o Options, socket *net.UDPConn) kcpPipe {
	if o.Packet != 0 {
		s.SetMtu(o.Packet)
	}
	s.SetNoDelay(1, 10, 2, 1)
	s.SetWindowSize(1024, 1024)
	s.SetACKNoDelay(true)
	return kcpPipe{s, socket}
}

func (p kcpPipe) Send(msg []byte) error {
	_, err := p.session.Write(msg)
	return err
}

func (p kcpPipe) Receive(buf []byte) (int, error) { return p.session.Read(buf) }

func (p kcpPipe) Close() error {
	err := p.session.Close()
	if p.socket != nil {
		_ = p.socket.Close()
	}
	return err
}
