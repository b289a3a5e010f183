package reliable

import (
	"context"
	"fmt"
	"net"

	"udplab/reliable/internal/udp"
)

// Dial opens a connection to the listener at addr ("host:port") from a socket
// of its own, which lives as long as the connection. network is "udp", "udp4"
// or "udp6". It waits until the listener agreed, ctx ends, or
// Config.HandshakeTimeout passed (ErrHandshakeTimeout).
func Dial(ctx context.Context, network, addr string, config *Config) (*Conn, error) {
	offload, err := config.offload()
	if err != nil {
		return nil, fmt.Errorf("reliable: dial: %w", err)
	}
	remote, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		return nil, fmt.Errorf("reliable: dial: %w", err)
	}
	c, err := net.DialUDP(network, nil, remote)
	if err != nil {
		return nil, fmt.Errorf("reliable: dial: %w", err)
	}
	socket := udp.NewConnected(c)
	socket.Limit(offload)
	return dialAlone(ctx, socket, true, remote, config)
}

// DialPacketConn is Dial over the caller's socket, whose addresses must be
// *net.UDPAddr. Nobody else may read pc until the connection is over; pc stays
// open. For several connections on one socket use NewListener.
func DialPacketConn(ctx context.Context, pc net.PacketConn, addr net.Addr, config *Config) (*Conn, error) {
	remote, ok := addr.(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("reliable: dial %v: %w", addr, udp.ErrAddress)
	}
	offload, err := config.offload()
	if err != nil {
		return nil, fmt.Errorf("reliable: dial %v: %w", addr, err)
	}
	socket := udp.New(pc)
	socket.Limit(offload)
	return dialAlone(ctx, socket, false, remote, config)
}

// dialAlone makes a connection whose listener exists for it alone: the socket
// is closed with the connection.
func dialAlone(ctx context.Context, socket *udp.Socket, ours bool, remote *net.UDPAddr, config *Config) (*Conn, error) {
	l := newListener(config, socket)
	l.ours, l.alone = ours, true
	l.start(false)
	c, err := l.Dial(ctx, remote.AddrPort())
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return c, nil
}
