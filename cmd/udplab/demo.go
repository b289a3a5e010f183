package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"udplab/cmd/internal/classes"
	"udplab/cmd/internal/demo"
	"udplab/cmd/internal/netflags"
	"udplab/cmd/internal/terminal"
	"udplab/cmd/internal/units"
	"udplab/lossy"
	"udplab/metrics"
)

const demoLong = `Demo sends the same numbered messages over the same bad network twice, at the
same time: once in raw mode, plain UDP with numbers, and once in reliable mode.
Both use real sockets on this machine with a proxy in between that loses,
delays, reorders, duplicates and damages datagrams; the same seed and the same
settings for both modes, in both directions.

A table shows both modes while they run. At the end a verdict says what the
network did, what it did to the messages of raw mode, how reliable mode
repaired it and what that cost. Latency counts from the moment a message was
due, so a mode that falls behind cannot hide it.

` + netflags.Help + `

` + netflags.NetemHelp + `

The end is 0 if reliable mode delivered every message exactly once, in order
and intact, and 1 if not. Ctrl-C stops sending and shows what was measured so
far. -o json prints one object (udplab/demo/v1) whose halves, raw and reliable,
have the same keys.`

const demoExample = `  udplab demo
  udplab demo --loss 20% --burst 4 --seed 7
  udplab demo --messages 2000 --message-rate 400 --rate 500kbit --queue 200ms
  udplab demo -o json | jq '.raw.lost, .reliable.lost'`

// How often the table is redrawn, and how often a log gets a line.
const (
	tableEvery = 100 * time.Millisecond
	lineEvery  = time.Second
)

// demoOptions is what the flags of `udplab demo` say.
type demoOptions struct {
	messages int
	size     units.Size
	rate     float64
	seed     uint64
	network  *netflags.Flags
	timeout  units.Duration
	hold     bool
	metrics  metricsFlag
	format   *outputFormat
}

func newDemoCmd(d deps) *cobra.Command {
	defaults := demo.DefaultConfig()
	o := &demoOptions{size: units.Size(defaults.Size), format: newOutputFormat(formatText, formatJSON)}
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Show what a bad network does to raw and to reliable mode",
		Long:    demoLong,
		Example: demoExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, _, preset := o.network.Preset(); !preset {
				fitJitter(cmd.Flags())
			}
			return o.run(cmd.Context(), d, newSay(d))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&o.messages, "messages", defaults.Messages, "how many messages each mode sends")
	f.Var(&o.size, "size", "size of a message")
	f.Float64Var(&o.rate, "message-rate", defaults.Rate, "messages a second")
	f.Uint64Var(&o.seed, "seed", defaults.Network.Seed, "decides every fate")
	o.network = netflags.Add(f, demo.DefaultProfile())
	offerPresets(cmd)
	f.Var(&o.timeout, "timeout", "end the run after this long; 0 = the messages' time and 10s")
	f.BoolVar(&o.hold, "hold", false, "keep the metrics up until Ctrl-C")
	o.metrics.addTo(cmd)
	o.metrics.address = "127.0.0.1:0"
	f.Lookup("metrics").DefValue = o.metrics.address
	o.format.addTo(cmd)
	return cmd
}

// fitJitter lowers a jitter that nobody asked for to a delay that somebody did,
// so that `udplab demo --delay 5ms` is no contradiction.
func fitJitter(f *pflag.FlagSet) {
	for _, direction := range []string{"", "up-", "down-"} {
		delay, jitter := f.Lookup(direction+"delay"), f.Lookup(direction+"jitter")
		if !delay.Changed || jitter.Changed || f.Changed("jitter") {
			continue
		}
		limit, err := lossy.ParseDuration(delay.Value.String())
		if err == nil && limit < demo.DefaultProfile().Jitter {
			err = jitter.Value.Set(limit.String())
		}
		if err != nil {
			panic("BUG: a delay the flag accepted: " + err.Error())
		}
	}
}

