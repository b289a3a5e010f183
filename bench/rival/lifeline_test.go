package main

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever hangs in what it was told to do still has to go when nobody is left to
// tell it anything, after the grace and not before.
func TestALifelineEndsWhoIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, starter := io.Pipe()
		start := time.Now()
		left := make(chan time.Duration, 1)
		l := &lifeline{in: in, grace: 10 * time.Second, leave: func() { left <- time.Since(start) }}
		go func() {
			_, _ = io.WriteString(starter, "measure\n")
			time.Sleep(time.Minute)
			_ = starter.Close()
		}()
		line := make([]byte, 100)
		if n, err := l.Read(line); string(line[:n]) != "measure\n" || err != nil {
			t.Fatalf("read %q, %v", line[:n], err)
		}
		// It reads no more.
		if got, want := <-left, 70*time.Second; got != want {
			t.Errorf("left after %v, want %v", got, want)
		}
		if n, err := l.Read(line); n != 0 || err != io.EOF {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}
