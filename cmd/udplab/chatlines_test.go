package main

import (
	"context"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"udplab/cmd/internal/chat"
)

// silentPeer is a session whose lines nobody acknowledges.
type silentPeer struct{ chat.Session }

func (silentPeer) Close(ctx context.Context) error {
	<-ctx.Done()
	return &chat.UndeliveredError{Lines: 1}
}

// A chat whose input is over waits for its peer, and a signal ends that: it drains
// as at any other moment, in time for the summary, and says what did not arrive.
func TestSignalEndsTheWaitForThePeer(t *testing.T) {
	for _, c := range []struct {
		wait, signal, want time.Duration
		code               int
	}{
		{0, time.Minute, time.Minute + chatDrain, exitHangup},
		{time.Hour, time.Minute, time.Minute + chatDrain, exitHangup},
		{time.Hour, time.Hour - 1, time.Hour, exitHangup},
		{time.Minute, time.Hour, time.Minute, exitUnreachable},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			signal := time.AfterFunc(c.signal, func() { stop(newSignalError(syscall.SIGHUP)) })
			defer signal.Stop()
			lines := &chatLines{session: silentPeer{}, wait: c.wait}
			begun := time.Now()
			err := lines.close(ctx, inputOver)
			if took := time.Since(begun); took != c.want {
				t.Errorf("%+v: it took %v", c, took)
			}
			if code := exitCode(ctx, &ranError{lines.verdict(ctx, inputOver, inputEnd{said: 1}, err)}); code != c.code {
				t.Errorf("%+v: exit code %d", c, code)
			}
			time.Sleep(chatDrain) // what is left of the drain
		})
	}
}
