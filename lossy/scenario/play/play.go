// Package play plays scenarios on an in-memory lossy.Network, in the time of the
// goroutine that calls: in a testing/synctest bubble that is virtual, and hours
// take milliseconds. What plays them on a proxy is proxy.Proxy.Play, on bare links
// scenario.PlayLinks.
package play

import (
	"context"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
)

// OverNetwork plays a scenario over the settings that the network has, and returns
// when it ends, or with the context's error when that does. Its first changes have
// been made, and the error of one that cannot begin is known, when begun is called;
// begun and heard, which is told of each change just before it is made, may be nil.
//
// Changes come when they are due, whatever else is due at that moment: datagrams
// sent at another time meet the settings that they would meet in a proxy. While it
// plays nobody else may call SetConfig. A scenario that asks for what only a proxy
// has is refused.
func OverNetwork(ctx context.Context, n *lossy.Network, s *scenario.Scenario, begun func(), heard func(scenario.Note)) error {
	if err := s.NeedsProxy(); err != nil {
		return err
	}
	player, err := s.Start(n.Config())
	if err != nil {
		return err
	}
	if heard == nil {
		heard = func(scenario.Note) {}
	}
	epoch := time.Now()
	passed := datagrams(n)
	for {
		is := datagrams(n)
		for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
			player.SetPassed(d, is[d]-passed[d])
		}
		for {
			c, ok := player.Take(time.Since(epoch))
			if !ok {
				break
			}
			heard(c.Note())
			if err := change(n, &c); err != nil {
				return err
			}
		}
		if begun != nil {
			begun()
			begun = nil
		}
		if player.Done() {
			return nil
		}
		if err := wait(ctx, player, epoch); err != nil {
			return err
		}
	}
}

// wait waits for the next change, or for the end of the context.
func wait(ctx context.Context, player *scenario.Player, epoch time.Time) error {
	next, more := player.Next()
	if !more {
		<-ctx.Done()
		return ctx.Err()
	}
	left := next - time.Since(epoch)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func datagrams(n *lossy.Network) [2]uint64 {
	s := n.Stats()
	return [2]uint64{lossy.Up: s.Up.PacketsIn, lossy.Down: s.Down.PacketsIn}
}

// change makes one change.
func change(n *lossy.Network, c *scenario.Change) error {
	if c.Sets() {
		cfg := n.Config()
		if err := c.Apply(&cfg); err != nil {
			return err
		}
		if err := n.SetConfig(cfg); err != nil {
			return err
		}
	}
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		if c.Reset {
			n.SetDown(d, false)
			n.Blackout(d, 0)
		}
		if c.Enabled != nil {
			n.SetDown(d, !*c.Enabled)
		}
		if c.Dark[d] {
			n.Blackout(d, c.Blackout)
		}
	}
	return nil
}
