package table

import (
	"context"
	"time"

	"udplab/reliable"
	"udplab/reliable/arq"
)

// deadlines is one connection that carries small messages at a fixed rate, each
// of which is worth nothing once its time is over.
type deadlines struct {
	paced
	lifetime time.Duration
}

// punctual counts the messages that came after their deadline.
type punctual struct {
	lifetime time.Duration
	late     int
}

func (p *punctual) record(took time.Duration) {
	if took > p.lifetime {
		p.late++
	}
}

// figures are what became of so many messages, of which some arrived. Each of
// the others has to be in the counters of both sides.
func (p *punctual) figures(sent, arrived int, sender, receiver *reliable.Stats) Figures {
	missing := uint64(sent - arrived)
	return Figures{
		TooLate:    float64(p.late),
		Unreported: float64(apartBy(sender.MessagesSkipped, missing) + apartBy(receiver.MessagesPassedOver, missing)),
		Delivered:  100 * float64(arrived) / float64(sent),
		Wire:       float64(sender.BytesSent) / float64(max(receiver.MessageBytesReceived, 1)),
	}
}

func apartBy(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// simulate implements work.
func (d deadlines) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	ahead, back := d.profiles()
	config := s.arq()
	config.Redundancy = d.redundancy
	stage := newStage(ctx, seed, config, ahead, back)
	sender, err := stage.open()
	if err != nil {
		return nil, err
	}
	on := punctual{lifetime: d.lifetime}
	messages := &numbered{
		stage: stage, sender: sender, size: d.size, took: on.record,
		options: arq.SendOptions{Channel: sideChannel, Mode: reliable.ModeDeadline, Lifetime: d.lifetime},
	}
	messages.listen()
	due := d.schedule(s)
	messages.sendAt(due)
	if err := stage.run(time.Duration(len(due)) * d.interval()); err != nil {
		return nil, err
	}
	if err := stage.drain(); err != nil {
		return nil, err
	}
	from, to := sender.Conn.Stats(), stage.peer(sender).Conn.Stats()
	return on.figures(len(due), messages.arrived, &from, &to), messages.err
}

// overSockets implements work. Both ends have one clock. A receiver that wakes
// late takes a message late that the connection had in time.
func (d deadlines) overSockets(ctx context.Context, s settings) (Figures, error) {
	ahead, back := d.profiles()
	config := s.reliable()
	config.Redundancy = d.redundancy
	c, err := newCircuit(ctx, config, ahead, back, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	start, arrived := time.Now(), 0
	on := punctual{lifetime: d.lifetime}
	c.channels = []uint8{sideChannel}
	c.arrived = func(_ uint8, msg []byte) {
		on.record(age(start, msg))
		arrived++
	}
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	channel := flow.sender.Channel(sideChannel)
	err = channel.Configure(reliable.ChannelConfig{Mode: reliable.ModeDeadline, Lifetime: d.lifetime})
	if err != nil {
		return nil, err
	}
	due := d.schedule(s)
	c.work.Go(func() { flow.sent <- c.sendAt(channel, start, due, d.size) })
	sender, err := c.finish(flow)
	if err != nil {
		return nil, err
	}
	receiver := flow.receiver.Stats()
	f := on.figures(len(due), arrived, &sender, &receiver)
	f[Late] = c.late()
	return f, nil
}
