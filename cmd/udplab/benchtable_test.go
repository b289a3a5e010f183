package main

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A signal ends the run at once, whatever is left to do; what was finished is
// shown, and the exit code is the signal's.
func TestBenchTableEndsOnASignal(t *testing.T) {
	for s, want := range map[os.Signal]int{os.Interrupt: exitInterrupt, syscall.SIGTERM: exitTerminated} {
		d, stdout, stderr := testDeps(false, 80, nil)
		signals := make(chan os.Signal, 1)
		signals <- s
		d.signals = signals
		code := run(context.Background(), []string{"bench", "table", "--duration", "1h", "--seeds", "10000"}, d)
		if code != want {
			t.Errorf("%v: exit code %d, want %d", s, code, want)
		}
		if text := stdout.String(); !strings.Contains(text, "(cut short)") || !strings.Contains(text, "not run") {
			t.Errorf("%v: stdout does not say that the run was cut short:\n%s", s, text)
		}
		if got := stderr.String(); !strings.HasPrefix(got, "udplab bench table: interrupted: ") || strings.Count(got, "\n") != 1 {
			t.Errorf("%v: stderr %q, want one line that says interrupted", s, got)
		}
	}
}
