package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestFirstSignalCancelsTheWork(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	code, left := underSignals(t.Context(), signals, func(ctx context.Context) int {
		<-ctx.Done()
		// A command that drained returns nil; one cut short returns the
		// context's error. Only the second is told by the exit code.
		if got := exitCode(ctx, nil); got != exitOK {
			t.Errorf("a drained command ends with %d, want %d", got, exitOK)
		}
		return exitCode(ctx, &ranError{ctx.Err()})
	})
	if code != exitInterrupt || left {
		t.Errorf("got code %d, left %v; want %d and a finished command", code, left, exitInterrupt)
	}
}

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	for _, c := range []struct {
		second os.Signal
		want   int
	}{{os.Interrupt, exitInterrupt}, {syscall.SIGTERM, exitTerminated}} {
		release := make(chan struct{})
		signals := make(chan os.Signal, 3)
		signals <- os.Interrupt
		signals <- syscall.SIGHUP // which is not of somebody who will not wait
		signals <- c.second
		code, left := underSignals(t.Context(), signals, func(context.Context) int {
			<-release // deaf to its context
			return exitOK
		})
		close(release)
		if code != c.want || !left {
			t.Errorf("after SIGINT and %v: code %d, left %v; want %d and true", c.second, code, left, c.want)
		}
	}
}

func TestDeafCommandIsLeftAfterTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		signals := make(chan os.Signal, 1)
		signals <- syscall.SIGTERM
		start := time.Now()
		code, left := underSignals(t.Context(), signals, func(context.Context) int {
			<-release
			return exitOK
		})
		close(release)
		if code != exitTerminated || !left {
			t.Errorf("got code %d, left %v; want %d and true", code, left, exitTerminated)
		}
		if waited := time.Since(start); waited != leaveAfter {
			t.Errorf("left after %v, want %v", waited, leaveAfter)
		}
	})
}

// A terminal that closes may say so twice, and neither cuts the drain short.
func TestHangupsDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		signals <- syscall.SIGHUP
		signals <- syscall.SIGHUP
		code, left := underSignals(t.Context(), signals, func(ctx context.Context) int {
			<-ctx.Done()
			time.Sleep(drainLimit)
			return exitCode(ctx, &ranError{ctx.Err()})
		})
		if code != exitHangup || left {
			t.Errorf("got code %d, left %v; want %d and a finished command", code, left, exitHangup)
		}
	})
}

func TestExitCodes(t *testing.T) {
	stopped, stop := context.WithCancelCause(t.Context())
	stop(newSignalError(syscall.SIGTERM))
	plain := errors.New("disk on fire")
	for _, c := range []struct {
		why  string
		ctx  context.Context
		err  error
		want int
	}{
		{"success", t.Context(), nil, 0},
		{"a command's plain error", t.Context(), &ranError{plain}, 1},
		{"failure", t.Context(), &ranError{failure(plain, "")}, 1},
		{"an error of cobra's own", t.Context(), plain, 2},
		{"usage", t.Context(), &ranError{usageError(plain, "")}, 2},
		{"assert", t.Context(), &ranError{assertFailed(plain)}, 3},
		{"unreachable", t.Context(), &ranError{unreachable(plain, "")}, 4},
		{"cut short by SIGTERM", stopped, &ranError{context.Canceled}, 143},
		{"failed for its own reason while stopping", stopped, &ranError{plain}, 1},
		{"cancelled without a signal", t.Context(), &ranError{context.Canceled}, 1},
	} {
		if got := exitCode(c.ctx, c.err); got != c.want {
			t.Errorf("%s: code %d, want %d", c.why, got, c.want)
		}
	}
}

func TestErrorLineIsOneLine(t *testing.T) {
	got := errorLine("udplab proxy", failure(errors.New("first\n\tsecond"), "try this"))
	if want := "udplab proxy: first second; try this"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
