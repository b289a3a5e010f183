package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// trialArgument begins the command line of a process that makes one trial.
const trialArgument = "one-trial"

// partingGrace is what a side of idle connections has to close them, or to be
// done with whatever else, once whoever started it has no more to say.
const partingGrace = 10 * time.Second

// part is this program as a process that another of its kind started to do a
// part of its work; ok says that the arguments ask for one. Such a process ends
// with its standard input, so that nothing is left if the other is killed.
func part(ctx context.Context, args []string, all []workload.Workload, stdout, stderr io.Writer) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	var err error
	switch args[0] {
	case workload.IdleArgument:
		err = workload.IdleSide(args[1:], stdin(partingGrace), stdout)
	case trialArgument:
		err = trialSide(ctx, args[1:], all, stdout)
	default:
		return 0, false
	}
	if err != nil {
		fmt.Fprintf(stderr, "rival: %s: %v\n", args[0], err)
		return exitFailed, true
	}
	return exitOK, true
}

// args is the command line of a process that makes the trial.
func (t trial) args() ([]string, error) {
	settings, err := json.Marshal(t.settings)
	return []string{trialArgument, t.workload.Name, t.contender.Name, string(settings)}, err
}

// trialSide makes the trial that args ask for and writes its outcomes.
func trialSide(ctx context.Context, args []string, all []workload.Workload, stdout io.Writer) error {
	t, err := trialOf(args, all)
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, stdin(0)) }()
	os.Stdout = os.Stderr // a contender that prints is not to stand between the outcomes
	outcomes := t.workload.Run(ctx, t.contender, t.settings)
	if err := ctx.Err(); err != nil {
		return err // a signal: it was cut short
	}
	return json.NewEncoder(stdout).Encode(outcomes)
}

// trialOf reads what args wrote.
func trialOf(args []string, all []workload.Workload) (t trial, err error) {
	if len(args) != 3 {
		return t, errors.New("needs a workload, a contender and settings")
	}
	i := slices.IndexFunc(all, func(w workload.Workload) bool { return w.Name == args[0] })
	if i < 0 {
		return t, errors.New("no workload " + args[0])
	}
	found, err := contender.Find(args[1:2])
	if err != nil {
		return t, err
	}
	t.workload, t.contender = all[i], found[0]
	return t, json.Unmarshal([]byte(args[2]), &t.settings)
}
