package table

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// handshakes opens connections over a path that loses every second datagram,
// each way, and counts those that are open in time.
type handshakes struct {
	count  int
	within time.Duration
}

func (h handshakes) profile() lossy.Profile { return lossy.Profile{Loss: 0.5, Delay: 25 * ms} }

// simulate implements work. A connection counts when the dialing side is open.
func (h handshakes) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	config := s.arq()
	config.HandshakeTimeout = h.within
	stage := newStage(ctx, seed, config, h.profile(), h.profile())
	for range h.count {
		stage.dial()
		if err := stage.run(tick); err != nil {
			return nil, err
		}
	}
	if err := stage.run(h.within); err != nil {
		return nil, err
	}
	open := 0
	for _, e := range stage.senders {
		if e.Conn.State() == arq.Open {
			open++
		}
	}
	return Figures{Handshakes: float64(open)}, nil
}

// overSockets implements work: all dial at once from one socket.
func (h handshakes) overSockets(ctx context.Context, s settings) (Figures, error) {
	config := s.reliable()
	config.HandshakeTimeout = h.within
	config.Backlog = h.count
	c, err := newCircuit(ctx, config, h.profile(), h.profile(), nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var open atomic.Int64
	var dials sync.WaitGroup
	for range h.count {
		dials.Go(func() {
			if _, err := c.from.Dial(c.ctx, c.via); err == nil {
				open.Add(1)
			}
		})
		time.Sleep(tick)
	}
	dials.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Figures{Handshakes: float64(open.Load())}, nil
}
