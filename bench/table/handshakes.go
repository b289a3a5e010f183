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

// simulate implements work. A connection counts when both its ends are open
// after the last one had its time.
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
	accepted := make(map[uint64]bool)
	for _, e := range stage.to.Ends() {
		accepted[e.Conn.LocalID()] = e.Conn.State() == arq.Open
	}
	open := 0
	for _, e := range stage.senders {
		if e.Conn.State() == arq.Open && accepted[e.Conn.PeerID()] {
			open++
		}
	}
	return Figures{Handshakes: float64(open)}, nil
}

// overSockets implements work: all dial from one socket. A connection counts
// when Dial and Accept both had it.
func (h handshakes) overSockets(ctx context.Context, s settings) (Figures, error) {
	config := s.reliable()
	config.HandshakeTimeout = h.within
	config.Backlog = h.count
	c, err := newCircuit(ctx, config, h.profile(), h.profile(), nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var dialed, accepted atomic.Int64
	c.work.Go(func() {
		for {
			if _, err := c.to.Accept(c.ctx); err != nil {
				return
			}
			accepted.Add(1)
		}
	})
	var dials sync.WaitGroup
	start := time.Now()
	for n := range h.count {
		if err := c.wait(start.Add(time.Duration(n) * tick)); err != nil {
			break
		}
		dials.Go(func() {
			if _, err := c.from.Dial(c.ctx, c.via); err == nil {
				dialed.Add(1)
			}
		})
	}
	dials.Wait()
	// The last one dialed may still be on its way to Accept.
	for end := time.Now().Add(h.within); accepted.Load() < dialed.Load() && time.Now().Before(end); {
		if err := c.wait(time.Now().Add(tick)); err != nil {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Figures{Handshakes: float64(min(dialed.Load(), accepted.Load())), Late: c.late()}, nil
}
