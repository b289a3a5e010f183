//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// messages does not exist here: datagrams go through package net, without
// their marks.
type messages struct{}

func newMessages(*net.UDPConn, *ladder) *messages { return nil }

func (*messages) carriesECN() bool { panic("BUG: messages on a system that has none") }

func (*messages) restore() { panic("BUG: messages on a system that has none") }

func (*messages) writeBurst([]byte, int, netip.AddrPort, bool, ECN) (int, error) {
	panic("BUG: messages on a system that has none")
}

// mailbag neither.
type mailbag struct{}

func newMailbag(*messages) *mailbag { panic("BUG: messages on a system that has none") }

func (*mailbag) receive(bool) ([]message, error) { panic("BUG: messages on a system that has none") }

func (*mailbag) drained() bool { panic("BUG: messages on a system that has none") }
