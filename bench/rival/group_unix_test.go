//go:build unix

package main

import (
	"context"
	"testing"
	"time"

	"udplab/bench/rival/record"
)

// A trial that is ended takes along what it started: a process that would hold
// its output open, and the program up, is gone as well.
func TestATrialEndsWithAllItStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var since time.Time
	var r record.Record
	planApart(t, "family", told{sleeper, func() { since = time.Now(); cancel() }}, "ours").run(ctx, &r)
	if took := time.Since(since); since.IsZero() || took > untie/2 {
		t.Errorf("it took %v", took)
	}
}
