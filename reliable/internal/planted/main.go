// Command planted proves that the tests can fail. It holds a table of bugs, each
// one a few characters in one file of the engine, plants them one at a time and
// runs the tests that must notice:
//
//	go run ./reliable/internal/planted
//
// prints which test killed which bug, and ends with 1 if one survives, does not
// compile, or does not fit the sources any more. First the same tests must pass
// without any bug: a test that fails anyway kills nothing.
//
// No file of the tree is changed: the compiler is given another text for one of
// them (go build -overlay). A bug meets its tests by name first, and if those
// let it pass, all tests of their package and of its own.
//
// # When one survives
//
// A test is missing. Write it; the bug stays as bad as it is. When one is
// stale, the code it was planted in has changed: plant it anew.
//
// # Limits
//
// The tests run without the race detector. One of those named that does not end
// within -limit has noticed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// bugs are all there are.
var bugs = slices.Concat(delivery, lanes, recovery, paths, wire, control)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("planted", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("run", "", "plant only bugs whose names match this `regexp`")
	verbose := flags.Bool("v", false, "say what each bug breaks, where it is, and what the test said")
	list := flags.Bool("list", false, "print the table and run nothing")
	parallel := flags.Int("j", runtime.GOMAXPROCS(0), "`number` of bugs tried at once")
	limit := flags.Duration("limit", 30*time.Second, "how long the tests named for a bug may take")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return 2
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(stderr, "planted: -run:", err)
		return 2
	}
	chosen := slices.DeleteFunc(slices.Clone(bugs), func(b bug) bool { return !match.MatchString(b.name) })
	if len(chosen) == 0 {
		fmt.Fprintf(stderr, "planted: no bug is called %q; -list shows all\n", *only)
		return 2
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "planted:", err)
		return 2
	}
	report := newReport(stdout, chosen, *verbose)
	if *list {
		report.list(chosen)
		return 0
	}
	ground, err := newGround(ctx, root, chosen, *limit)
	if err != nil {
		fmt.Fprintln(stderr, "planted:", err)
		return 2
	}
	defer ground.close()
	if !report.healthy(ground.baseline(ctx, chosen)) {
		return 1
	}
	ground.tryAll(ctx, chosen, max(*parallel, 1), report.add)
	if ctx.Err() != nil {
		return 130
	}
	return report.end()
}

// moduleRoot is the folder that the files of the table are relative to.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w; run it inside the module", err)
	}
	return strings.TrimSpace(string(out)), nil
}
