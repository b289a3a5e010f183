package raw

import (
	"errors"
	"syscall"
)

// Windows reports an ICMP port unreachable as WSAECONNRESET of the next read,
// unasked.

func reportErrors(uintptr)    {}
func drainErrorQueue(uintptr) {}

// isAbsent reports errors that say: the datagram found nobody at its address.
func isAbsent(err error) bool {
	const wsaeConnRefused, wsaeHostUnreach = syscall.Errno(10061), syscall.Errno(10065)
	return errors.Is(err, syscall.WSAECONNRESET) ||
		errors.Is(err, wsaeConnRefused) || errors.Is(err, wsaeHostUnreach)
}
