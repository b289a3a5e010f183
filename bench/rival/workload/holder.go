package workload

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"udplab/bench/rival/contender"
)

// holder is the inside of a process that holds one side of idle connections.
type holder struct {
	contender contender.Contender
	options   contender.Options
	listener  contender.Listener
	dialer    contender.Dialer
	work      sync.WaitGroup

	mu    sync.Mutex
	pipes []contender.Pipe
}

// footprint is what a process holds and uses.
type footprint struct {
	Heap       uint64  `json:"heap"`  // bytes of live objects
	Stack      uint64  `json:"stack"` // bytes of goroutine stacks
	Goroutines uint64  `json:"goroutines"`
	CPUPercent float64 `json:"cpu_percent"` // of one core
}

func (h *holder) do(o order) (r reply, err error) {
	switch o.Do {
	case "listen":
		r.Addr, err = h.listen()
	case "dial":
		err = h.dial(o.To, o.N)
	case "measure":
		r.Footprint = measureFootprint(o.Wait)
	default:
		err = fmt.Errorf("unknown order %q", o.Do)
	}
	return r, err
}

func (h *holder) listen() (netip.AddrPort, error) {
	l, err := h.contender.Listen(h.options)
	if err != nil {
		return netip.AddrPort{}, err
	}
	h.listener = l
	h.work.Go(func() {
		for {
			p, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			h.keep(p)
			h.work.Go(func() { h.answer(p) })
		}
	})
	return l.Addr(), nil
}

// answer is over once the first message was answered: no goroutine of ours
// stays with an idle connection.
func (h *holder) answer(p contender.Pipe) {
	msg := make([]byte, callSize)
	if contender.Fill(p, msg) == nil {
		_ = p.Send(msg) // a client that misses the answer says so
	}
}

// dial opens n connections and keeps them.
func (h *holder) dial(to netip.AddrPort, n int) error {
	if h.dialer == nil {
		d, err := h.contender.NewDialer(h.options)
		if err != nil {
			return err
		}
		h.dialer = d
	}
	for i := range n {
		ctx, cancel := context.WithTimeout(context.Background(), callPatience)
		err := h.open(ctx, to)
		cancel()
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}

func (h *holder) open(ctx context.Context, to netip.AddrPort) error {
	p, err := h.dialer.Dial(ctx, to)
	if err != nil {
		return err
	}
	h.keep(p)
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	return roundTrip(p, make([]byte, callSize))
}

func (h *holder) keep(p contender.Pipe) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pipes = append(h.pipes, p)
}

func (h *holder) close() {
	h.mu.Lock()
	pipes := h.pipes
	h.mu.Unlock()
	for _, p := range pipes {
		_ = p.Close()
	}
	if h.dialer != nil {
		_ = h.dialer.Close()
	}
	if h.listener != nil {
		_ = h.listener.Close()
	}
	h.work.Wait()
}

// measureFootprint looks at the CPU for a while and at the heap after that.
func measureFootprint(wait time.Duration) footprint {
	start, before := time.Now(), cpuTime()
	time.Sleep(wait)
	var percent float64
	if took := time.Since(start); wait > 0 {
		percent = 100 * float64(cpuTime()-before) / float64(took)
	}
	// Twice: what only pools hold goes with the second collection.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, m.StackInuse, uint64(runtime.NumGoroutine()), percent}
}
