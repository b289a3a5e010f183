package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"udplab/cmd/internal/demo"
)

// Each redraw is one write that goes up over what stands there, erases the rest
// of each line, and whatever a longer block left below.
func TestLiveBlockRedrawsInPlace(t *testing.T) {
	var w bytes.Buffer
	b := liveBlock{w: &w}
	b.erase()
	b.draw([]string{"one", "two"})
	b.draw([]string{"three"})
	b.draw([]string{"four"})
	b.erase()
	b.erase()
	want := "\rone\x1b[K\ntwo\x1b[K\n\x1b[J" +
		"\r\x1b[2Athree\x1b[K\n\x1b[J" +
		"\r\x1b[1Afour\x1b[K\n\x1b[J" +
		"\r\x1b[1A\x1b[J"
	if got := w.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

type countingWriter struct{ writes int }

func (w *countingWriter) Write(b []byte) (int, error) { w.writes++; return len(b), nil }

func TestLiveBlockDrawsWithOneWrite(t *testing.T) {
	var w countingWriter
	b := liveBlock{w: &w}
	b.draw([]string{"a", "b", "c"})
	b.draw([]string{"d", "e", "f"})
	if w.writes != 2 {
		t.Errorf("two redraws took %d writes, want 2: the terminal would show halves", w.writes)
	}
}

func TestDemoOutcome(t *testing.T) {
	perfect := demo.Half{Sent: 400, Delivered: 400}
	for _, c := range []struct {
		name     string
		reliable demo.Half
		complete bool
		want     string
		code     int
	}{
		{"kept", perfect, true, "", exitOK},
		{"lost some", demo.Half{Sent: 400, Delivered: 398, Lost: 2, Error: "the time was up"}, false,
			"reliable mode did not deliver every message exactly once: 2 lost of 400 (the time was up); give a worse network more time with --timeout", exitFailed},
		{"several faults", demo.Half{Sent: 400, Delivered: 399, Lost: 1, OutOfOrder: 2, Duplicate: 3, Corrupt: 4}, true,
			"reliable mode did not deliver every message exactly once: 1 lost, 2 out of order, 3 duplicate, 4 corrupt of 400; give a worse network more time with --timeout", exitFailed},
		{"broken after the last", demo.Half{Sent: 400, Delivered: 400, Error: "the time was up"}, false,
			"reliable mode did not come to its end (the time was up); give a worse network more time with --timeout", exitFailed},
		{"interrupted", demo.Half{Sent: 212, Delivered: 212}, false,
			"interrupted after 212 of 400 messages", exitInterrupt},
	} {
		result := demo.Result{Complete: c.complete, Reliable: c.reliable, Config: demo.Setup{Messages: 400}}
		err := demoOutcome(&result)
		text := ""
		if err != nil {
			text = err.Error()
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&signalError{"SIGINT", exitInterrupt})
		wrapped := err
		if err != nil {
			wrapped = &ranError{err}
		}
		if code := exitCode(ctx, wrapped); text != c.want || code != c.code {
			t.Errorf("%s: got %q, code %d\nwant %q, code %d", c.name, text, code, c.want, c.code)
		}
	}
}

// On a terminal the table moves on stderr and is gone when the report stands
// on stdout.
func TestDemoOnATerminal(t *testing.T) {
	d, stdout, stderr := testDeps(true, 60, map[string]string{"NO_COLOR": "1"})
	code := run(t.Context(), []string{"demo", "--messages", "60", "--message-rate", "200", "--delay", "5ms", "--jitter", "1ms", "--metrics", ""}, d)
	if code != exitOK {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	if !bytes.HasPrefix(stderr.Bytes(), []byte("\r   ")) || !bytes.HasSuffix(stderr.Bytes(), []byte("A\x1b[J")) {
		t.Errorf("stderr is not a table that was drawn and erased: %q", stderr)
	}
	if bytes.Contains(stderr.Bytes(), []byte("[31m")) || bytes.Contains(stdout.Bytes(), []byte("\x1b")) {
		t.Errorf("NO_COLOR is ignored: %q %q", stderr, stdout)
	}
	if !bytes.Contains(stdout.Bytes(), []byte("\nReliable: all 60 messages delivered exactly once, in order\n")) {
		t.Errorf("stdout has no verdict: %q", stdout)
	}
}

// The first signal ends the run with what was measured; --hold does not hold
// what was interrupted.
func TestDemoInterrupted(t *testing.T) {
	d, stdout, _ := testDeps(false, 80, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(2*time.Second, func() { cancel(&signalError{"SIGINT", exitInterrupt}) })
	cmd := newRootCmd(d)
	cmd.SetArgs([]string{"demo", "--messages", "100000", "--hold", "--metrics", ""})
	err := cmd.ExecuteContext(ctx)
	var interrupted *interruptedError
	if !errors.As(err, &interrupted) || interrupted.sent == 0 || interrupted.sent >= interrupted.of {
		t.Errorf("got %v, want an interruption on the way", err)
	}
	if !bytes.Contains(stdout.Bytes(), []byte("The run was")) {
		t.Errorf("stdout has no report of what was measured: %q", stdout)
	}
}
