package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"udplab/cmd/internal/terminal"
)

// Exit codes. They are part of the interface: scripts branch on them, and
// `udplab --help` prints them.
const (
	exitOK          = 0   // did what was asked; also after a Ctrl-C that ended in a complete summary
	exitFailed      = 1   // was asked something sensible and could not do it
	exitUsage       = 2   // a flag, an argument, an environment variable or their combination is wrong
	exitAssert      = 3   // ran, and an --assert did not hold
	exitUnreachable = 4   // the peer did not answer
	exitHangup      = 129 // left because of SIGHUP before the work was complete
	exitInterrupt   = 130 // the same for SIGINT
	exitTerminated  = 143 // the same for SIGTERM
)

// exitError is an error that knows its exit code and what the user can try.
// Commands return one from RunE; a plain error means exitFailed.
type exitError struct {
	code int
	err  error
	try  string // a clause such as "choose another with --listen"; may be empty
}

// Error is the one line the user reads: what failed, and what to try.
func (e *exitError) Error() string {
	if e.try == "" {
		return e.err.Error()
	}
	return e.err.Error() + "; " + e.try
}

func (e *exitError) Unwrap() error { return e.err }

// usageError says that the command line, or the environment, is wrong.
func usageError(err error, try string) error { return &exitError{exitUsage, err, try} }

// failure says that the work could not be done although it was asked well.
func failure(err error, try string) error { return &exitError{exitFailed, err, try} }

// assertFailed says that an --assert did not hold.
func assertFailed(err error) error { return &exitError{exitAssert, err, ""} }

// unreachable says that the peer did not answer.
func unreachable(err error, try string) error { return &exitError{exitUnreachable, err, try} }

// ranError marks an error that a command's RunE returned, so that it can be
// told from what cobra itself refuses before the command runs: the first is a
// failure, the second always a usage error.
type ranError struct{ err error }

func (e *ranError) Error() string { return e.err.Error() }
func (e *ranError) Unwrap() error { return e.err }

// exitCode maps what the command tree returned to the exit code. ctx is the
// context the commands ran under; its cause names the signal that ended it.
func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	var own *exitError
	if errors.As(err, &own) {
		return own.code
	}
	var ran *ranError
	if !errors.As(err, &ran) {
		return exitUsage
	}
	var by *signalError
	if errors.As(context.Cause(ctx), &by) && errors.Is(err, context.Canceled) {
		return by.code
	}
	return exitFailed
}

// errorLine renders err for the last line of stderr: one line whatever the
// error says, because scripts and people read line by line, and safe to draw,
// because it may have words of a peer.
func errorLine(command string, err error) string {
	text := terminal.Clean(strings.Join(strings.Fields(err.Error()), " "))
	return fmt.Sprintf("%s: %s", command, text)
}
