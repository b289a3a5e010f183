package table

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"udplab/proto"
	"udplab/reliable"
	"udplab/reliable/arq"
	"udplab/reliable/sim"
)

// lanes is one connection that carries bulk on one channel and, on another of
// higher priority, a small line now and then. What counts is how much longer a
// line takes than on the same connection without the bulk.
type lanes struct {
	link
	bulk  int           // bytes of each message of the bulk, one behind the other
	lane  arq.Lane      // of the bulk; the lines have the default
	pause time.Duration // from one line to the next, on average
	size  int           // bytes of each line
	lines int           // at most
}

// bulkChannel is the channel of the bulk, which the oracle watches. The lines are
// on sideChannel.
const bulkChannel = 0

// lineTimes are what became of the lines.
type lineTimes struct {
	held  latencies // from Send until the packet with the line leaves
	queue latencies // in the bottleneck's queue
	whole latencies // from Send to Receive
	bulk  float64   // Mbit/s delivered meanwhile
	late  float64   // of the proxy, over sockets
}

func newLineTimes() *lineTimes {
	return &lineTimes{held: newLatencies(), queue: newLatencies(), whole: newLatencies()}
}

// added is the 99th percentile of some times, less that of others.
func added(beside, alone latencies) float64 { return beside.figures()[P99] - alone.figures()[P99] }

// received is how many bytes of messages have come, those of a message that is
// not whole included: one of the bulk takes seconds.
func received(s *reliable.Stats) uint64 { return s.MessageBytesReceived + uint64(s.ReceiveBytes) }

// simulate implements work.
func (l lanes) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	alone, err := l.simulateLines(ctx, s, seed, false)
	if err != nil {
		return nil, err
	}
	beside, err := l.simulateLines(ctx, s, seed, true)
	if err != nil {
		return nil, err
	}
	return Figures{
		Held: added(beside.held, alone.held), Added: added(beside.whole, alone.whole),
		QueueMet: beside.queue.figures()[P99], Goodput: beside.bulk,
	}, nil
}

func (l lanes) simulateLines(ctx context.Context, s settings, seed uint64, bulk bool) (*lineTimes, error) {
	ahead, back := l.profiles()
	config := s.arq()
	config.SendBuffer = 2 * l.bulk // the bulk never pauses
	stage := newStage(ctx, seed, config, ahead, back)
	sender, err := stage.open()
	if err != nil {
		return nil, err
	}
	sender.Conn.SetLane(bulkChannel, l.lane)
	if bulk {
		stage.feeding = l.bulk
	}
	times := newLineTimes()
	lines := &numbered{
		stage: stage, sender: sender, options: arq.SendOptions{Channel: sideChannel}, size: l.size, took: times.whole.record,
	}
	lines.listen()
	stage.world.Observe = l.departures(lines, times)
	start, count := stage.world.Now(), l.count(s)
	lines.sendAt(l.schedule(count, seed))
	all := func() bool { return lines.arrived == count }
	if _, err := stage.runUntil(time.Duration(count)*l.pause+drainLimit, all); err != nil {
		return nil, err
	}
	if !all() {
		lines.fail("of %d lines %d arrived", count, lines.arrived)
	}
	stats := stage.peer(sender).Conn.Stats()
	times.bulk = megabits(received(&stats), stage.world.Now()-start)
	return times, lines.err
}

// departures watches the lines leave.
func (l lanes) departures(lines *numbered, times *lineTimes) func(sim.Observation) {
	var packet proto.Packet
	left := 0 // lines
	return func(o sim.Observation) {
		if o.Kind != sim.Sent || o.Node != lines.stage.from || left == len(lines.sentAt) ||
			proto.Parse(o.Datagram, &packet) != nil || packet.Type != proto.TypeData {
			return
		}
		var f proto.Frame
		for frames := packet.Data.Frames(); frames.Next(&f); {
			if f.Type != proto.FrameMessage || f.Message.Channel != sideChannel {
				continue
			}
			if n := int(binary.BigEndian.Uint32(f.Message.Payload)); n == left {
				times.held.record(o.At - lines.sentAt[n])
				times.queue.record(lines.stage.ahead.Backlog(o.At))
				left++
			}
		}
	}
}

// count is how many lines are sent.
func (l lanes) count(s settings) int {
	if s.paced == 0 {
		return min(s.messages, l.lines)
	}
	return min(s.messages, l.lines, max(int(s.paced/l.pause), leastOf99))
}

// schedule is when the lines are due: one in each pause, at any moment of it, so
// that they do not come in step with the packets of the bulk.
func (l lanes) schedule(count int, seed uint64) []time.Duration {
	random := rand.New(rand.NewPCG(seed, 2))
	due := make([]time.Duration, count)
	for n := range due {
		due[n] = time.Duration(n)*l.pause + time.Duration(random.Int64N(int64(l.pause)))
	}
	return due
}

// overSockets implements work. When a line leaves is not visible there, nor is
// the queue.
func (l lanes) overSockets(ctx context.Context, s settings) (Figures, error) {
	alone, err := l.linesOverSockets(ctx, s, false)
	if err != nil {
		return nil, err
	}
	beside, err := l.linesOverSockets(ctx, s, true)
	if err != nil {
		return nil, err
	}
	f := Figures{Added: added(beside.whole, alone.whole), Goodput: beside.bulk, Late: beside.late}
	return f, nil
}

func (l lanes) linesOverSockets(ctx context.Context, s settings, bulk bool) (*lineTimes, error) {
	ahead, back := l.profiles()
	config := s.reliable()
	config.SendBuffer = 2 * l.bulk
	c, err := newCircuit(ctx, config, ahead, back, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	times, start := newLineTimes(), time.Now()
	count := l.count(s)
	arrived := make(chan struct{}, count)
	c.channels = []uint8{sideChannel}
	c.arrived = func(channel uint8, msg []byte) {
		if channel == sideChannel {
			times.whole.record(age(start, msg))
			arrived <- struct{}{}
		}
	}
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	err = flow.sender.Channel(bulkChannel).Configure(reliable.ChannelConfig{Priority: l.lane.Priority, Weight: l.lane.Weight})
	if err != nil {
		return nil, err
	}
	if bulk {
		c.send(c.ctx, flow, l.bulk, 0)
	}
	begun := time.Now()
	if err := c.sendAt(flow.sender.Channel(sideChannel), start, l.schedule(count, socketSeed), l.size); err != nil {
		return nil, err
	}
	for range count {
		select {
		case <-arrived:
		case err := <-flow.received:
			return nil, fmt.Errorf("the receiver ended: %w", err)
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
	stats := flow.receiver.Stats()
	times.bulk, times.late = megabits(received(&stats), time.Since(begun)), c.late()
	return times, nil
}
