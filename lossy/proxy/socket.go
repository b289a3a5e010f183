package proxy

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// listenUDP opens a socket at an address of its own family. To package net "udp"
// and 0.0.0.0 are the addresses of both.
func listenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	network := "udp" // [::] takes IPv4 in as well, where the system lets it
	if at.Addr().Is4() {
		network = "udp4"
	}
	return net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
}

// enlarge asks for socket buffers of that many bytes. What the system grants
// is read back by grantedBuffers, so a refusal needs no error here.
func enlarge(c *net.UDPConn, bytes int) { control(c, func(fd uintptr) { askBuffers(fd, bytes) }) }

// control runs f on the connection's descriptor; it reports whether f ran.
func control(c *net.UDPConn, f func(fd uintptr)) bool {
	raw, err := c.SyscallConn()
	return err == nil && raw.Control(f) == nil
}

// systemError is what the system said, without what package net says around it.
func systemError(err error) error {
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e
	}
	return err
}

// isRefused recognises the report that nobody listens at the other end of a
// connected socket (ICMP port unreachable).
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, errReset)
}

// stopped turns the deadline by which a front is stopped into what untilClosed
// ends on.
func stopped(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return net.ErrClosed
	}
	return err
}

// sendCause says why a send that failed did.
func sendCause(err error) Cause {
	switch {
	case errors.Is(err, errMessageSize):
		return CauseOversize
	case errors.Is(err, net.ErrClosed):
		return CauseFlowClosed
	default:
		return CauseKernelTx
	}
}

// A socket that fails to read again and again, for a reason we cannot know,
// must neither end the proxy nor take a whole core.
const (
	readFailuresInARow = 16
	readPause          = 10 * time.Millisecond
)

// untilClosed calls read until its socket is closed. It survives every other
// error, and tells failed of it.
func untilClosed(read func() error, failed func(error)) {
	for inARow := 0; ; {
		err := read()
		switch {
		case err == nil:
			inARow = 0
		case errors.Is(err, net.ErrClosed):
			return
		default:
			failed(err)
			if inARow++; inARow >= readFailuresInARow {
				time.Sleep(readPause)
			}
		}
	}
}
