package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// deps is everything the commands take from the process: the only way to the
// terminal, the environment, the clock and the signals. A test builds its own.
type deps struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	// isTerminal reports whether one of the three above is a terminal.
	isTerminal func(stream any) bool
	// columns is the width of the terminal behind stderr, 80 if unknown.
	columns func() int

	lookupEnv func(string) (string, bool)
	// environ lists all of the environment, NAME=VALUE each. nil is nothing.
	environ func() []string
	now     func() time.Time
	// signals delivers SIGINT, SIGTERM and SIGHUP to run; commands see only their
	// context. nil means none ever comes.
	signals <-chan os.Signal
	// hangups delivers SIGHUP from now until stop is called, in place of signals, to
	// commands that read their files again then. nil means that none ever comes.
	hangups func() (c <-chan os.Signal, stop func())
}

// systemDeps is the real process.
func systemDeps() deps {
	return deps{
		stdin:      os.Stdin,
		stdout:     os.Stdout,
		stderr:     os.Stderr,
		isTerminal: isTerminal,
		columns: func() int {
			if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 0 {
				return w
			}
			return 80
		},
		lookupEnv: os.LookupEnv,
		environ:   os.Environ,
		now:       time.Now,
		signals:   notifySignals(),
		hangups:   notifyHangups,
	}
}

// isTerminal is true for an *os.File that is a terminal, false for anything else.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// run is the program: it runs the command that args name and returns the exit
// code. It returns, rather than exits, in every case.
func run(ctx context.Context, args []string, d deps) int {
	out := &checkedOut{to: d.stdout}
	if !d.isTerminal(d.stdout) { // a terminal has to be seen for what it is, and does not fill up
		d.stdout = out
	}
	code, left := underSignals(ctx, d.signals, func(ctx context.Context) int {
		root := newRootCmd(d)
		root.SetArgs(args)
		cmd, err := root.ExecuteContextC(ctx)
		if err == nil {
			err = out.failure()
		}
		code := exitCode(ctx, err)
		if err != nil {
			fmt.Fprintln(d.stderr, errorLine(cmd.CommandPath(), err))
		}
		return code
	})
	if left {
		fmt.Fprintln(d.stderr, "udplab: left without waiting for the summary")
	}
	return code
}

const rootLong = `udplab sends the same messages over a bad network twice, once over plain UDP
and once over a reliability layer, and counts every loss, repair and delay.

Every flag can also be set by an environment variable: UDPLAB_<COMMAND>_<FLAG>
or, for all commands that have it, UDPLAB_<FLAG>; dashes become underscores.
The command line wins over the environment. Example: UDPLAB_PROXY_UP_LOSS=5%

Exit codes: 0 ok; 1 failed; 2 usage; 3 an --assert did not hold; 4 peer
unreachable; 129 SIGHUP, 130 SIGINT and 143 SIGTERM cut the work short. The
first Ctrl-C stops, drains for at most 2 s and prints the summary; the second
leaves at once. SIGTERM and SIGHUP, which a closed terminal sends, are as
Ctrl-C; under nohup SIGHUP is ignored.`

// newRootCmd builds the command tree.
//
// To add a command: write newXCmd(d deps) *cobra.Command in x.go, with
// Args: noArguments (or your own), RunE, and nothing else from below; add it
// to the list here. A command must not define a PersistentPreRun of its own,
// it would hide the one that reads the environment. Its RunE gets the context
// that the first Ctrl-C cancels from cmd.Context(), and returns a plain error
// (exit code 1) or one made by usageError, failure, unreachable, assertFailed
// of exit.go. It returns nil after a Ctrl-C if its summary is complete and
// context.Canceled if the signal cut it short.
func newRootCmd(d deps) *cobra.Command {
	root := &cobra.Command{
		Use:           "udplab",
		Short:         "Reliable and unreliable UDP over a bad network, measured",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,                   // cobra's own default, which it sets only where it words the refusal
		Args:                       cobra.ArbitraryArgs, // so that RunE words the refusal
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return usageError(fmt.Errorf("no command given"), "try udplab demo, or udplab --help")
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if d.environ != nil && cmd.Name() != cobra.ShellCompRequestCmd && cmd.Name() != cobra.ShellCompNoDescRequestCmd {
				warnUnknownEnv(cmd, d.environ(), newSay(d))
			}
			return applyEnv(cmd, d.lookupEnv)
		},
	}
	root.SetIn(d.stdin)
	root.SetOut(d.stdout)
	root.SetErr(d.stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newChatCmd(d),
		newProxyCmd(d),
		newScenarioCmd(d),
		newCtlCmd(d),
		newConfigCmd(d),
		newShrinkCmd(d),
		newDemoCmd(d),
		newBenchCmd(d),
		newWiresharkCmd(d),
		newVersionCmd(d),
		newManCmd(d),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	markRunErrors(root)
	return root
}

// markRunErrors wraps every RunE below cmd so that exitCode can tell a failed
// command from a refused command line.
func markRunErrors(cmd *cobra.Command) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := inner(cmd, args); err != nil {
				return &ranError{err}
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		markRunErrors(child)
	}
}
