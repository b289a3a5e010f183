package contender

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
)

// kernelTCP is a TCP connection of package net as it comes (TCP_NODELAY is its
// default), one Write a message.
func kernelTCP() Contender {
	return Contender{
		Name:   TCPName,
		About:  "kernel TCP, a stream, plain, TCP_NODELAY, sockets as package net makes them, congestion control " + congestionControl(),
		Traits: Traits{TCP: true},
		Listen: func(o Options) (Listener, error) {
			l, err := net.Listen("tcp4", cmp.Or(o.Listen, loopback))
			if err != nil {
				return nil, err
			}
			return tcpListener{l.(*net.TCPListener)}, nil
		},
		NewDialer: func(Options) (Dialer, error) { return tcpDialer{}, nil },
	}
}

// congestionControl is the system's default for TCP.
func congestionControl() string {
	name, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control")
	if err != nil {
		return "the system's"
	}
	return strings.TrimSpace(string(name))
}

type tcpListener struct{ *net.TCPListener }

func (l tcpListener) Addr() netip.AddrPort { return addrPort(l.TCPListener.Addr()) }

func (l tcpListener) Accept(ctx context.Context) (Pipe, error) {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return tcpPipe{c}, nil
}

type tcpDialer struct{}

func (tcpDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return nil, err
	}
	return tcpPipe{c.(*net.TCPConn)}, nil
}

func (tcpDialer) Close() error { return nil }

type tcpPipe struct{ conn *net.TCPConn }

func (p tcpPipe) Send(msg []byte) error {
	_, err := p.conn.Write(msg)
	return err
}

func (p tcpPipe) Receive(buf []byte) (int, error) { return p.conn.Read(buf) }

// Close resets the connection, so that thousands of short ones don't use up the
// ports in TIME_WAIT.
func (p tcpPipe) Close() error {
	_ = p.conn.SetLinger(0)
	return p.conn.Close()
}