// config checks the flags and makes them a configuration.
func (o *demoOptions) config() (demo.Config, error) {
	c := demo.Config{Messages: o.messages, Rate: o.rate, Timeout: time.Duration(o.timeout), Classify: classes.Of}
	c.Size = int(min(o.size, math.MaxInt32)) // what is too large stays so
	network, err := o.network.Config()
	if err != nil {
		return c, usageError(err, "see udplab demo --help")
	}
	if err := plainPreset(o.network); err != nil {
		return c, err
	}
	c.Network = network
	c.Network.Seed = o.seed
	if err := c.Validate(); err != nil {
		return c, usageError(err, "see udplab demo --help")
	}
	return c, nil
}

// run is the command.
func (o *demoOptions) run(ctx context.Context, d deps, say *say) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	notePreset(say, o.network)
	tellNetwork(say, o.network, cfg.Network, false)
	to := demo.Instruments{
		Raw: metrics.NewRaw(), Reliable: metrics.NewReliable(),
		Proxy: metrics.NewProxy(), Latency: metrics.NewLatency(),
	}
	cfg.Instruments = to
	stopMetrics, err := o.metrics.serve(say, to.Raw, to.Reliable, to.Proxy, to.Latency)
	if err != nil {
		return err
	}
	defer stopMetrics()
	run, err := demo.Start(ctx, cfg)
	if err != nil {
		return failure(err, "close what holds the sockets of this machine")
	}
	watchDemo(run, say, demoView{say.width() - 1, terminal.Colour(say.live, d.lookupEnv)})
	result := run.Wait()
	if err := o.show(&cfg, &result, d, say); err != nil {
		return err
	}
	if o.hold && ctx.Err() == nil {
		say.note("the run is over; the metrics stay until Ctrl-C")
		<-ctx.Done()
	}
	return demoOutcome(&result)
}

// watchDemo shows the run until it is over: a table that moves on a terminal, a
// line a second elsewhere.
func watchDemo(run *demo.Run, say *say, view demoView) {
	every := lineEvery
	if say.live {
		every = tableEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	block := liveBlock{w: say.stderr}
	defer block.erase()
	for {
		select {
		case <-run.Done():
			return
		case <-ticker.C:
		}
		result := run.Snapshot()
		if !say.live {
			say.note("%s", view.line(&result))
			continue
		}
		view.width = say.width() - 1
		block.draw(view.table(&result))
	}
}

// reportWidth is where lines of the final text end when stdout is no terminal,
// and the longest that are still read with ease.
const reportWidth = 80

// show prints the result on stdout.
func (o *demoOptions) show(cfg *demo.Config, result *demo.Result, d deps, say *say) error {
	if o.format.is(formatJSON) {
		return say.object(result)
	}
	toTerminal := d.isTerminal(d.stdout)
	view := demoView{reportWidth, terminal.Colour(toTerminal, d.lookupEnv)}
	if toTerminal {
		view.width = min(view.width, say.width())
	}
	say.data("%s", view.report(cfg, result))
	return nil
}

// interruptedError is the end of a run that a signal cut short.
type interruptedError struct{ sent, of int }

func (e *interruptedError) Error() string {
	return fmt.Sprintf("interrupted after %d of %d messages", e.sent, e.of)
}

// Is makes it a cancellation, whose exit code is the signal's.
func (e *interruptedError) Is(target error) bool { return target == context.Canceled }

// demoOutcome is the error of a run in which reliable mode broke its promise,
// or which did not get to its end.
func demoOutcome(r *demo.Result) error {
	h := &r.Reliable
	if h.ExactlyOnce() && r.Complete {
		return nil
	}
	if h.Error == "" && !r.Complete {
		return &interruptedError{h.Sent, r.Config.Messages}
	}
	var faults []string
	for _, row := range demoRows() {
		if row.isFault(h) {
			faults = append(faults, fmt.Sprintf("%s %s", row.value(h), row.name))
		}
	}
	text := fmt.Sprintf("reliable mode did not deliver every message exactly once: %s of %d", strings.Join(faults, ", "), h.Sent)
	if len(faults) == 0 {
		text = "reliable mode did not come to its end"
	}
	if h.Error != "" {
		text += " (" + h.Error + ")"
	}
	return failure(errors.New(text), "give a worse network more time with --timeout")
}
