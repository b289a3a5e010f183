package table

import (
	"context"
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
	times := newLatencies()
	sent, start, due := stage.times(sender, times.record), stage.world.Now(), p.schedule(s)
	for _, at := range due {
		stage.world.At(start+at, func() { sent(p.size) })
	}
	if err := stage.run(time.Duration(len(due)) * p.interval()); err != nil {
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

// schedule is when the messages are due.
func (p paced) schedule(s settings) []time.Duration {
	due := make([]time.Duration, p.count(s))
	for n := range due {
		due[n] = time.Duration(n) * p.interval()
	}
	return due
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
	c.arrived = func(_ uint8, msg []byte) { times.record(age(start, msg)) }
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	c.work.Go(func() { flow.sent <- c.sendAt(flow.sender.Channel(0), start, p.schedule(s), p.size) })
	stats, err := c.finish(flow)
	if err != nil {
		return nil, err
	}
	f := times.figures()
	f[Wire] = bulkFigures(&stats, flow.delivered.Load())[Wire]
	f[Late] = c.late()
	return f, nil
}
