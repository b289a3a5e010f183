package table

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"udplab/reliable/congestion"
)

// flows are two bulk connections between the same two nodes, which share the
// bottleneck, each with a controller of its own. The second begins a second
// after the first.
type flows struct {
	link
	first, second string // controllers
}

const secondAfter = time.Second

// secondStart is when the second flow begins. Nothing else is random here, so
// the seed moves it by up to two round trips.
func (f flows) secondStart(seed uint64) time.Duration {
	spread := rand.New(rand.NewPCG(seed, 0)).Int64N(int64(2 * f.roundTrip))
	return secondAfter + time.Duration(spread)
}

// simulate implements work. Shares are of what both deliver from the moment
// the second dials to the end.
func (f flows) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	ahead, back := f.profiles()
	pair := f.controllers()
	s.congestion = pair.make
	stage := newStage(ctx, seed, s.arq(), ahead, back)
	stage.feeding = messageSize
	stage.dial()
	start := f.secondStart(seed)
	if err := stage.run(start); err != nil {
		return nil, err
	}
	before := stage.delivered(stage.senders[0])
	pair.next()
	stage.sampling = true
	stage.dial()
	both := s.flows - start // at least 2.9 s, by MinDuration
	if err := stage.run(both); err != nil {
		return nil, err
	}
	first := stage.delivered(stage.senders[0]) - before
	figures := shares(first, stage.delivered(stage.senders[1]), both)
	figures[Queue] = stage.queue()
	return figures, nil
}

func shares(first, second uint64, over time.Duration) Figures {
	sum := first + second
	return Figures{
		Share:      float64(min(first, second)) / float64(max(sum, 1)),
		FirstShare: float64(first) / float64(max(sum, 1)),
		Goodput:    megabits(sum, over),
	}
}

// controllers makes the controllers of two connections that have one
// configuration: a connection makes its own when it is dialed and when the
// handshake has told the packet size, and the first has done both when the
// second is dialed.
type controllers struct {
	of     [2]func(congestion.Config) congestion.Controller
	dialed atomic.Int32
}

func (f flows) controllers() *controllers {
	c := &controllers{}
	c.of[0], c.of[1] = congestion.Named(f.first), congestion.Named(f.second)
	return c
}

func (c *controllers) make(config congestion.Config) congestion.Controller {
	return c.of[c.dialed.Load()](config)
}

// next says that the second connection is dialed now.
func (c *controllers) next() { c.dialed.Store(1) }

// overSockets implements work.
func (f flows) overSockets(ctx context.Context, s settings) (Figures, error) {
	ahead, back := f.profiles()
	pair := f.controllers()
	s.congestion = pair.make
	c, err := newCircuit(ctx, s.reliable(), ahead, back, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	start := time.Now()
	end := start.Add(s.flows)
	feeding, stop := context.WithDeadline(c.ctx, end)
	defer stop()
	first, err := c.dial()
	if err != nil {
		return nil, err
	}
	c.send(feeding, first, messageSize, 0)
	if err := c.wait(start.Add(secondAfter)); err != nil {
		return nil, err
	}
	before := first.delivered.Load()
	pair.next()
	second, err := c.dial()
	if err != nil {
		return nil, err
	}
	c.send(feeding, second, messageSize, 0)
	if err := c.wait(end); err != nil {
		return nil, err
	}
	figures := shares(first.delivered.Load()-before, second.delivered.Load(), s.flows-secondAfter)
	figures[Late] = c.late()
	return figures, nil
}
