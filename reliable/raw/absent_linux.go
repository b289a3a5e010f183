package raw

import (
	"errors"
	"syscall"
)

// An unconnected UDP socket on Linux hears of an ICMP answer only if it asked
// (ip(7), IP_RECVERR). The news is then an error of the next send or read, with
// the details in a queue that takes up receive buffer until it is read.

// reportErrors asks for the news, for both families: a socket on [::] speaks
// both, and each call fails harmlessly on a socket of the other.
func reportErrors(fd uintptr) {
	_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_RECVERR, 1)
	_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR, 1)
}

// drainErrorQueue empties the queue.
func drainErrorQueue(fd uintptr) {
	const most = 64 // between two calls there are rarely more than two
	var data, control [256]byte
	for range most {
		_, _, _, _, err := syscall.Recvmsg(int(fd), data[:], control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if err != nil {
			return
		}
	}
}

// isAbsent reports errors that say: the datagram found nobody at its address.
func isAbsent(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH)
}
