//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangups delivers SIGHUP until stop is called. One that comes while one
// is handled waits; more say the same.
func notifyHangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
