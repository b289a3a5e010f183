package contender

import (
	"context"
	"net"
	"net/netip"

	"udplab/reliable"
)

// Ours is udplab's library with its defaults.
func Ours() Contender {
	return ours(OursName, "messages, plain, library defaults", reliable.Config{})
}

// ours is the library with a configuration of its own: a sealed one is another
// line in All.
func ours(name, about string, base reliable.Config) Contender {
	configured := func(o Options) *reliable.Config {
		config := base
		config.MaxPacket, config.FixedPacket = o.Packet, o.Packet
		config.Backlog = backlog
		return &config
	}
	return Contender{
		Name: name, About: about, Module: "udplab",
		Listen: func(o Options) (Listener, error) {
			l, err := reliable.Listen("udp4", loopback, configured(o))
			if err != nil {
				return nil, err
			}
			return oursListener{l}, nil
		},
		NewDialer: func(o Options) (Dialer, error) {
			if !o.Shared {
				return oursDialer{configured(o)}, nil
			}
			l, err := reliable.Listen("udp4", loopback, configured(o))
			if err != nil {
				return nil, err
			}
			return oursListener{l}, nil
		},
	}
}

// loopback is where every listener listens: a port that the system chooses.
const loopback = "127.0.0.1:0"

// backlog is how many connections may wait to be accepted.
const backlog = 1024

// oursListener listens, or dials many connections from one socket.
type oursListener struct{ *reliable.Listener }

func (l oursListener) Addr() netip.AddrPort { return addrPort(l.Listener.Addr()) }

func (l oursListener) Accept(ctx context.Context) (Pipe, error) {
	return newOursPipe(l.Listener.Accept(ctx))
}

func (l oursListener) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	return newOursPipe(l.Listener.Dial(ctx, to))
}

// oursDialer opens a connected socket for each connection.
type oursDialer struct{ config *reliable.Config }

func (d oursDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	return newOursPipe(reliable.Dial(ctx, "udp4", to.String(), d.config))
}

func (oursDialer) Close() error { return nil }

type oursPipe struct {
	conn    *reliable.Conn
	channel *reliable.Channel
}

func newOursPipe(conn *reliable.Conn, err error) (Pipe, error) {
	if err != nil {
		return nil, err
	}
	return &oursPipe{conn, conn.Channel(0)}, nil
}

func (p *oursPipe) Send(msg []byte) error { return p.conn.Send(context.Background(), msg) }

func (p *oursPipe) Receive(buf []byte) (int, error) {
	msg, err := p.channel.AppendReceive(context.Background(), buf[:0])
	return len(msg.Data), err
}

func (p *oursPipe) Close() error { return p.conn.Abort() }

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort()
	case *net.TCPAddr:
		return a.AddrPort()
	}
	panic("BUG: an address that is neither UDP nor TCP: " + a.String())
}
