package proxy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
)

// How a playback makes its changes when their time has come.

// loop makes changes until there are no more, or it is stopped.
func (b *Playback) loop(more bool) {
	defer close(b.ended)
	for ; more; more = b.playDue() {
		select {
		case <-b.stop:
			b.halt()
			return
		case <-b.wake:
		}
	}
}

// halt notes that it was stopped before its end.
func (b *Playback) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Stopped, b.state.Next = true, 0
	b.state.Elapsed = b.proxy.clock() - b.began
}

// mostAtOnce is how many changes that have become due while nobody was awake are
// made in one step.
const mostAtOnce = 256

// playDue makes the changes that are due and asks to be woken for the next. False
// means that it has ended.
func (b *Playback) playDue() bool {
	for !b.stopped() {
		now := b.proxy.clock() - b.began
		batch, last := b.take(now)
		if len(batch) > 0 {
			b.make(batch)
		}
		if last {
			return false
		}
		if len(batch) == mostAtOnce {
			continue
		}
		if b.plan(now) {
			return true
		}
	}
	return true // the loop sees that it was stopped
}

// plan asks to be woken for the next change, unless it is due already.
func (b *Playback) plan(now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, more := b.player.Next()
	if more && next <= now {
		return false
	}
	if more {
		b.proxy.scheduler.set(b.job, b.began+next)
	}
	b.state.Next = next // whoever sees it may rely on being woken
	return true
}

func (b *Playback) stopped() bool {
	select {
	case <-b.stop:
		return true
	default:
		return false
	}
}

// take gets what is due now, up to a rebinding. last says that nothing follows.
func (b *Playback) take(now time.Duration) (batch []scenario.Change, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.player.Scenario().Counts() {
		is := b.datagrams()
		for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
			b.player.SetPassed(d, is[d]-b.passed[d])
		}
	}
	for len(batch) < mostAtOnce {
		c, ok := b.player.Take(now)
		if !ok {
			break
		}
		batch = append(batch, c)
		if c.End {
			b.state.Done, b.state.Elapsed = true, c.At
		} else {
			b.state.Step = c.Step
			b.state.Changes++
		}
		if c.Rebind {
			break
		}
	}
	return batch, b.player.Done()
}

// datagrams counts those of each direction that were put on a link.
func (b *Playback) datagrams() [2]uint64 {
	s := b.proxy.Stats()
	return [2]uint64{lossy.Up: s.Up.Link.PacketsIn, lossy.Down: s.Down.Link.PacketsIn}
}

// make makes changes in one step, or, if they cannot all be made, each that can.
func (b *Playback) make(batch []scenario.Change) {
	for i := range batch {
		b.tell(batch[i].Note())
	}
	if err := b.change(batch...); err != nil && len(batch) == 1 {
		b.failed(&batch[0], err)
	} else if err != nil {
		for i := range batch {
			if err := b.change(batch[i]); err != nil {
				b.failed(&batch[i], err)
			}
		}
	}
	if batch[len(batch)-1].Rebind {
		b.proxy.Rebind()
	}
}

func (b *Playback) tell(n scenario.Note) {
	for _, heard := range []func(scenario.Note){b.proxy.cfg.Played, b.options.Heard} {
		if heard != nil {
			heard(n)
		}
	}
}

func (b *Playback) failed(c *scenario.Change, err error) {
	if b.stopped() {
		return // the proxy is being closed, and nobody waits for it
	}
	n := c.Note()
	n.Error = err.Error()
	b.tell(n)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Failed++
	b.state.Err = fmt.Errorf("%s at %v: %w", c.Step, c.At, err)
}

func (b *Playback) change(changes ...scenario.Change) error {
	if !slices.ContainsFunc(changes, func(c scenario.Change) bool {
		return c.Sets() || c.Enabled != nil || c.Upstream != "" || c.Blackout > 0
	}) {
		return nil
	}
	return b.options.Change(func(s *Settings) error {
		if b.stopped() { // while it waited for its turn
			return errors.New("the scenario was stopped")
		}
		for i := range changes {
			if err := b.edit(s, &changes[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// edit makes one change in the settings.
func (b *Playback) edit(s *Settings, c *scenario.Change) error {
	if c.Reset {
		s.Enabled, s.Upstream, s.Dark = b.base.Enabled, b.base.Upstream, [2]time.Duration{}
	}
	if c.Enabled != nil {
		s.Enabled = *c.Enabled
	}
	if c.Upstream != "" {
		s.Upstream = b.upstreams[c.Upstream]
	}
	for d, dark := range c.Dark {
		if dark {
			s.Dark[d] = b.began + c.At + c.Blackout
		}
	}
	return c.Apply(&s.Network)
}
