package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"udplab/cmd/internal/classes"
	"udplab/lossy"
	"udplab/lossy/decisions"
	"udplab/lossy/evidence"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// shrinking is one run of `udplab shrink`.
type shrinking struct {
	*shrinkOptions
	say     *say
	show    io.Writer // what the command prints goes here; nil = nowhere
	network lossy.Config
	drops   []evidence.Drop
	oneFlow bool
	folder  string // of files that are gone afterwards
	tried   int    // lists
}

// errTrials ends a search that has taken too long.
var errTrials = errors.New("no more trials")

// minimise checks that the command fails with all drops and passes without any,
// and reduces the list. Without a result it says why there is none. A result and
// an error is one that was not proved.
func (s *shrinking) minimise(ctx context.Context) (*evidence.Minimal, error) {
	all := make([]int, len(s.drops))
	for i := range all {
		all[i] = i
	}
	failed, err := s.try(ctx, all)
	switch {
	case err != nil:
		return nil, err
	case !failed:
		return nil, failure(fmt.Errorf("%s passes with all %d drops of the log", s.command[0], len(all)),
			"see with --show what it does; if it fails now and then, give --repeat; if it takes more than drops, replay the whole log with udplab proxy --replay")
	}
	if failed, err = s.try(ctx, nil); err != nil {
		return nil, err
	} else if failed {
		return nil, failure(fmt.Errorf("%s fails without any drop too, so none is to blame", s.command[0]),
			"see with --show what it does")
	}
	s.say.note("fails with all %d drops, passes with none", len(all))
	fewest := len(all)
	m, err := evidence.Minimise(len(all), func(keep []int) (bool, error) {
		if s.tried >= s.trials {
			return false, errTrials
		}
		failed, err := s.try(ctx, keep)
		if failed && err == nil && len(keep) < fewest {
			fewest = len(keep)
			s.say.note("trial %d: %d drops are enough", s.tried, fewest)
		}
		return failed, err
	})
	if errors.Is(err, errTrials) {
		err = failure(fmt.Errorf("gave up after %d trials, so perhaps not all of these drops are needed", s.tried), "give more with --trials")
	}
	return &m, err
}

// try says whether the command fails with a list of drops.
func (s *shrinking) try(ctx context.Context, keep []int) (failed bool, err error) {
	s.tried++
	for n := range s.repeat {
		s.say.progress("trial %d: %d of %d drops", s.tried, len(keep), len(s.drops))
		failed, err = s.runOnce(ctx, s.chosen(keep))
		if err != nil {
			return false, err
		}
		if failed == (s.fails == "any") || n == s.repeat-1 {
			break
		}
	}
	return failed, nil
}

func (s *shrinking) chosen(keep []int) []evidence.Drop {
	drops := make([]evidence.Drop, len(keep))
	for i, k := range keep {
		drops[i] = s.drops[k]
	}
	return drops
}

// runOnce runs the command once, over a proxy of its own if it needs one.
func (s *shrinking) runOnce(ctx context.Context, drops []evidence.Drop) (failed bool, err error) {
	file := filepath.Join(s.folder, "drops.jsonl")
	if err := s.writeDrops(file, drops); err != nil {
		return false, failure(fmt.Errorf("writing the list of drops: %w", err), "")
	}
	address := ""
	if s.upstream != "" {
		p, err := proxy.New(proxy.Config{Listen: s.listen, Upstream: s.upstream, Config: s.network,
			Replay: evidence.Only(drops), Flows: s.flows.flows, Classify: classes.Of})
		if err != nil {
			return false, proxyFailure(err)
		}
		defer p.Close()
		address = p.Addr().String()
	}
	fill := strings.NewReplacer("{listen}", address, "{drops}", file)
	words := make([]string, len(s.command))
	for i, word := range s.command {
		words[i] = fill.Replace(word)
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(s.timeout))
	defer cancel()
	cmd := exec.CommandContext(limited, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "UDPLAB_PROXY="+address, "UDPLAB_DROPS="+file)
	cmd.Stdout, cmd.Stderr = s.show, s.show
	cmd.WaitDelay = time.Second
	endWithChildren(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil:
		return false, nil
	case limited.Err() != nil || errors.As(err, &exit):
		return true, nil
	}
	return false, usageError(fmt.Errorf("running the command: %w", err), "give a program that can be run")
}

// writeDrops writes a log that has nothing but drops.
func (s *shrinking) writeDrops(file string, drops []evidence.Drop) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	l, err := decisions.New(out, decisions.Options{Seed: s.network.Seed, Timeless: true,
		Up: settings.Report(s.network.Up), Down: settings.Report(s.network.Down), Buffer: 1 << 30})
	if err != nil {
		return errors.Join(err, out.Close())
	}
	for _, d := range drops {
		l.Trace(d.Flow, d.Dir)(0, d.Size, lossy.Verdict{Index: d.Index, Shared: d.Shared, Turn: d.Turn, Drop: d.Cause, Rule: d.Rule})
	}
	return errors.Join(l.Close(), out.Close())
}
