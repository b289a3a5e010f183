package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/lossy/evidence"
	"udplab/lossy/settings"
)

const shrinkLong = `Shrink finds out which drops of a log make a program fail. COMMAND is run again
and again with ever fewer of them, until none can be spared, and the list that
is left is printed: as flags, as a whole command, and as a Go test.

COMMAND fails when it ends with another code than 0, or takes longer than
--timeout. It meets the network in one of two ways:
  With --upstream, shrink runs a proxy for each trial, as the log's header has
  it, but that it drops what is on the list and nothing else. COMMAND finds its
  address where its arguments say {listen}, and in UDPLAB_PROXY.
  Without, COMMAND brings its own udplab, and gives it the list: the file that
  {drops} and UDPLAB_DROPS name is a log with nothing but the drops, for
  udplab proxy --replay or udplab chat --replay.

What a program does must depend on the drops alone. Flows are told apart by the
order in which they appear, or by --flow. For one that fails now and then,
--repeat tries each list several times: it then fails if any of them fails, with
--fails=all if all do. The log's rate, delay and the rest stay as they were; the
queue becomes so long that it drops nothing. --profile=none leaves only drops.

Ctrl-C prints the best list so far. -o json prints one object (udplab/shrink/v1).`

const shrinkExample = `  udplab proxy --upstream 127.0.0.1:9002 --loss 10% --log run.jsonl
  udplab shrink --log run.jsonl --upstream 127.0.0.1:9002 -- ./client {listen}
  udplab shrink --log run.jsonl -- sh -c './test.sh --replay "$UDPLAB_DROPS"'`

// shrinkOptions is what the flags of `udplab shrink` say.
type shrinkOptions struct {
	log, out         string
	listen, upstream string
	profile, fails   string
	goTest           string
	repeat, trials   int
	timeout          units.Duration
	show             bool
	flows            flowsFlag
	format           *outputFormat
	command          []string
}

func newShrinkCmd(d deps) *cobra.Command {
	o := &shrinkOptions{timeout: units.Duration(30 * time.Second), format: newOutputFormat(formatText, formatJSON)}
	cmd := &cobra.Command{
		Use:     "shrink --log FILE [--upstream HOST:PORT] -- COMMAND [ARGUMENTS]",
		Short:   "Find the few drops of a log that make a program fail",
		Long:    shrinkLong,
		Example: shrinkExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(errors.New("no command given"), "put it last, as in udplab shrink --log run.jsonl --upstream 127.0.0.1:9002 -- ./client {listen}")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.command = args
			return o.run(cmd.Context(), d, newSay(d))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.SetInterspersed(false)
	f.StringVar(&o.log, "log", "", "the log of a run in which the command failed")
	f.StringVar(&o.upstream, "upstream", "", "address of the service behind the proxy of each trial, host:port")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of that proxy, host:port; no host = 127.0.0.1; port 0 = choose")
	f.StringVar(&o.profile, "profile", "log", "what else that proxy does: log, as the log has it, or none")
	f.Var(&o.flows, "flow", "give the client at an address a flow by name, as the log has it; repeatable")
	f.IntVar(&o.repeat, "repeat", 1, "run the command this often with each list")
	f.StringVar(&o.fails, "fails", "any", "a list fails if any of those runs does, or all")
	f.Var(&o.timeout, "timeout", "a run that takes longer has failed")
	f.IntVar(&o.trials, "trials", 1000, "most lists that are tried")
	f.BoolVar(&o.show, "show", false, "show what the command prints, on stderr")
	f.StringVar(&o.out, "out", "", "write the list to this file too, as a log for --replay")
	f.StringVar(&o.goTest, "go-test", "", "write the Go test to this file instead of printing it")
	o.format.addTo(cmd)
	return cmd
}

// check refuses flags that cannot be.
func (o *shrinkOptions) check() error {
	wrong := func(flag, value, try string) error {
		return usageError(fmt.Errorf("--%s %s cannot be", flag, value), try)
	}
	switch {
	case o.log == "":
		return usageError(errors.New("no log given"), "give one that udplab proxy --log FILE wrote with --log FILE")
	case o.repeat < 1:
		return wrong("repeat", fmt.Sprint(o.repeat), "give at least 1")
	case o.trials < 2:
		return wrong("trials", fmt.Sprint(o.trials), "give at least 2")
	case o.timeout <= 0:
		return wrong("timeout", o.timeout.String(), "give a time above 0")
	case o.fails != "any" && o.fails != "all":
		return wrong("fails", fmt.Sprintf("%q", o.fails), "give any or all")
	case o.profile != "log" && o.profile != "none":
		return wrong("profile", fmt.Sprintf("%q", o.profile), "give log or none")
	}
	return keepFiles([]namedFile{{"out", o.out}, {"go-test", o.goTest}}, []namedFile{{"log", o.log}})
}

// network is what the proxy of a trial does beside dropping.
func (o *shrinkOptions) network(rec *evidence.Recording) (lossy.Config, error) {
	c := lossy.Config{Seed: rec.Seed}
	if o.profile == "none" {
		return c, nil
	}
	object := fmt.Appendf(nil, `{"up":%s,"down":%s}`, orEmpty(rec.Up), orEmpty(rec.Down))
	if err := settings.Parse(object, &c); err != nil {
		return c, usageError(fmt.Errorf("--log %s: line 1: %w", o.log, err), "leave all but the drops out with --profile none")
	}
	c.Up, c.Down = evidence.Lossless(c.Up), evidence.Lossless(c.Down)
	return c, nil
}

func orEmpty(object []byte) []byte {
	if len(object) == 0 {
		return []byte("{}")
	}
	return object
}

// run is the command.
func (o *shrinkOptions) run(ctx context.Context, d deps, say *say) error {
	if err := o.check(); err != nil {
		return err
	}
	rec, err := readRecording("log", o.log)
	if err != nil {
		return err
	}
	drops := rec.Drops()
	if len(drops) == 0 {
		return usageError(fmt.Errorf("--log %s has no drops", o.log), "give the log of a run that lost something")
	}
	network, err := o.network(rec)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "udplab-shrink-")
	if err != nil {
		return failure(err, "")
	}
	defer os.RemoveAll(folder)
	s := &shrinking{shrinkOptions: o, say: say, network: network, drops: drops, folder: folder, oneFlow: rec.Flows() == 1}
	if o.show {
		s.show = d.stderr
	}
	m, err := s.minimise(ctx)
	if m == nil {
		return err
	}
	if reported := s.report(m); reported != nil {
		return reported
	}
	return err
}
