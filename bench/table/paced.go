package table

import (
	"context"
	"encoding/binary"
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/sim"
)

// paced is one connection that carries small messages at a fixed rate, far
// below what the network could: each goes out when it is due, and what counts
// is how long it takes.
type paced struct {
	link
	rate       int // messages per second
	size       int // bytes of each
	redundancy arq.Redundancy
}

// interval is the time from one message to the next.
func (p paced) interval() time.Duration { return time.Second / time.Duration(p.rate) }

// simulate implements work. Messages begin once the dialer's handshake is
// through; each is timed from when it was sent to when the receiving
// application had it.
func (p paced) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	ahead, back := p.profiles()
	config := s.arq()
	config.Redundancy = p.redundancy
	stage := newStage(ctx, seed, config, ahead, back)
	sender, err := stage.open()
	if err != nil {
		return nil, err
	}
	count := p.count(s)
	times := newLatencies()
	sent := stage.times(sender, times.record)
	for n := range count {
		stage.world.At(stage.world.Now()+time.Duration(n)*p.interval(), func() { sent(p.size) })
	}
	if err := stage.run(time.Duration(count) * p.interval()); err != nil {
		return nil, err
	}
	if err := stage.drain(); err != nil {
		return nil, err
	}
	stats := sender.Conn.Stats()
	f := times.figures()
	f[Wire] = bulkFigures(&stats, stage.delivered(sender))[Wire]
	return f, nil
}

// count is how many messages are sent.
func (p paced) count(s settings) int {
	if s.paced == 0 {
		return s.messages
	}
	return min(s.messages, int(s.paced/p.interval()))
}

// times reports how long each message of a sender takes to the application at
// the other end. What is to be sent goes through the function returned.
func (s *stage) times(sender *sim.End, report func(time.Duration)) (send func(size int)) {
	var sentAt []time.Duration
	s.world.Observe = func(o sim.Observation) {
		if o.Kind == sim.Delivered && o.Message >= 0 && o.End.Conn.LocalID() == sender.Conn.PeerID() {
			report(o.At - sentAt[o.Message])
		}
	}
	return func(size int) {
		sentAt = append(sentAt, s.world.Now())
		sender.Queue(size)
	}
}

// overSockets implements work. A message carries the time at which it was
// given to Send.
func (p paced) overSockets(ctx context.Context, s settings) (Figures, error) {
	ahead, back := p.profiles()
	config := s.reliable()
	config.Redundancy = p.redundancy
	c, err := newCircuit(ctx, config, ahead, back, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	start := time.Now()
	times := newLatencies()
	c.arrived = func(msg []byte) {
		times.record(time.Since(start) - time.Duration(binary.BigEndian.Uint64(msg)))
	}
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	count := p.count(s)
	first := time.Now()
	c.work.Go(func() {
		msg := make([]byte, p.size)
		for n := range count {
			err := c.wait(first.Add(time.Duration(n) * p.interval()))
			if err == nil {
				binary.BigEndian.PutUint64(msg, uint64(time.Since(start)))
				err = flow.sender.Send(c.ctx, msg)
			}
			if err != nil {
				flow.sent <- err
				return
			}
		}
		flow.sent <- nil
	})
	stats, err := c.finish(flow)
	if err != nil {
		return nil, err
	}
	f := times.figures()
	f[Wire] = bulkFigures(&stats, flow.delivered.Load())[Wire]
	f[Late] = c.late()
	return f, nil
}
