package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// pollEvery is how often a run looks whether it has come to rest, and
	// quietPolls how many looks in a row must agree: a datagram that left the
	// proxy may still wait in the receiver's socket.
	pollEvery  = 20 * time.Millisecond
	quietPolls = 5
	// drainLimit is how long an interrupted run waits for what is under way.
	drainLimit = 1500 * time.Millisecond
)

// A Run is a demonstration at work. Its methods are safe for concurrent use.
type Run struct {
	cfg           Config
	begun         time.Time
	raw, reliable *halfRun
	done          chan struct{}

	mu    sync.Mutex
	final *Result // what was measured when the messages had come to rest
}

// Start opens the sockets and proxies and sets the run going. The error says
// what is wrong with the configuration or which socket could not be opened.
//
// When ctx ends, the run stops sending, waits at most 1.5 s for what is under
// way, and finishes with what was measured so far.
func Start(ctx context.Context, cfg Config) (*Run, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	raw, err := newRawTransport(&cfg)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	reliable, err := newReliableTransport(&cfg)
	if err != nil {
		raw.close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	return start(ctx, cfg, raw, reliable), nil
}

// start runs over the given transports, which it closes.
func start(ctx context.Context, cfg Config, raw, reliable transport) *Run {
	var observeRaw, observeReliable func(time.Duration)
	if latency := cfg.Instruments.Latency; latency != nil {
		observeRaw, observeReliable = latency.ObserveRaw, latency.ObserveReliable
	}
	r := &Run{cfg: cfg, begun: time.Now(), done: make(chan struct{})}
	r.raw = newHalfRun(&r.cfg, raw, observeRaw)
	r.reliable = newHalfRun(&r.cfg, reliable, observeReliable)
	go r.run(ctx)
	return r
}

func (r *Run) halves() []*halfRun { return []*halfRun{r.raw, r.reliable} }

// run is the whole life of the Run.
func (r *Run) run(ctx context.Context) {
	defer close(r.done)
	each := func(group *sync.WaitGroup, do func(h *halfRun)) {
		for _, h := range r.halves() {
			group.Go(func() { do(h) })
		}
	}
	var opening sync.WaitGroup
	each(&opening, func(h *halfRun) { h.open(ctx) })
	opening.Wait()

	if ctx.Err() == nil {
		r.exchange(ctx, each)
	} else {
		r.finish(false)
	}
	var closing sync.WaitGroup
	each(&closing, func(h *halfRun) { h.transport.close() })
	closing.Wait()
}

// exchange sends and receives until both halves have come to rest. Both use
// the same moment as the start of their schedule.
func (r *Run) exchange(ctx context.Context, each func(*sync.WaitGroup, func(*halfRun))) {
	start := time.Now()
	now := func() time.Duration { return time.Since(start) }
	sending, stopSending := context.WithCancel(ctx)
	receiving, stopReceiving := context.WithCancel(context.WithoutCancel(ctx))
	var senders, receivers sync.WaitGroup
	each(&senders, func(h *halfRun) { h.sendAll(sending, now) })
	each(&receivers, func(h *halfRun) { h.receiveAll(receiving, now) })

	rested := r.rest(ctx)
	stopSending()
	senders.Wait()
	r.finish(rested && r.allSent())
	stopReceiving()
	receivers.Wait()
}

// rest waits until both halves have come to rest, the timeout is over or the
// run was interrupted; the first of these makes it return true.
func (r *Run) rest(ctx context.Context) bool {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	timeout := time.NewTimer(r.cfg.timeout() - time.Since(r.begun))
	defer timeout.Stop()
	interrupted := ctx.Done()
	quiet, before := 0, 0
	for quiet < quietPolls {
		select {
		case <-interrupted:
			interrupted = nil
			timeout.Reset(drainLimit)
		case <-timeout.C:
			r.blameTimeout(ctx)
			return false
		case <-ticker.C:
			settled, arrivals := r.settled()
			if settled && arrivals == before {
				quiet++
			} else {
				quiet = 0
			}
			before = arrivals
		}
	}
	return true
}

func (r *Run) settled() (all bool, arrivals int) {
	all = true
	for _, h := range r.halves() {
		done, n := h.settled()
		all = all && done
		arrivals += n
	}
	return all, arrivals
}

// allSent reports whether every message of the run fell due in both halves: an
// interrupt that comes later cuts nothing short.
func (r *Run) allSent() bool {
	return r.raw.tally.half().Sent == r.cfg.Messages && r.reliable.tally.half().Sent == r.cfg.Messages
}

// errTimeout is why a half that had not come to rest is not complete.
var errTimeout = errors.New("the time was up before everything had arrived")

func (r *Run) blameTimeout(ctx context.Context) {
	if ctx.Err() != nil {
		return // the user wanted it so
	}
	for _, h := range r.halves() {
		if done, _ := h.settled(); !done {
			h.fail(errTimeout, false)
		}
	}
}

// finish fixes the result: what has not arrived is lost.
func (r *Run) finish(complete bool) {
	for _, h := range r.halves() {
		h.tally.finish()
	}
	result := r.measure()
	result.Complete = complete
	r.mu.Lock()
	defer r.mu.Unlock()
	r.final = &result
}

func (r *Run) measure() Result {
	result := newResult(&r.cfg)
	result.Seconds = time.Since(r.begun).Round(time.Millisecond).Seconds()
	result.Raw, result.Reliable = r.raw.half(), r.reliable.half()
	return result
}

// Snapshot returns what was measured so far, or in the end.
func (r *Run) Snapshot() Result {
	r.mu.Lock()
	final := r.final
	r.mu.Unlock()
	if final != nil {
		return *final
	}
	return r.measure()
}

// Done is closed when the run is over and everything it opened is closed.
func (r *Run) Done() <-chan struct{} { return r.done }

// Wait waits for the end of the run and returns the result.
func (r *Run) Wait() Result {
	<-r.done
	return r.Snapshot()
}
