package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// clock is the time since the run started.
type clock func() time.Duration

// A halfRun is one mode at work: a goroutine that sends on schedule and one
// that receives into the tally.
type halfRun struct {
	cfg       *Config
	transport transport
	tally     *tally

	mu       sync.Mutex
	connect  time.Duration
	failure  error // the first thing that went wrong
	broken   bool  // nothing can arrive any more
	departed bool  // every message due has been given to the transport
}

func newHalfRun(cfg *Config, t transport, observe func(time.Duration)) *halfRun {
	return &halfRun{cfg: cfg, transport: t, tally: newTally(cfg.Messages, cfg.Size, observe)}
}

// open connects the transport. A half that cannot connect still has its
// messages fall due: the application wanted to send them.
func (h *halfRun) open(ctx context.Context) {
	attempt, cancel := context.WithTimeout(ctx, h.cfg.connectTimeout())
	defer cancel()
	begun := time.Now()
	err := h.transport.connect(attempt)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.connect = time.Since(begun)
	if err != nil && ctx.Err() == nil {
		h.failure, h.broken = &ConnectError{h.connect.Round(time.Millisecond), err}, true
	}
}

// ConnectError says that the two peers of a half never got a connection.
type ConnectError struct {
	After time.Duration // how long they tried
	Err   error
}

// Error is for the Half and for people.
func (e *ConnectError) Error() string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return fmt.Sprintf("no connection: no answer within %v", e.After.Round(100*time.Millisecond))
	}
	return "no connection: " + e.Err.Error()
}

// Unwrap gives the transport's own error.
func (e *ConnectError) Unwrap() error { return e.Err }

func (h *halfRun) isBroken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.broken
}

// fail remembers the first thing that went wrong.
func (h *halfRun) fail(err error, broken bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failure == nil {
		h.failure = err
	}
	h.broken = h.broken || broken
}

// sendAll gives each message to the transport when it is due, until the
// context ends.
func (h *halfRun) sendAll(ctx context.Context, now clock) {
	defer h.depart()
	plan := h.cfg.schedule()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var message []byte
	for index := range h.cfg.Messages {
		due := plan.due(index)
		if wait := due - now(); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		}
		// A transport that made the sender wait let others fall due as well.
		h.tally.offered(plan.count(now()))
		message = appendMessage(message[:0], index, due, h.cfg.Size)
		if h.isBroken() {
			continue
		}
		if err := h.transport.send(ctx, message); err != nil && ctx.Err() == nil {
			h.fail(err, false) // this message is lost, the next may pass
		}
		if ctx.Err() != nil {
			h.tally.offered(plan.count(now()))
			return
		}
	}
}

func (h *halfRun) depart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.departed = true
}

// receiveAll hands what arrives to the tally until the transport is closed or
// the context ends.
func (h *halfRun) receiveAll(ctx context.Context, now clock) {
	for !h.isBroken() {
		payload, intact, err := h.transport.receive(ctx)
		if err != nil {
			if ctx.Err() == nil {
				h.fail(err, true)
			}
			return
		}
		h.tally.arrived(now(), payload, intact)
	}
}

// settled reports that nothing more will arrive: everything was sent, the
// peers have nothing left to do and the network is empty. arrivals tells two
// such moments apart between which something did arrive.
func (h *halfRun) settled() (done bool, arrivals int) {
	h.mu.Lock()
	departed, broken := h.departed, h.broken
	h.mu.Unlock()
	arrivals = h.tally.arrivals()
	network := h.transport.network()
	empty := network.Up.Link.PacketsInFlight+network.Down.Link.PacketsInFlight == 0
	return departed && (broken || empty && h.transport.idle()), arrivals
}

// half is what was measured so far.
func (h *halfRun) half() Half {
	half := h.tally.half()
	network := h.transport.network()
	half.Network = networkOf(&network)
	half.WireBytes = network.Up.BytesReceived + network.Down.BytesReceived
	half.Retransmits = h.transport.retransmits()
	h.mu.Lock()
	defer h.mu.Unlock()
	half.Connect = millis(h.connect)
	if h.failure != nil {
		half.Error = h.failure.Error()
	}
	return half
}
