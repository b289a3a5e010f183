//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// messages does not exist here: datagrams go through package net, without
// their marks.
type messages struct{}

func newMessages(*net.UDPConn) *messages { return nil }

func (*messages) read([]byte, bool) (int, netip.AddrPort, ECN, error) {
	panic("BUG: messages on a system that has none")
}

func (*messages) carriesECN() bool { panic("BUG: messages on a system that has none") }

func (*messages) waited() bool { panic("BUG: messages on a system that has none") }

func (*messages) write([]byte, netip.AddrPort, bool, ECN) (bool, error) {
	panic("BUG: messages on a system that has none")
}
