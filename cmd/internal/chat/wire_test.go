package chat

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"udplab/lossy"
	"udplab/reliable"
)

// severed is a socket that can be cut off, as by a crash of its program: it
// sends nothing any more, and its address is free for the next run.
type severed struct {
	net.PacketConn
	cut atomic.Bool
}

func (s *severed) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.cut.Load() {
		return len(b), nil
	}
	return s.PacketConn.WriteTo(b, to)
}

// doomed opens a reliable session that crash ends without a word.
func doomed(t testing.TB, n *lossy.Network, name string, own, peer netip.AddrPort) (l *listener, crash func()) {
	t.Helper()
	socket, err := n.Listen(own)
	if err != nil {
		t.Fatal(err)
	}
	s := &severed{PacketConn: socket}
	return opened(t, ReliableMode, name, s, peer), func() {
		s.cut.Store(true)
		socket.Close()
	}
}

// relay passes datagrams between whoever sends to front and the address back,
// which sees another address than front: a proxy for one client.
func relay(t testing.TB, n *lossy.Network, front, back netip.AddrPort) (stop func()) {
	t.Helper()
	in, err := n.Listen(front)
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.Listen(netip.AddrPortFrom(front.Addr(), 0))
	if err != nil {
		t.Fatal(err)
	}
	var client atomic.Pointer[net.Addr]
	pass := func(from net.PacketConn, deliver func([]byte, net.Addr)) {
		b := make([]byte, 65535)
		for {
			size, addr, err := from.ReadFrom(b)
			if err != nil {
				return
			}
			deliver(b[:size], addr)
		}
	}
	go pass(in, func(b []byte, from net.Addr) {
		client.Store(&from)
		out.WriteTo(b, net.UDPAddrFromAddrPort(back))
	})
	go pass(out, func(b []byte, _ net.Addr) {
		if to := client.Load(); to != nil {
			in.WriteTo(b, *to)
		}
	})
	return func() {
		in.Close()
		out.Close()
	}
}

// dialer is a program that speaks the reliable protocol and is no chat.
func dialer(t testing.TB, n *lossy.Network) (conn *reliable.Conn, hangUp func()) {
	t.Helper()
	socket, err := n.Listen(netip.MustParseAddrPort("10.0.0.7:7"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := reliable.NewListener(socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err = l.Dial(t.Context(), homeAddr)
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		l.Close()
		socket.Close()
	}
}

// receiveAll reads until the connection ends.
func receiveAll(conn *reliable.Conn) (messages int, err error) {
	for {
		if _, err := conn.Receive(context.Background()); err != nil {
			return messages, err
		}
		messages++
	}
}

func errorSays(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}
