package main

import (
	"context"
	"runtime/pprof"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// trial is one run of a workload by a contender.
type trial struct {
	workload  workload.Workload
	contender contender.Contender
	settings  workload.Settings
	limit     time.Duration // what has not ended by then never will
}

// here makes the trial in this process, for profiles of the whole run: samples
// of CPU say whose they are. A contender that crashes takes the program along,
// and what one that never ends left running disturbs everything after it.
func (t trial) here(ctx context.Context) []workload.Outcome {
	done := make(chan []workload.Outcome, 1)
	pprof.Do(ctx, pprof.Labels("workload", t.workload.Name, "contender", t.contender.Name), func(ctx context.Context) {
		go func() { done <- t.workload.Run(ctx, t.contender, t.settings) }() // it has the labels too
	})
	timer := time.NewTimer(t.limit)
	defer timer.Stop()
	select {
	case outcomes := <-done:
		return outcomes
	case <-timer.C:
		return t.failed("does not end: left behind after " + t.limit.String())
	}
}

// failed says of every row why it has no figure.
func (t trial) failed(why string) []workload.Outcome {
	var outcomes []workload.Outcome
	for _, row := range t.workload.Rows {
		outcomes = append(outcomes, workload.Outcome{Row: row, Failed: why})
	}
	return outcomes
}
