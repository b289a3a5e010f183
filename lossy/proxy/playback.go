package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// PlayOptions say how a scenario is played. The zero value does it with
// Proxy.Change, and tells nobody.
type PlayOptions struct {
	// Change edits the settings in the place of Proxy.Change, for who keeps
	// settings of his own around a proxy. Close does not wait for it, and may be
	// called while it waits for a lock; what it does to a closed proxy is harmless.
	Change func(edit func(s *Settings) error) error
	// Heard is told of each change just before it is made, in the order of the
	// scenario, and again, with an Error, if it could not be made; after
	// Config.Played. It must not block.
	Heard func(scenario.Note)
}

// Playback is a scenario that is being played, or was, on a proxy. Make one with
// Proxy.Play. Safe for concurrent use.
//
// A goroutine makes the changes, when the proxy's scheduler says that it is time.
type Playback struct {
	proxy     *Proxy
	options   PlayOptions
	own       bool                      // changes are made by Proxy.Change
	upstreams map[string]netip.AddrPort // by what the scenario calls them
	base      Settings
	began     time.Duration // on the proxy's clock
	passed    [2]uint64     // datagrams when it began

	job    *job
	wake   chan struct{} // of one
	cancel sync.Once
	stop   chan struct{}
	ended  chan struct{}

	mu     sync.Mutex
	player *scenario.Player
	state  PlayState
}

// PlayState is a Playback at one moment.
type PlayState struct {
	Elapsed time.Duration // since it began, no more once it has ended
	Step    string        // the path of the step that changed something last, "steps.2.steps.0"
	Changes uint64        // that were made
	Next    time.Duration // when the next is due, as Elapsed counts; 0 if none ever is
	Done    bool          // it came to its end
	Stopped bool          // it was stopped, or the proxy was closed
	Failed  uint64        // changes that could not be made, for somebody else had changed what they build on
	Err     error         // why the last of them could not
}

// Play begins a scenario, over the settings in force, in place of one that is being
// played. Its first changes have been made when Play returns. Everything is checked
// before; the error is a settings.FieldError with the path of what is at fault. The
// names of its upstreams are looked up here, which may take long.
//
// What the scenario does not name can be changed meanwhile by others. Where it ends,
// or is stopped, the settings stay as they are.
func (p *Proxy) Play(s *scenario.Scenario, o PlayOptions) (*Playback, error) {
	own := o.Change == nil
	if own {
		o.Change = p.Change
	}
	b := &Playback{proxy: p, options: o, own: own, wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	var err error
	if b.upstreams, err = p.upstreamsOf(s); err != nil {
		return nil, err
	}
	p.plays.begin.Lock()
	defer p.plays.begin.Unlock()
	if b.base, err = b.inForce(); err != nil {
		return nil, err
	}
	if b.player, err = s.Start(b.base.Network); err != nil {
		return nil, err
	}
	if before := p.Playback(); before != nil {
		before.Stop()
	}
	b.job = newJob(func(time.Duration, *burst) {
		select {
		case b.wake <- struct{}{}:
		default: // it is awake already
		}
	})
	if s.Counts() {
		b.passed = b.datagrams()
	}
	if !p.plays.enter(b) {
		return nil, errors.New("proxy: is closed")
	}
	b.began = p.clock()
	more := b.playDue()
	go b.loop(more)
	return b, nil
}

// Playback is the scenario that was played last, even if it has ended; nil if there
// was none.
func (p *Proxy) Playback() *Playback {
	p.plays.mu.Lock()
	defer p.plays.mu.Unlock()
	return p.plays.current
}

// plays is what is being played on a proxy.
type plays struct {
	begin sync.Mutex // one begins at a time; held while settings are changed

	mu      sync.Mutex // held for a moment only, so that Close never waits for it
	current *Playback
	closed  bool
}

// enter makes b what is being played, unless the proxy is closed.
func (s *plays) enter(b *Playback) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.current = b
	}
	return !s.closed
}

// close ends what is being played.
func (s *plays) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if b := s.current; b != nil {
		b.Cancel()
	}
}

// wait waits for the end of what close has ended, unless it changes settings by a
// way that may wait for whoever closes the proxy.
func (s *plays) wait() {
	if b := s.current; b != nil && b.own { // nothing is entered any more
		<-b.ended
	}
}

// upstreamsOf looks up where a scenario leads.
func (p *Proxy) upstreamsOf(s *scenario.Scenario) (map[string]netip.AddrPort, error) {
	found := make(map[string]netip.AddrPort)
	for path, text := range s.Upstreams() {
		if _, known := found[text]; known {
			continue
		}
		at, err := ParseUpstream(text)
		if err == nil {
			err = p.checkUpstream(at)
		}
		if err != nil {
			return nil, &settings.FieldError{Field: path + ".upstream", Err: err}
		}
		found[text] = at
	}
	return found, nil
}

// inForce reads the settings as who changes them sees them.
func (b *Playback) inForce() (s Settings, err error) {
	onlyLook := errors.New("nothing to change")
	err = b.options.Change(func(now *Settings) error {
		s = now.clone()
		return onlyLook
	})
	if errors.Is(err, onlyLook) {
		err = nil
	}
	return s, err
}

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

// Stop ends it where it is: no change comes once Stop has returned. Stopping again
// does nothing.
func (b *Playback) Stop() {
	b.Cancel()
	<-b.ended
}

// Cancel is Stop that does not wait, for who holds what Change waits for: what Change
// has not begun by then is not made.
func (b *Playback) Cancel() { b.cancel.Do(func() { close(b.stop) }) }

// Restore stops it and puts back the settings that it began with: both profiles,
// whether the proxy is enabled, its upstream. A blackout of now ends.
func (b *Playback) Restore() error {
	b.Stop()
	return b.options.Change(func(s *Settings) error {
		s.Network.Up, s.Network.Down = b.base.Network.Up, b.base.Network.Down
		s.Enabled, s.Upstream, s.Dark = b.base.Enabled, b.base.Upstream, [2]time.Duration{}
		return nil
	})
}

// Ended is closed when no more change will come.
func (b *Playback) Ended() <-chan struct{} { return b.ended }

// Base is the settings that it began with.
func (b *Playback) Base() Settings { return b.base.clone() }

// Scenario is what is being played.
func (b *Playback) Scenario() *scenario.Scenario { return b.player.Scenario() }

// State says how far it has come.
func (b *Playback) State() PlayState {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	if !s.Done && !s.Stopped {
		s.Elapsed = b.proxy.clock() - b.began
	}
	return s
}
