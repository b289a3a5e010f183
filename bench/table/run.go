package table

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"udplab/reliable/congestion"
)

// Options say what of the table is run, and how. There is no useful zero
// value: take DefaultOptions and change it.
type Options struct {
	Seeds      int            // runs in the simulator, with seeds 1, 2, 3 ...
	Cases      *regexp.Regexp // the cases whose names match; nil for all
	Sockets    bool           // run over real sockets as well
	Congestion string         // controller of the single flows; "" for the library's default
	Duration   time.Duration  // of bulk in the simulator; two flows take four times as long
	Messages   int            // of a paced flow in the simulator
	Packet     int            // largest datagram, bytes of UDP payload
}

// DefaultOptions are what the targets are about.
func DefaultOptions() Options {
	return Options{Seeds: 5, Sockets: true, Duration: 15 * time.Second, Messages: 20_000, Packet: 1452}
}

// Bounds of Options.
const (
	MaxSeeds    = 10_000
	MinDuration = time.Second
	MaxDuration = time.Hour
	MinMessages = 1000 // fewer have no 99.9th percentile
	MaxMessages = 10_000_000
	MinPacket   = 1200
	MaxPacket   = 65507
)

// Validate reports the first option that is out of range.
func (o Options) Validate() error {
	switch {
	case o.Seeds < 1 || o.Seeds > MaxSeeds:
		return fmt.Errorf("seeds %d: must be between 1 and %d", o.Seeds, MaxSeeds)
	case o.Duration < MinDuration || o.Duration > MaxDuration:
		return fmt.Errorf("duration %v: must be between %v and %v", o.Duration, MinDuration, MaxDuration)
	case o.Messages < MinMessages || o.Messages > MaxMessages:
		return fmt.Errorf("messages %d: must be between %d and %d", o.Messages, MinMessages, MaxMessages)
	case o.Packet < MinPacket || o.Packet > MaxPacket:
		return fmt.Errorf("packet %d: must be between %d and %d bytes", o.Packet, MinPacket, MaxPacket)
	case o.Congestion != "" && congestion.Named(o.Congestion) == nil:
		return fmt.Errorf("congestion %q: there is no controller of that name, only %s",
			o.Congestion, strings.Join(congestion.Names(), ", "))
	case len(o.cases()) == 0:
		return fmt.Errorf("case %q: matches no case", o.Cases)
	}
	return nil
}

func (o Options) cases() []Case {
	var chosen []Case
	for _, c := range Cases() {
		if o.Cases == nil || o.Cases.MatchString(c.Name) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

func (o Options) settings() settings {
	s := settings{duration: o.Duration, flows: flowsFactor * o.Duration, messages: o.Messages, packet: o.Packet}
	if o.Congestion != "" {
		s.congestion = congestion.Named(o.Congestion)
	}
	return s
}

const (
	// flowsFactor makes 60 s of the default of 15 s.
	flowsFactor = 4
	// What bulk, two flows and a paced flow take over sockets at most, where time
	// is real.
	socketDuration, socketFlows, socketPaced = 5 * time.Second, 10 * time.Second, 8 * time.Second
)

// onSockets are the settings for real sockets.
func (o Options) onSockets() settings {
	s := o.settings()
	s.duration, s.flows, s.paced = min(s.duration, socketDuration), min(s.flows, socketFlows), socketPaced
	return s
}

// Run runs the chosen cases: all that is simulated first, on all cores, then
// what goes over sockets, one case after the other so that none disturbs
// another. progress is called before each piece of work, by one goroutine at a
// time. When ctx ends the report holds what was finished, and says so.
func Run(ctx context.Context, o Options, progress func(done, of int, what string)) *Report {
	cases := o.cases()
	outcomes := make([]outcome, len(cases))
	r := &runner{ctx: ctx, progress: progress}
	for _, c := range cases {
		r.of += c.seeds(o)
	}
	if o.Sockets {
		r.of += 2 * len(cases)
	}
	r.simulateAll(o, cases, outcomes)
	if o.Sockets {
		for i, c := range cases {
			if ctx.Err() != nil {
				break
			}
			r.step(c.Name + " over sockets")
			figures, err := c.work.overSockets(ctx, o.onSockets())
			outcomes[i].sockets = attempt{figures, err, ctx.Err() == nil}
			r.finished()
		}
	}
	return newReport(o, cases, outcomes)
}

// outcome is all that was measured of one case.
type outcome struct {
	seeds   []attempt // in the order of the seeds
	short   attempt   // simulated for as long as over sockets, with the first seed
	sockets attempt
}

// attempt is one run.
type attempt struct {
	figures  Figures
	err      error
	complete bool // it was not cut short
}

// runner counts the pieces of work.
type runner struct {
	ctx      context.Context
	mu       sync.Mutex
	progress func(done, of int, what string)
	done, of int
}

func (r *runner) step(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress(r.done, r.of, what)
}

func (r *runner) finished() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
}

// simulateAll runs every case with every seed on as many goroutines as there
// are cores. Where a result goes follows from the case and the seed alone.
func (r *runner) simulateAll(o Options, cases []Case, outcomes []outcome) {
	jobs := make(chan func())
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for job := range jobs {
				job()
			}
		})
	}
	simulate := func(c Case, s settings, seed uint64, into *attempt) {
		jobs <- func() {
			if r.ctx.Err() != nil {
				return
			}
			r.step(fmt.Sprintf("%s simulated, seed %d", c.Name, seed))
			figures, err := c.work.simulate(r.ctx, s, seed)
			*into = attempt{figures, err, r.ctx.Err() == nil}
			r.finished()
		}
	}
	for i, c := range cases {
		outcomes[i].seeds = make([]attempt, c.seeds(o))
		for n := range outcomes[i].seeds {
			simulate(c, o.settings(), uint64(n+1), &outcomes[i].seeds[n])
		}
		if o.Sockets {
			simulate(c, o.onSockets(), 1, &outcomes[i].short)
		}
	}
	close(jobs)
	workers.Wait()
}
