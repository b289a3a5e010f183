package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/record"
	"udplab/bench/rival/workload"
)

// plan is what to run.
type plan struct {
	workloads   []workload.Workload
	contenders  []contender.Contender
	repetitions int
	settings    workload.Settings
	// way is how each run is made; nil makes it in this process.
	way func(context.Context, trial) []workload.Outcome
	// limit is how long a run may take; 0 is abandonAfter.
	limit time.Duration
	// told, if not nil, hears of each outcome.
	told func(contender string, o workload.Outcome)
}

// run runs the plan and adds every outcome to the record. A context that ends
// keeps what was measured.
func (p plan) run(ctx context.Context, r *record.Record) {
	for _, w := range p.workloads {
		takers := slices.DeleteFunc(slices.Clone(p.contenders), func(c contender.Contender) bool { return !w.Takes(c) })
		for repetition := range p.repetitions {
			// Each has another neighbour before it the next time.
			order := rotated(takers, repetition)
			if w.SideBySide {
				p.together(ctx, r, w, order)
			} else {
				p.inTurn(ctx, r, w, order)
			}
			if ctx.Err() != nil {
				return
			}
		}
	}
	r.Complete = true
}

// rotated is a list that begins n places later.
func rotated[T any](list []T, n int) []T {
	if len(list) == 0 {
		return nil
	}
	n %= len(list)
	return slices.Concat(list[n:], list[:n])
}

// abandonAfter is how long a run may take. Every workload ends itself sooner,
// unless a contender does not even let itself be closed.
const abandonAfter = 3 * time.Minute

// measure is one run of a workload.
func (p plan) measure(ctx context.Context, w workload.Workload, c contender.Contender) []workload.Outcome {
	t := trial{w, c, p.settings, cmp.Or(p.limit, abandonAfter)}
	if p.way == nil {
		return t.here(ctx)
	}
	return p.way(ctx, t)
}

func (p plan) inTurn(ctx context.Context, r *record.Record, w workload.Workload, takers []contender.Contender) {
	for _, c := range takers {
		outcomes := p.measure(ctx, w, c)
		if ctx.Err() != nil {
			return // it was cut short
		}
		p.add(r, c, outcomes)
	}
}

func (p plan) together(ctx context.Context, r *record.Record, w workload.Workload, takers []contender.Contender) {
	results := make([][]workload.Outcome, len(takers))
	var work sync.WaitGroup
	for i, c := range takers {
		work.Go(func() { results[i] = p.measure(ctx, w, c) })
	}
	work.Wait()
	if ctx.Err() != nil {
		return
	}
	for i, c := range takers {
		p.add(r, c, results[i])
	}
}

func (p plan) add(r *record.Record, c contender.Contender, outcomes []workload.Outcome) {
	for _, o := range outcomes {
		r.Add(c.Name, o)
		if p.told != nil {
			p.told(c.Name, o)
		}
	}
}

// choose returns the workloads that names ask for: a name, or what stands before
// its first dash. No names ask for all.
func choose(all []workload.Workload, names []string) ([]workload.Workload, []string) {
	if len(names) == 0 {
		return all, nil
	}
	asked := func(w workload.Workload, name string) bool {
		family, _, _ := strings.Cut(w.Name, "-")
		return name == w.Name || name == family
	}
	var unknown []string
	for _, name := range names {
		if !slices.ContainsFunc(all, func(w workload.Workload) bool { return asked(w, name) }) {
			unknown = append(unknown, name)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(w workload.Workload) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return asked(w, name) })
	}), unknown
}
