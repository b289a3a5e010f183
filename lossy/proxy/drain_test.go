package proxy

import (
	"context"
	"errors"
	"testing"
	"time"

	"udplab/lossy"
)

// What is in flight leaves at its time while the proxy drains; what comes
// meanwhile, here the answers too, goes no further and is counted.
func TestDrain(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		b := startBenchOn(t, newSystem(), Config{Config: lossy.Config{Up: lossy.Profile{Delay: time.Second}}}, echo(t, "127.0.0.1:0"))
		c := client(t, b.Proxy)
		for range 10 {
			send(t, c, "in time")
		}
		eventually(t, "all are in flight", func() bool { return b.Stats().Up.Link.PacketsInFlight == 10 })
		drained := make(chan error)
		go func() { drained <- b.Drain(context.Background()) }()
		eventually(t, "nothing more is let in", b.draining.Load)
		send(t, c, "too late")
		eventually(t, "the latecomer is counted", func() bool { return b.Stats().Up.Dropped[CauseFlowClosed] == 1 })
		b.pass(time.Second - 1)
		select {
		case err := <-drained:
			t.Errorf("drained with %d in flight: %v", b.Stats().Up.Link.PacketsInFlight, err)
		default:
		}
		b.pass(1)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		eventually(t, "the answers are counted", func() bool { return b.Stats().Down.Dropped[CauseFlowClosed] == 10 })
		if s := b.Stats(); s.Up.PacketsReceived != 11 || s.Up.PacketsSent != 10 || s.Down.PacketsSent != 0 {
			t.Errorf("%d in and %d out up, %d out down, want 11, 10 and 0", s.Up.PacketsReceived, s.Up.PacketsSent, s.Down.PacketsSent)
		}
	})
}

// A drain that is given up leaves what it waited for, counted as in flight.
func TestDrainIsGivenUp(t *testing.T) {
	b := startBench(t, Config{Config: lossy.Config{Up: lossy.Profile{Delay: time.Hour}}}, echo(t, "127.0.0.1:0"))
	send(t, client(t, b.Proxy), "never")
	eventually(t, "it is in flight", func() bool { return b.Stats().Up.Link.PacketsInFlight == 1 })
	why := errors.New("no patience")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if err := b.Drain(ctx); !errors.Is(err, why) {
		t.Errorf("draining ended with %v, want %v", err, why)
	}
	b.Close()
	if n := b.Stats().Up.Link.PacketsInFlight; n != 1 {
		t.Errorf("%d in flight in the end, want 1", n)
	}
}
