package chat

import (
	"context"
	"net"
	"net/netip"
	"time"

	"udplab/reliable"
)

// endpoint is what a session needs of *reliable.Listener.
type endpoint interface {
	Accept(ctx context.Context) (connection, error)
	Dial(ctx context.Context, addr netip.AddrPort) (connection, error)
	Addr() net.Addr
	Close() error
	Stats() reliable.EndpointStats
}

// connection is what a link needs of *reliable.Conn.
type connection interface {
	SendTracked(ctx context.Context, msg []byte) (seq uint64, err error)
	Receipt(ctx context.Context) (reliable.Receipt, error)
	Receive(ctx context.Context) ([]byte, error)
	CloseWithError(code uint32, reason string) error
	Abort() error
	RemoteAddr() net.Addr
	Stats() reliable.Stats
}

// The times of a chat's connections. A peer that is gone without a word is
// noticed within silence, and one that comes back is met within a second.
const (
	silence   = 10 * time.Second
	keepAlive = 3 * time.Second
	oneDial   = 5 * time.Second // then another, with a new connection id
)

func openReliable(cfg Config) (Session, error) {
	l, err := reliable.NewListener(cfg.Socket, &reliable.Config{
		IdleTimeout:      silence,
		KeepAlive:        keepAlive,
		HandshakeTimeout: oneDial,
		Linger:           farewell,
		MaxMessage:       maxEncoded,
		MaxConns:         2 * maxLinks,
		Backlog:          maxLinks,
	})
	if err != nil {
		return nil, err
	}
	return newReliableSession(cfg, listenerEndpoint{l}), nil
}

// listenerEndpoint is a reliable.Listener with the results as interfaces.
type listenerEndpoint struct{ *reliable.Listener }

func (l listenerEndpoint) Accept(ctx context.Context) (connection, error) {
	c, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l listenerEndpoint) Dial(ctx context.Context, addr netip.AddrPort) (connection, error) {
	c, err := l.Listener.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return c, nil
}
