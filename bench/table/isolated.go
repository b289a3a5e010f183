package table

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"udplab/lossy"
	"udplab/reliable/sim"
)

// isolated sends a fixed number of bytes over a path that loses single
// packets, far apart, and nothing else: each loss is worth one repair.
type isolated struct {
	losses int
	bytes  int
}

// profiles are a path whose queue never overflows: the send buffer fits.
func (i isolated) profiles() (ahead, back lossy.Profile) {
	back = lossy.Profile{Delay: 25 * ms}
	ahead = back
	ahead.Rate, ahead.Queue = 50e6, time.Second
	return ahead, back
}

// drops says which datagrams of the sender are lost, by their number from 0:
// one in each stretch of equal length, never one next to another.
func (i isolated) drops(s settings, seed uint64) map[int]bool {
	stretch := i.bytes / s.packet / i.losses
	random := rand.New(rand.NewPCG(seed, 1))
	drops := make(map[int]bool, i.losses)
	for n := range i.losses {
		drops[n*stretch+stretch/4+random.IntN(stretch/2)] = true
	}
	return drops
}

// simulate implements work.
func (i isolated) simulate(ctx context.Context, s settings, seed uint64) (Figures, error) {
	ahead, back := i.profiles()
	stage := newStage(ctx, seed, s.arq(), ahead, back)
	drops := i.drops(s, seed)
	fates := make([]sim.Fate, i.bytes/s.packet)
	for n := range fates {
		if drops[n] {
			fates[n].Kind = sim.Drop
		}
	}
	stage.from.SetFates(stage.to, fates...)
	stage.dial()
	sender := stage.senders[0]
	for range i.bytes / messageSize {
		sender.Queue(messageSize)
	}
	if err := stage.drain(); err != nil {
		return nil, err
	}
	if got := stage.delivered(sender); got != uint64(i.bytes) {
		return nil, fmt.Errorf("%d bytes delivered, want %d", got, i.bytes)
	}
	stats := sender.Conn.Stats()
	return bulkFigures(&stats, uint64(i.bytes)), nil
}

// overSockets implements work. The datagrams are lost between the sender and
// its socket, by the numbers of the simulation's first seed.
func (i isolated) overSockets(ctx context.Context, s settings) (Figures, error) {
	ahead, back := i.profiles()
	drops := i.drops(s, socketSeed)
	c, err := newCircuit(ctx, s.reliable(), ahead, back, func(pc net.PacketConn) net.PacketConn {
		return &dropping{PacketConn: pc, drops: drops}
	})
	if err != nil {
		return nil, err
	}
	defer c.close()
	flow, err := c.dial()
	if err != nil {
		return nil, err
	}
	c.send(c.ctx, flow, messageSize, i.bytes/messageSize)
	stats, err := c.finish(flow)
	if err != nil {
		return nil, err
	}
	f := bulkFigures(&stats, flow.delivered.Load())
	f[Late] = c.late()
	return f, nil
}

// dropping is a socket that loses the datagrams it is told to. It hides all
// calls but those of net.PacketConn, so that none goes past it.
type dropping struct {
	net.PacketConn
	drops map[int]bool
	next  atomic.Int64 // number of the next datagram
}

// WriteTo is part of net.PacketConn.
func (d *dropping) WriteTo(b []byte, to net.Addr) (int, error) {
	if d.drops[int(d.next.Add(1)-1)] {
		return len(b), nil
	}
	return d.PacketConn.WriteTo(b, to)
}
