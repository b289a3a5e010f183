package workload

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"udplab/bench/rival/contender"
)

var connectMetrics = []Metric{
	{Key: "connects_s", Title: "connects/s", More: true},
	{Key: "cpu_us_per_connect", Title: "CPU µs, both ends", Digits: 1},
	{Key: "allocs_per_connect", Title: "allocs", Digits: 0},
}

// connecting is how many connections are being opened at any time: enough to
// keep two cores busy, so that the work counts and not the wait.
const connecting = 8

// connects open connections one after the other in 8 goroutines: dial, one
// message there and back, close. The message is what makes contenders
// comparable: some have no handshake, others tell the listener only of
// connections with data.
func connects() Workload {
	return Workload{
		Name: "connects", Rows: []string{"connects"}, Metrics: connectMetrics, Main: "connects_s", Takes: notRaw,
		Run: one("connects", 40*time.Second, runConnects),
	}
}

// notRaw are the contenders that have connections.
func notRaw(c contender.Contender) bool { return !c.Raw }

// reception accepts connections and answers one message on each.
type reception struct {
	listener contender.Listener
	silent   bool // peers don't tell when they close
	work     sync.WaitGroup
}

func (r *reception) run(ctx context.Context) {
	for {
		p, err := r.listener.Accept(ctx)
		if err != nil {
			return
		}
		r.work.Go(func() { r.answer(ctx, p) })
	}
}

func (r *reception) answer(ctx context.Context, p contender.Pipe) {
	defer p.Close()
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	msg := make([]byte, callSize)
	if contender.Fill(p, msg) != nil || p.Send(msg) != nil {
		return
	}
	if r.silent {
		_ = pause(ctx, silentLinger)
		return
	}
	_, _ = p.Receive(msg) // until the peer closes
}

// silentLinger is how long the accepting end stays open for a peer that does not
// tell when it closes: it must have the answer by then.
const silentLinger = 50 * time.Millisecond

// callSize is the message each connection carries, bytes.
const callSize = 64

// call opens a connection, exchanges a message and closes it.
func call(ctx context.Context, d contender.Dialer, to contender.Listener) error {
	p, err := d.Dial(ctx, to.Addr())
	if err != nil {
		return err
	}
	defer p.Close()
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	return roundTrip(p, make([]byte, callSize))
}

func runConnects(ctx context.Context, c contender.Contender, s Settings) (_ map[string]float64, err error) {
	o := contender.Options{Packet: s.Packet, Shared: true}
	l, err := c.Listen(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &reception{listener: l, silent: c.Silent}
	r.work.Go(func() { r.run(ctx) })
	defer r.work.Wait()
	defer l.Close()
	defer cancel()
	d, err := c.NewDialer(o)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return dialAll(ctx, d, l, s)
}

// callPatience is how long one connection may take before it counts as stalled.
const callPatience = 5 * time.Second

// dialAll measures connections opened in parallel for a while.
func dialAll(ctx context.Context, d contender.Dialer, l contender.Listener, s Settings) (map[string]float64, error) {
	var done, failed atomic.Uint64
	var stop atomic.Bool
	var work sync.WaitGroup
	failures := make(chan error, connecting)
	for range connecting {
		work.Go(func() {
			for !stop.Load() {
				ctx, cancel := context.WithTimeout(ctx, callPatience)
				err := call(ctx, d, l)
				cancel()
				if err == nil {
					done.Add(1)
					continue
				}
				failed.Add(1)
				select {
				case failures <- err:
				default:
				}
			}
		})
	}
	defer work.Wait()
	defer stop.Store(true)
	if err := pause(ctx, s.length(300*time.Millisecond, 100*time.Millisecond)); err != nil {
		return nil, err
	}
	start, before := usageNow(), done.Load()
	err := pause(ctx, s.length(2*time.Second, 500*time.Millisecond))
	used, n := usageNow().since(start), float64(done.Load()-before)
	values := map[string]float64{"connects_s": n / used.took.Seconds()}
	if n > 0 {
		values["cpu_us_per_connect"] = float64(used.cpu) / 1e3 / n
		values["allocs_per_connect"] = float64(used.mallocs) / n
	}
	if n == 0 && err == nil {
		err = errors.New("stalled: no connection was made")
	}
	if f := failed.Load(); f > 0 {
		err = errors.Join(err, fmt.Errorf("%d connections failed, one because: %w", f, <-failures))
	}
	return values, err
}
