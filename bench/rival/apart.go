package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"udplab/bench/rival/workload"
)

// apart makes trials in a process each, which is this program once more: a
// contender that crashes ends only that, and one that never ends is killed and
// disturbs nothing that is measured later. Trials may run at the same time.
type apart struct {
	mu     sync.Mutex
	stderr io.Writer
}

// untie is how long what a process started may hold its output open after it
// ended; by then it has ended too (part).
const untie = partingGrace + 5*time.Second

var errNoEnd = errors.New("does not end")

func (a *apart) trial(ctx context.Context, t trial) []workload.Outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, t.limit, errNoEnd)
	defer cancel()
	heard := &hearing{to: a}
	outcomes, err := t.askedOf(ctx, heard)
	heard.end()
	switch {
	case err == nil:
		return outcomes
	case context.Cause(ctx) == errNoEnd:
		return t.failed(fmt.Sprintf("%v: killed after %v", errNoEnd, t.limit))
	}
	return t.failed(heard.crash(err))
}

// Write is for what processes say on stderr, a line or more at a time.
func (a *apart) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stderr.Write(p)
}

// askedOf starts the process and takes its outcomes. Nothing it started is left
// when ctx ends.
func (t trial) askedOf(ctx context.Context, stderr io.Writer) ([]workload.Outcome, error) {
	args, err := t.args()
	if err != nil {
		return nil, err
	}
	cmd, err := workload.Itself(ctx, args...)
	if err != nil {
		return nil, err
	}
	// Held, never written to: it ends when this process does, however that came.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, stderr, untie
	group(cmd)
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return nil, err
	}
	var outcomes []workload.Outcome
	if err := json.Unmarshal(stdout.Bytes(), &outcomes); err != nil {
		return nil, fmt.Errorf("outcomes: %w", err)
	}
	return outcomes, nil
}
