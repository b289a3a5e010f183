// Command rival measures udplab's library and the other ways to move bytes in
// one run on one machine, in turn, and holds the bars of the fast path against
// the figures.
//
//	cd bench/rival && go run .
//	go run . --only bulk,ping --contenders ours,quic-go --repetitions 5
//	go run . --quick
//
// Each run of a contender is made in a process of its own, which is this program
// once more: one that crashes or hangs fails alone, and leaves nothing behind.
//
// It is a module of its own, so that users of the library never download its
// rivals. What is measured, how, and what is unfair to whom: bench/METHOD.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"udplab/bench/profile"
	"udplab/bench/rival/contender"
	"udplab/bench/rival/record"
	"udplab/bench/rival/workload"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal leaves at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 130
)

// options are the flags.
type options struct {
	only, contenders    string
	repetitions, packet int
	quick               bool
	out, markdown       string
	profile             profile.Files
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("rival", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.only, "only", "", "workloads, separated by commas, by name or by what stands before its dash (default all): "+strings.Join(workloadNames(), ", "))
	f.StringVar(&o.contenders, "contenders", "", "who takes part, separated by commas (default all): "+strings.Join(contenderNames(), ", "))
	f.IntVar(&o.repetitions, "repetitions", 5, "runs of each contender at each workload")
	f.IntVar(&o.packet, "packet", 1452, "size of full datagrams, bytes of UDP payload")
	f.BoolVar(&o.quick, "quick", false, "one repetition of a second or so: does it still run?")
	f.StringVar(&o.out, "out", "", "write the record, JSON, to this file (- is stdout)")
	f.StringVar(&o.markdown, "markdown", "", "write the tables to this file instead of stdout")
	f.StringVar(&o.profile.CPU, "cpuprofile", "", "write a CPU profile of the whole run to this file; samples carry the labels workload and contender. All runs are then made in this process: who crashes ends it")
	f.StringVar(&o.profile.Memory, "memprofile", "", "write a profile of all allocations of the run to this file. All runs are then made in this process: who crashes ends it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.repetitions < 1 {
		return o, fmt.Errorf("repetitions %d: at least 1", o.repetitions)
	}
	if o.packet < 1200 || o.packet > 1452 {
		// Larger ones are what bulk-jumbo is for; quic-go sends none.
		return o, fmt.Errorf("packet %d: from 1200 to 1452", o.packet)
	}
	if o.quick {
		o.repetitions = 1
	}
	return o, nil
}

func workloadNames() []string {
	var names []string
	for _, w := range workload.All() {
		names = append(names, w.Name)
	}
	return names
}

func contenderNames() []string {
	var names []string
	for _, c := range contender.All() {
		names = append(names, c.Name)
	}
	return names
}

// profiled says that profiles are wanted: they are of one process, so that
// everything has to run in this one.
func (o options) profiled() bool { return o.profile.CPU != "" || o.profile.Memory != "" }

// plan is what the flags ask for.
func (o options) plan() (plan, error) {
	p := plan{repetitions: o.repetitions, settings: workload.Settings{Packet: o.packet, Quick: o.quick}}
	names := list(o.contenders)
	if len(names) == 0 {
		names = contenderNames()
	}
	var err error
	if p.contenders, err = contender.Find(names); err != nil {
		return p, err
	}
	var unknown []string
	if p.workloads, unknown = choose(workload.All(), list(o.only)); len(unknown) > 0 {
		return p, fmt.Errorf("no workload %s", strings.Join(unknown, ", "))
	}
	return p, nil
}

func list(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if code, ok := part(ctx, args, workload.All(), stdout, stderr); ok {
		return code
	}
	fail := func(code int, err error) int {
		fmt.Fprintln(stderr, "rival:", err)
		return code
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return fail(exitUsage, err)
	}
	p, err := o.plan()
	if err != nil {
		return fail(exitUsage, err)
	}
	if !o.profiled() {
		p.way = (&apart{stderr: stderr}).trial
	}
	p.told = func(name string, outcome workload.Outcome) { tell(stderr, name, outcome) }

	finish, err := o.profile.Start()
	if err != nil {
		return fail(exitFailed, err)
	}
	r := &record.Record{
		Schema: record.Schema, Started: time.Now(), Command: append([]string{"rival"}, args...),
		Commit: record.Commit(ctx), Machine: record.Here(), Modules: record.BuiltWith(),
		Packet: o.packet, Repetitions: o.repetitions, Quick: o.quick,
	}
	r.Enter(p.contenders)
	p.run(ctx, r)
	r.Finish()
	if err := errors.Join(finish(), o.write(r, p.workloads, stdout)); err != nil {
		return fail(exitFailed, err)
	}
	if !r.Complete {
		return exitSignal
	}
	return exitOK
}

// tell is a line of progress.
func tell(w io.Writer, name string, o workload.Outcome) {
	var figures []string
	for key, v := range o.Values {
		figures = append(figures, fmt.Sprintf("%s %.4g", key, v))
	}
	slices.Sort(figures)
	if o.Failed != "" {
		figures = append(figures, "FAILED: "+o.Failed)
	}
	fmt.Fprintf(w, "%s %s: %s\n", o.Row, name, strings.Join(figures, ", "))
}

// write writes the record where the flags say.
func (o options) write(r *record.Record, workloads []workload.Workload, stdout io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	switch o.out {
	case "":
	case "-":
		if _, err := stdout.Write(text); err != nil {
			return err
		}
	default:
		if err := os.WriteFile(o.out, text, 0o644); err != nil {
			return err
		}
	}
	page := r.Markdown(workloads)
	if o.markdown != "" {
		return os.WriteFile(o.markdown, []byte(page), 0o644)
	}
	if o.out == "-" {
		return nil
	}
	_, err = io.WriteString(stdout, page)
	return err
}
