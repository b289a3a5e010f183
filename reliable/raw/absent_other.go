//go:build !linux && !windows

package raw

import (
	"errors"
	"syscall"
)

// Other systems tell connected sockets only, which a Conn is not: it hears the
// peer from any address. Their users learn of an absent peer by its silence.

func reportErrors(uintptr)    {}
func drainErrorQueue(uintptr) {}

// isAbsent reports errors that say: the datagram found nobody at its address.
func isAbsent(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH)
}
