package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// drainLimit is how long a command may take after the first signal to stop
// sending, drain and print its summary. Commands plan with it; leaveAfter is
// when run stops believing them.
const (
	drainLimit = 2 * time.Second
	leaveAfter = drainLimit + time.Second
)

// signalError is the cause of a context that a signal cancelled.
type signalError struct {
	name string
	code int // the exit code if the signal cut the work short
}

func (e *signalError) Error() string { return "stopped by " + e.name }

func newSignalError(s os.Signal) *signalError {
	switch s {
	case syscall.SIGTERM:
		return &signalError{"SIGTERM", exitTerminated}
	case syscall.SIGHUP:
		return &signalError{"SIGHUP", exitHangup}
	}
	return &signalError{"SIGINT", exitInterrupt}
}

// notifySignals delivers SIGINT, SIGTERM and SIGHUP for the life of the process,
// the last until notifyHangups takes it for another use. The channel holds two
// because the first and the second mean different things.
func notifySignals() <-chan os.Signal {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup, which is to go on without its terminal
		signal.Notify(c, syscall.SIGHUP)
	}
	return c
}

// notifyHangups delivers SIGHUP until stop is called, also where it was ignored,
// and takes it from those that it would end. One that comes while one is handled
// waits; more say the same.
func notifyHangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Ignore(syscall.SIGHUP)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// underSignals runs work under a context that the first signal cancels. The
// second signal, or work that has not returned leaveAfter later, ends the wait
// at once: then left is true, work may still be running, and the process has
// to exit with code. A second signal is of somebody who will not wait, but for
// SIGHUP: of a terminal that closes both the kernel and the shell may tell.
func underSignals(ctx context.Context, signals <-chan os.Signal, work func(context.Context) int) (code int, left bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan int, 1)
	go func() { done <- work(ctx) }()

	var first *signalError
	var late <-chan time.Time
	for {
		select {
		case code := <-done:
			return code, false
		case s := <-signals:
			if first != nil && s == syscall.SIGHUP {
				continue
			}
			if first != nil {
				return newSignalError(s).code, true
			}
			first = newSignalError(s)
			cancel(first)
			late = time.After(leaveAfter)
		case <-late:
			return first.code, true
		}
	}
}
