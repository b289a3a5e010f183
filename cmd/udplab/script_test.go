package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be udplab itself, so that a script's
// `exec udplab ...` runs the real main, signals and all, with coverage.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"udplab": func() { os.Exit(run(context.Background(), os.Args[1:], systemDeps())) },
		"needs":  func() { os.Exit(needs()) },
	})
}

// TestScripts runs testdata/*.txtar: one script per promise of the README and
// of --help. Commands beyond testscript's own are in script_commands_test.go.
func TestScripts(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		// As under nohup, and so would all that we start ignore it, but for one that
		// we handle.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			// Under -race every process would stay a second after its end.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		RequireUniqueNames: true,
	})
}
