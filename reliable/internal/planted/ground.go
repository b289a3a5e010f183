package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ground is where bugs are planted: the module, and a folder outside of it for
// the texts that have them.
type ground struct {
	root  string
	work  string
	limit time.Duration
	// property holds the packages whose tests draw their inputs with rapid. There
	// every run must draw the same ones, or a bug would be killed on one day and
	// not on another; and what it found is no failure of the tree, to be kept in
	// testdata.
	property map[string]bool
}

func newGround(ctx context.Context, root string, bugs []bug, limit time.Duration) (*ground, error) {
	g := &ground{root: root, limit: limit, property: map[string]bool{}}
	args := []string{"list", "-f", `{{.Dir}} {{join .TestImports " "}} {{join .XTestImports " "}}`}
	for _, folder := range folders(bugs) {
		args = append(args, "./"+folder)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		dir, imports, _ := strings.Cut(line, " ")
		folder, err := filepath.Rel(root, dir)
		if err != nil {
			return nil, err
		}
		g.property[filepath.ToSlash(folder)] = slices.Contains(strings.Fields(imports), "pgregory.net/rapid")
	}
	g.work, err = os.MkdirTemp("", "planted")
	return g, err
}

func (g *ground) close() { os.RemoveAll(g.work) }

// folders are those whose tests are run.
func folders(bugs []bug) (all []string) {
	for _, b := range bugs {
		all = append(all, b.pkg, filepath.ToSlash(filepath.Dir(b.file)))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// baseline runs the tests that must notice bugs where there is none.
func (g *ground) baseline(ctx context.Context, bugs []bug) (all []verdict) {
	names := map[string][]string{}
	for _, b := range bugs {
		names[b.pkg] = append(names[b.pkg], strings.Split(b.run, "|")...)
	}
	for _, folder := range folders(bugs) {
		if run := names[folder]; len(run) > 0 {
			slices.Sort(run)
			all = append(all, g.test(ctx, folder, strings.Join(slices.Compact(run), "|"), ""))
		}
	}
	return all
}

// tryAll tries so many bugs at a time and tells of each in the order of the
// table.
func (g *ground) tryAll(ctx context.Context, bugs []bug, parallel int, tell func(bug, verdict)) {
	verdicts := make([]chan verdict, len(bugs))
	for i := range verdicts {
		verdicts[i] = make(chan verdict, 1)
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				verdicts[i] <- g.try(ctx, bugs[i])
			}
		})
	}
	workers.Go(func() {
		defer close(next)
		for i := range bugs {
			next <- i
		}
	})
	for i, b := range bugs {
		if v := <-verdicts[i]; ctx.Err() == nil {
			tell(b, v)
		}
	}
	workers.Wait()
}

// try plants a bug and runs tests until one notices.
func (g *ground) try(ctx context.Context, b bug) verdict {
	start := time.Now()
	overlay, err := g.plant(b)
	if err != nil {
		return verdict{outcome: stale, said: err.Error()}
	}
	v := g.test(ctx, b.pkg, b.run, overlay)
	if v.outcome == survived {
		v = g.testWhole(ctx, b, overlay)
	}
	v.took = time.Since(start)
	return v
}

// testWhole runs all tests of the packages that a bug concerns. They take long
// anyway, so running out of time is no sign of the bug.
func (g *ground) testWhole(ctx context.Context, b bug, overlay string) (v verdict) {
	for _, folder := range folders([]bug{b}) {
		if v = g.test(ctx, folder, "", overlay); v.outcome != survived {
			v.byOthers = true
			if v.endless {
				v.outcome = broken
			}
			break
		}
	}
	return v
}

// plant writes the text of a bug and the file that tells the compiler of it.
func (g *ground) plant(b bug) (overlay string, err error) {
	text, err := b.text(g.root)
	if err != nil {
		return "", err
	}
	source := filepath.Join(g.work, b.name+".go")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(g.root, filepath.FromSlash(b.file)): source},
	})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(g.work, b.name+".json")
	return overlay, os.WriteFile(overlay, replace, 0o600)
}

// test runs tests of a folder, all of them if none is named.
func (g *ground) test(ctx context.Context, folder, run, overlay string) verdict {
	limit := g.limit
	if run == "" {
		limit *= 10
	}
	args := []string{"test", "-vet=off", "-failfast", "-timeout", limit.String(), "-run", run}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	args = append(args, "./"+folder)
	if g.property[folder] {
		args = append(args, "-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = g.root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends the test
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return judge(folder, string(out), err)
}
