package proxy

import (
	"errors"
	"net/netip"
	"sync"
	"time"

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
	if b.player, err = s.StartKnowing(b.base.Network, p.names); err != nil {
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
