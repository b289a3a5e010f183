package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"udplab/bench/table"
	"udplab/cmd/internal/units"
	"udplab/reliable/congestion"
)

const benchTableLong = `Table measures what the engine must reach on bad networks and judges it, case by
case: bulk data at several rates and losses, bursts, reordering, two flows that
share a bottleneck, how long small messages take, what a chat waits beside bulk,
whether deadlines are kept, the queue that stands in the bottleneck, single
losses, handshakes.

The simulator decides: each case runs in virtual time with several seeds, and
the median is held against the target. These figures are the same on every
machine. The sockets column shows the same case once over real sockets on
loopback, through the proxy, for at most 5 s (small messages 8 s, two flows 10 s);
it decides nothing, depends on this machine, and where it differs by more than
5 % the table says why. What is measured, and how: bench/METHOD.md.

The exit code is 1 if a case misses its target. Ctrl-C ends the run and shows
the cases that were finished. -o json prints one object (udplab/bench-table/v1).`

const benchTableExample = `  udplab bench table
  udplab bench table --sockets=false
  udplab bench table --case '^bulk-1$' --congestion newreno --seeds 20 --sockets=false
  udplab bench table --case '^bulk-1$' --sockets=false --cpuprofile cpu.out && go tool pprof -top cpu.out
  udplab bench table -o json | jq '.rows[] | select(.verdict == "MISS")'`

var errNoBench = errors.New("no benchmark given")

// Forms of -o that only tables have.
const (
	formatCSV      = "csv"
	formatMarkdown = "md"
)

// benchTableOptions is what the flags of `udplab bench table` say.
type benchTableOptions struct {
	table.Options
	profile  profileFlag
	cases    string
	duration units.Duration
	format   *outputFormat
}

func newBenchTableCmd(d deps) *cobra.Command {
	o := &benchTableOptions{
		Options: table.DefaultOptions(),
		format:  newOutputFormat(formatText, formatJSON, formatCSV, formatMarkdown),
	}
	o.duration = units.Duration(o.Duration)
	cmd := &cobra.Command{
		Use:     "table",
		Short:   "Measure every target of the engine and judge it",
		Long:    benchTableLong,
		Example: benchTableExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), d, newSay(d))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.cases, "case", "", "only the cases whose name matches this regular expression")
	f.IntVar(&o.Seeds, "seeds", o.Seeds, "runs of each case in the simulator")
	f.Var(&o.duration, "duration", "length of bulk in the simulator; two flows take four times as long")
	f.IntVar(&o.Messages, "messages", o.Messages, "messages of a paced flow in the simulator")
	f.IntVar(&o.Packet, "packet", o.Packet, "largest datagram, bytes of UDP payload")
	f.StringVar(&o.Congestion, "congestion", "", "congestion controller of single flows, the library's default if not given: "+strings.Join(congestion.Names(), ", "))
	f.BoolVar(&o.Sockets, "sockets", o.Sockets, "run each case over real sockets too")
	o.profile.addTo(cmd)
	o.format.addTo(cmd)
	complete := cobra.FixedCompletions(congestion.Names(), cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("congestion", complete); err != nil {
		panic("BUG: " + err.Error()) // the flag was added above
	}
	return cmd
}

// options checks the flags.
func (o *benchTableOptions) options() (table.Options, error) {
	const try = "see udplab bench table --help"
	opts := o.Options
	opts.Duration = time.Duration(o.duration)
	if o.cases != "" {
		match, err := regexp.Compile(o.cases)
		if err != nil {
			return opts, usageError(fmt.Errorf("case %q: not a regular expression", o.cases), try)
		}
		opts.Cases = match
	}
	if err := opts.Validate(); err != nil {
		return opts, usageError(err, try)
	}
	return opts, nil
}

// run is the command.
func (o *benchTableOptions) run(ctx context.Context, d deps, say *say) error {
	opts, err := o.options()
	if err != nil {
		return err
	}
	finish, err := o.profile.start()
	if err != nil {
		return err
	}
	report := table.Run(ctx, opts, func(done, of int, what string) {
		say.progress("%d of %d: %s", done, of, what)
	})
	if err := finish(); err != nil {
		return failure(fmt.Errorf("the profiles are not complete: %w", err), "give files on a disk with room")
	}
	if err := o.show(report, d, say); err != nil {
		return err
	}
	if !report.Complete {
		return &cutShortError{report.Summary()}
	}
	if report.Missed > 0 {
		return failure(errors.New(report.Summary()), "see the rows marked MISS")
	}
	return nil
}

// show prints the report on stdout.
func (o *benchTableOptions) show(r *table.Report, d deps, say *say) error {
	switch o.format.value {
	case formatJSON:
		return say.object(r)
	case formatCSV:
		var b strings.Builder
		if err := r.WriteCSV(&b); err != nil {
			return err
		}
		say.data("%s", strings.TrimSuffix(b.String(), "\n"))
	case formatMarkdown:
		say.data("%s", r.Markdown())
	default:
		width := reportWidth
		if d.isTerminal(d.stdout) {
			width = min(width, say.width())
		}
		say.data("%s", r.Text(width))
	}
	return nil
}

// cutShortError is the end of a run that a signal ended.
type cutShortError struct{ summary string }

func (e *cutShortError) Error() string { return "interrupted: " + e.summary }

// Is makes it a cancellation, whose exit code is the signal's.
func (e *cutShortError) Is(target error) bool { return target == context.Canceled }
