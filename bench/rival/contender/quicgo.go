package contender

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/quic-go/quic-go"
)

// quicGo is quic-go with one bidirectional stream a connection. GSO is on by
// itself where the kernel has it.
func quicGo() Contender {
	return Contender{
		Name:   QUICGoName,
		About:  "QUIC, a stream, TLS 1.3 (it has no plain form), GSO and recvmmsg as it does by itself; path discovery is off where a packet size is given",
		Module: "github.com/quic-go/quic-go",
		Listen: func(o Options) (Listener, error) { return listenQUICGo(o) },
		NewDialer: func(o Options) (Dialer, error) {
			if !o.Shared {
				return quicGoDialer{o}, nil
			}
			t, err := newTransport()
			return quicGoSharedDialer{t, o}, err
		},
	}
}

func quicGoConfig(o Options) *quic.Config {
	return &quic.Config{
		InitialPacketSize: uint16(o.Packet), DisablePathMTUDiscovery: o.Packet != 0,
		// As much as ours may have under way from the start.
		InitialStreamReceiveWindow: 4 << 20, InitialConnectionReceiveWindow: 6 << 20,
	}
}

func newTransport() (*quic.Transport, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	return &quic.Transport{Conn: socket}, nil
}

type quicGoListener struct {
	transport *quic.Transport
	listener  *quic.Listener
}

func listenQUICGo(o Options) (Listener, error) {
	config, err := serverTLS()
	if err != nil {
		return nil, err
	}
	t, err := newTransport()
	if err != nil {
		return nil, err
	}
	l, err := t.Listen(config, quicGoConfig(o))
	if err != nil {
		_ = closeTransport(t)
		return nil, err
	}
	return &quicGoListener{t, l}, nil
}

func (l *quicGoListener) Addr() netip.AddrPort { return addrPort(l.listener.Addr()) }

func (l *quicGoListener) Accept(ctx context.Context) (Pipe, error) {
	conn, err := l.listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &quicGoPipe{conn: conn}, nil
}

func (l *quicGoListener) Close() error {
	_ = l.listener.Close()
	return closeTransport(l.transport)
}

// closeTransport closes the socket too, which a Transport leaves to whoever
// opened it.
func closeTransport(t *quic.Transport) error {
	err := t.Close()
	_ = t.Conn.Close()
	return err
}

// quicGoDialer opens a socket for each connection, and closes it with it.
type quicGoDialer struct{ options Options }

func (d quicGoDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	t, err := newTransport()
	if err != nil {
		return nil, err
	}
	p, err := dialQUICGo(ctx, t, to, d.options)
	if err != nil {
		_ = closeTransport(t)
		return nil, err
	}
	p.own = t
	return p, nil
}

func (quicGoDialer) Close() error { return nil }

type quicGoSharedDialer struct {
	transport *quic.Transport
	options   Options
}

func (d quicGoSharedDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	return dialQUICGo(ctx, d.transport, to, d.options)
}

func (d quicGoSharedDialer) Close() error { return closeTransport(d.transport) }

func dialQUICGo(ctx context.Context, t *quic.Transport, to netip.AddrPort, o Options) (*quicGoPipe, error) {
	conn, err := t.Dial(ctx, net.UDPAddrFromAddrPort(to), clientTLS(), quicGoConfig(o))
	if err != nil {
		return nil, err
	}
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	return &quicGoPipe{conn: conn, stream: stream}, nil
}

// quicGoPipe is a connection and its only stream, which the listening end
// learns of with the first data.
type quicGoPipe struct {
	conn   *quic.Conn
	stream *quic.Stream
	own    *quic.Transport // closed with the connection, if not nil
	once   sync.Once
}

func (p *quicGoPipe) Send(msg []byte) error {
	_, err := p.stream.Write(msg)
	return err
}

func (p *quicGoPipe) Receive(buf []byte) (int, error) {
	if p.stream == nil {
		stream, err := p.conn.AcceptStream(p.conn.Context())
		if err != nil {
			return 0, err
		}
		p.stream = stream
	}
	return p.stream.Read(buf)
}

func (p *quicGoPipe) Close() (err error) {
	p.once.Do(func() {
		err = p.conn.CloseWithError(0, "")
		if p.own != nil {
			_ = closeTransport(p.own)
		}
	})
	return err
}
