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

// bulkMessage is what the application writes at a time.
const bulkMessage = 64 << 10

// bulkMetrics are those of bulk over loopback.
var bulkMetrics = []Metric{
	{Key: "goodput_mbit_s", Title: "Mbit/s", More: true},
	{Key: "cpu_ns_per_byte", Title: "CPU ns/B, both ends", Digits: 3},
	{Key: "allocs_per_mib", Title: "allocs/MiB", Digits: 1},
	{Key: "alloc_bytes_per_mib", Title: "allocated B/MiB"},
}

// bulks are the workloads of one-way data as fast as it goes, over loopback.
func bulks() []Workload {
	bulk := func(name string, conns int, jumbo bool, takes func(contender.Contender) bool) Workload {
		return Workload{
			Name: name, Rows: []string{name}, Metrics: bulkMetrics, Main: "goodput_mbit_s", Takes: takes,
			Run: one(name, 60*time.Second, func(ctx context.Context, c contender.Contender, s Settings) (map[string]float64, error) {
				o := contender.Options{Packet: s.Packet}
				if jumbo {
					o.Packet = 0
				}
				return runBulk(ctx, c, o, conns, s)
			}),
		}
	}
	jumbo := func(c contender.Contender) bool { return c.Name == contender.OursName || c.Name == contender.TCPName }
	return []Workload{
		bulk("bulk-1", 1, false, anyone),
		bulk("bulk-8", 8, false, anyone),
		bulk("bulk-jumbo", 1, true, jumbo),
	}
}

// flood is connections that carry bulk.
type flood struct {
	circuit  *contender.Circuit
	received atomic.Uint64 // bytes the receiving applications have
	stopped  atomic.Bool
	work     sync.WaitGroup
	mu       sync.Mutex
	failure  error // the first of either end before it was stopped
}

// startFlood sends over all connections of a circuit.
func startFlood(circuit *contender.Circuit, message int) *flood {
	f := &flood{circuit: circuit}
	for _, pair := range circuit.Pairs {
		f.work.Go(func() { f.receive(pair.Server) })
		f.work.Go(func() { f.send(pair.Client, message) })
	}
	return f
}

func (f *flood) send(p contender.Pipe, message int) {
	msg := make([]byte, message)
	for !f.stopped.Load() {
		if err := p.Send(msg); err != nil {
			f.fail(fmt.Errorf("sender: %w", err))
			return
		}
	}
}

func (f *flood) receive(p contender.Pipe) {
	buf := make([]byte, bulkMessage)
	for {
		n, err := p.Receive(buf)
		if err != nil {
			f.fail(fmt.Errorf("receiver: %w", err))
			return
		}
		f.received.Add(uint64(n))
	}
}

// fail notes what went wrong, unless the flood was stopped.
func (f *flood) fail(err error) {
	if f.stopped.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil {
		f.failure = err
	}
}

// stop ends everything and returns what went wrong before.
func (f *flood) stop() error {
	f.stopped.Store(true)
	f.circuit.Close()
	f.work.Wait()
	return f.failure
}

func runBulk(ctx context.Context, c contender.Contender, o contender.Options, conns int, s Settings) (map[string]float64, error) {
	circuit, err := contender.Connect(ctx, c, o, conns, nil)
	if err != nil {
		return nil, err
	}
	message := bulkMessage
	if c.Burst != 0 {
		message = c.Burst
	}
	f := startFlood(circuit, message)
	// Windows open, rates are found: what is measured is the steady state.
	if err := pause(ctx, s.length(500*time.Millisecond, 200*time.Millisecond)); err != nil {
		return nil, errors.Join(err, f.stop())
	}
	start, before := usageNow(), f.received.Load()
	length := s.length(2*time.Second, 500*time.Millisecond)
	err = pause(ctx, length/2)
	middle := f.received.Load()
	if err == nil {
		err = pause(ctx, length/2)
	}
	bytes, used := f.received.Load()-before, usageNow().since(start)
	if failure := f.stop(); failure != nil {
		err = failure
	}
	if err == nil && bytes-(middle-before) == 0 {
		err = fmt.Errorf("stalled after %d bytes", before+bytes)
	}
	return bulkValues(bytes, used), err
}

func bulkValues(bytes uint64, used spent) map[string]float64 {
	values := map[string]float64{"goodput_mbit_s": float64(bytes) * 8 / 1e6 / used.took.Seconds()}
	if bytes == 0 {
		return values
	}
	mib := float64(bytes) / (1 << 20)
	if used.cpu > 0 {
		values["cpu_ns_per_byte"] = float64(used.cpu) / float64(bytes)
	}
	values["allocs_per_mib"] = float64(used.mallocs) / mib
	values["alloc_bytes_per_mib"] = float64(used.malloc) / mib
	return values
}

// pause lets real time pass.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
