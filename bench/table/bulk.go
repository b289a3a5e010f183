package table

import (
	"context"
	"time"

	"udplab/reliable"
)

// bulk is one connection that carries as much as it can in one direction.
type bulk struct{ link }

// simulate implements work. Goodput counts from the dial to the end of the
// time, handshake and start included; wire counts everything sent, until all
// that was sent has been acknowledged.
func (b bulk) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	ahead, back := b.profiles()
	stage := newStage(ctx, seed, s.arq(), ahead, back)
	stage.feeding, stage.sampling = messageSize, true
	stage.dial()
	if err := stage.run(s.duration); err != nil {
		return nil, err
	}
	sender := stage.senders[0]
	goodput := megabits(stage.delivered(sender), s.duration)
	if err := stage.drain(); err != nil {
		return nil, err
	}
	stats := sender.Conn.Stats()
	f := bulkFigures(&stats, stage.delivered(sender))
	f[Goodput], f[Queue] = goodput, stage.queue()
	return f, nil
}

// bulkFigures are those that follow from the sender's counters at the end.
func bulkFigures(s *reliable.Stats, delivered uint64) Figures {
	return Figures{
		Wire:        float64(s.BytesSent) / float64(max(delivered, 1)),
		Spurious:    100 * float64(s.PacketsLostSpurious) / float64(max(s.PacketsSent, 1)),
		Retransmits: float64(s.Retransmits()),
	}
}

// overSockets implements work. The queue is not visible there.
func (b bulk) overSockets(ctx context.Context, s settings) (Figures, error) {
	ahead, back := b.profiles()
	c, err := newCircuit(ctx, s.reliable(), ahead, back, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	end := time.Now().Add(s.duration)
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	feeding, stop := context.WithDeadline(c.ctx, end)
	defer stop()
	c.send(feeding, flow, messageSize, 0)
	if err := c.wait(end); err != nil {
		return nil, err
	}
	goodput := megabits(flow.delivered.Load(), s.duration)
	stats, err := c.finish(flow)
	if err != nil {
		return nil, err
	}
	f := bulkFigures(&stats, flow.delivered.Load())
	f[Goodput], f[Late] = goodput, c.late()
	return f, nil
}
