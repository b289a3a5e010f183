package contender

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/quic"
)

// xNetQUIC is the Go team's QUIC, with one bidirectional stream a connection.
func xNetQUIC() Contender {
	return Contender{
		Name:   "x-net-quic",
		About:  "QUIC, a stream, TLS 1.3 (it has no plain form), a datagram a call; its packets are of 1,200 bytes whatever is asked for, and its authors say that its performance is untuned",
		Module: "golang.org/x/net",
		Listen: func(Options) (Listener, error) {
			config, err := xNetQUICConfig(true)
			if err != nil {
				return nil, err
			}
			return newXNetEndpoint(config, config)
		},
		NewDialer: func(o Options) (Dialer, error) {
			config, err := xNetQUICConfig(false)
			if err != nil {
				return nil, err
			}
			if !o.Shared {
				return xNetDialer{config}, nil
			}
			return newXNetEndpoint(nil, config)
		},
	}
}

// xNetQUICConfig gives a stream and a connection as much room as ours has.
func xNetQUICConfig(server bool) (*quic.Config, error) {
	c := &quic.Config{
		TLSConfig:               clientTLS(),
		MaxStreamReadBufferSize: 4 << 20, MaxStreamWriteBufferSize: 4 << 20, MaxConnReadBufferSize: 6 << 20,
	}
	if !server {
		return c, nil
	}
	var err error
	c.TLSConfig, err = serverTLS()
	return c, err
}

// xNetEndpoint is a socket that listens, dials, or both.
type xNetEndpoint struct {
	endpoint *quic.Endpoint
	dialing  *quic.Config
}

func newXNetEndpoint(listening, dialing *quic.Config) (*xNetEndpoint, error) {
	socket, err := rawSocket() // it asks for no buffers itself
	if err != nil {
		return nil, err
	}
	e, err := quic.NewEndpoint(socket, listening)
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	return &xNetEndpoint{e, dialing}, nil
}

func (e *xNetEndpoint) Addr() netip.AddrPort { return e.endpoint.LocalAddr() }

func (e *xNetEndpoint) Accept(ctx context.Context) (Pipe, error) {
	conn, err := e.endpoint.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return newXNetPipe(conn), nil
}

func (e *xNetEndpoint) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	p, err := e.dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (e *xNetEndpoint) dial(ctx context.Context, to netip.AddrPort) (*xNetPipe, error) {
	conn, err := e.endpoint.Dial(ctx, "udp4", to.String(), e.dialing)
	if err != nil {
		return nil, err
	}
	stream, err := conn.NewStream(ctx)
	if err != nil {
		conn.Abort(nil)
		return nil, err
	}
	p := newXNetPipe(conn)
	p.use(stream)
	return p, nil
}

// Close does not wait for peers to hear of it.
func (e *xNetEndpoint) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = e.endpoint.Close(ctx) // it returns that it did not wait
	return nil
}

// xNetDialer opens a socket for each connection.
type xNetDialer struct{ config *quic.Config }

func (d xNetDialer) Dial(ctx context.Context, to netip.AddrPort) (Pipe, error) {
	e, err := newXNetEndpoint(nil, d.config)
	if err != nil {
		return nil, err
	}
	p, err := e.dial(ctx, to)
	if err != nil {
		_ = e.Close()
		return nil, err
	}
	p.own = e
	return p, nil
}

func (xNetDialer) Close() error { return nil }

// xNetPipe is a connection and its only stream.
type xNetPipe struct {
	conn   *quic.Conn
	stream *quic.Stream
	own    *xNetEndpoint // closed with the connection, if not nil
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once
}

func newXNetPipe(conn *quic.Conn) *xNetPipe {
	p := &xNetPipe{conn: conn}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

func (p *xNetPipe) use(stream *quic.Stream) {
	stream.SetReadContext(p.ctx)
	stream.SetWriteContext(p.ctx)
	p.stream = stream
}

// Send flushes: the stream keeps what does not fill a packet otherwise.
func (p *xNetPipe) Send(msg []byte) error {
	if _, err := p.stream.Write(msg); err != nil {
		return err
	}
	return p.stream.Flush()
}

func (p *xNetPipe) Receive(buf []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, net.ErrClosed
	}
	if p.stream == nil {
		stream, err := p.conn.AcceptStream(p.ctx)
		if err != nil {
			return 0, err
		}
		p.use(stream)
	}
	return p.stream.Read(buf)
}

func (p *xNetPipe) Close() error {
	p.once.Do(func() {
		p.cancel()
		p.conn.Abort(nil)
		if p.own != nil {
			_ = p.own.Close()
		}
	})
	return nil
}
