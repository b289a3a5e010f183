package proxy

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Proxy forwards datagrams between clients and one upstream service through
// the network that its Config describes. Make one with New. Safe for
// concurrent use.
type Proxy struct {
	cfg      Config
	addr     netip.AddrPort
	warnings []string

	system    system
	front     front
	table     *table
	scheduler *scheduler
	sweep     *job                 // closes idle flows
	clock     func() time.Duration // monotonic, since New
	names     settings.Names       // what rules may ask for
	arrivals  arrivals
	lateness  [2]punctuality // by direction
	losses    lossWatch
	shared    [2]shared // by direction
	forsaken  forsaken  // sockets of mappings that were replaced
	unopened  unopened

	plays    plays
	settings atomic.Pointer[Settings] // a value is never modified: a change stores a new one
	change   sync.Mutex               // serialises changes of settings
	watchers watchers
	held     atomic.Int64 // bytes in flight over all lanes

	draining  atomic.Bool    // nothing is let in any more
	core      sync.WaitGroup // the listen reader and the scheduler
	closeOnce sync.Once
	receive   int // granted buffers of the listen socket
	transmit  int
}

// Settings is what may change while a proxy runs.
type Settings struct {
	Network  lossy.Config
	Overlays []Overlay // what some of the flows have besides
	Enabled  bool      // a proxy that is not drops what it reads as lossy.CauseBlackout
	NAT      NAT
	Upstream netip.AddrPort // see ParseUpstream
	// Dark is, by direction, until when nothing passes, on the proxy's clock; see
	// Blackout.
	Dark [2]time.Duration

	combined *combinations // what Network and Overlays make, nil without overlays
	since    time.Duration // when they were made
}

// New opens the listen socket and starts forwarding. An *AddressError says
// which address could not be used; it may wrap ErrLoop.
func New(cfg Config) (*Proxy, error) {
	return start(cfg, newSystem(), newAlarm(), newClock())
}

// start is New with the sockets, the alarm and the clock of the caller's choice.
func start(cfg Config, sys system, a alarm, c clock) (*Proxy, error) {
	p, err := open(cfg, sys, c)
	if err != nil {
		sys.close()
		a.close()
		return nil, err
	}
	p.run(a)
	return p, nil
}

// run has what open built do its work.
func (p *Proxy) run(a alarm) {
	p.scheduler = newScheduler(p.clock, a)
	p.core.Go(p.scheduler.loop)
	p.core.Go(p.readClients)
}

// open builds a proxy that does not run yet.
func open(cfg Config, sys system, c clock) (*Proxy, error) {
	names := cfg.Names()
	combined, err := cfg.validate()
	if err == nil {
		err = combined.checkNames(names, &cfg.Config)
	}
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	upstream, err := ParseUpstream(cfg.Upstream)
	if err != nil {
		return nil, &AddressError{"upstream", cfg.Upstream, err}
	}
	at, err := resolve(cfg.Listen)
	if err != nil {
		return nil, &AddressError{"listen", cfg.Listen, err}
	}
	front, err := sys.listen(at, cfg.buffer())
	if err != nil {
		return nil, &AddressError{"listen", cfg.Listen, err}
	}
	p := &Proxy{
		cfg:    cfg,
		addr:   front.local(),
		system: sys,
		front:  front,
		table:  newTable(&cfg),
		shared: newShared(),
		clock:  c.now,
		names:  names,
	}
	p.arrivals.begin(c)
	if err := p.checkUpstream(upstream); err != nil {
		front.close()
		return nil, &AddressError{"upstream", cfg.Upstream, err}
	}
	p.sweep = newJob(func(now time.Duration, _ *burst) { p.table.sweepIdle(p, now) })
	p.forsaken.job = newJob(func(now time.Duration, _ *burst) { p.forsaken.closeDue(p, now) })
	p.settings.Store(&Settings{
		Network: cfg.Config, Overlays: slices.Clone(cfg.Overlays), combined: combined,
		Enabled: !cfg.Disabled, NAT: cfg.NAT, Upstream: upstream,
	})
	p.readBuffers()
	p.readFilesLimit()
	return p, nil
}

// readBuffers reads back what was granted of the socket buffers asked for.
func (p *Proxy) readBuffers() {
	p.receive, p.transmit = p.front.buffers()
	if w := bufferWarning(p.receive, p.cfg.Buffer); w != "" {
		p.warnings = append(p.warnings, w)
	}
}

// bufferWarning says that a receive buffer is smaller than what was asked for, or by
// default than what it should be. A granted buffer of 0 is one we are not told of.
func bufferWarning(granted, asked int) string {
	least := orDefault(asked, enoughBuffer)
	least = min(least, MaxBuffer-1) // Linux doubles them in 31 bits
	if granted == 0 || granted >= least {
		return ""
	}
	return fmt.Sprintf("the system granted %d KiB of the %d KiB asked for as receive buffer: bursts may overflow it, which is counted as kernel_rx; on Linux raise net.core.rmem_max, or run with CAP_NET_ADMIN",
		granted>>10, orDefault(asked, DefaultBuffer)>>10)
}

// Warnings returns what the user should know about this machine, a sentence
// each: socket buffers smaller than asked for, too few files.
func (p *Proxy) Warnings() []string { return p.warnings }

// Addr is the address clients send to, with the port the system chose.
func (p *Proxy) Addr() netip.AddrPort { return p.addr }

// Upstream is the address of the service.
func (p *Proxy) Upstream() netip.AddrPort { return p.settings.Load().Upstream }

// Config returns the seed and the profiles in force.
func (p *Proxy) Config() lossy.Config { return p.settings.Load().Network }

// Enabled says whether anything passes at all.
func (p *Proxy) Enabled() bool { return p.settings.Load().Enabled }

// Names are what rules may ask for: it does not change.
func (p *Proxy) Names() settings.Names { return p.names }

// Settings returns all settings in force.
func (p *Proxy) Settings() Settings { return p.settings.Load().clone() }

// clone shares nothing that a caller could modify.
func (s *Settings) clone() Settings {
	c := *s
	c.Overlays = slices.Clone(c.Overlays)
	return c
}

// SetConfig changes the network for every datagram read from now on; see
// Change.
func (p *Proxy) SetConfig(network lossy.Config) error {
	return p.Change(func(s *Settings) error {
		s.Network = network
		return nil
	})
}

// Change edits the settings in one step, for every datagram read from now on:
// none sees half of it, and of two changes at a time neither is lost. What is
// in flight keeps its fate, but what waits in a queue is served at a new rate at
// once. A new seed holds for the flows that appear from now
// on. After a change of upstream the flows go on, from other ports, and what
// the old service still sends is dropped (CauseNAT). If edit fails, or leaves
// settings that are not valid, nothing changes and the error is returned.
func (p *Proxy) Change(edit func(s *Settings) error) error {
	p.change.Lock()
	defer p.change.Unlock()
	s := p.settings.Load().clone()
	was := s.Upstream
	if err := edit(&s); err != nil {
		return err
	}
	if err := s.Network.Validate(); err != nil {
		return err
	}
	var err error
	if s.combined, err = combine(s.Network, s.Overlays); err != nil {
		return err
	}
	if err := s.combined.checkNames(p.names, &s.Network); err != nil {
		return err
	}
	if err := s.NAT.Validate(); err != nil {
		return err
	}
	if s.Upstream != was {
		if err := p.checkUpstream(s.Upstream); err != nil {
			return &AddressError{"upstream", s.Upstream.String(), err}
		}
	}
	now := p.clock()
	if p.cfg.Changed != nil {
		p.cfg.Changed(now, s.clone())
	}
	s.since = now
	before := p.settings.Swap(&s)
	if !before.sameRates(&s) {
		p.table.follow(&s)
	}
	p.watchers.each(func(w *Watcher) {
		if w.Changed != nil {
			w.Changed(now, before.clone(), s.clone())
		}
	})
	return nil
}

// Blackout has nothing that is read in the given directions pass from now on for
// that long; 0 ends an earlier one. It stands beside the schedule of the
// profile. A time below 0 or above lossy.MaxOutageTime is an error.
func (p *Proxy) Blackout(lasting time.Duration, directions ...lossy.Direction) error {
	if lasting < 0 || lasting > lossy.MaxOutageTime {
		return fmt.Errorf("blackout for %v: must be between 0 and %v", lasting, lossy.MaxOutageTime)
	}
	return p.Change(func(s *Settings) error {
		until := p.clock() + lasting
		for _, d := range directions {
			s.Dark[d] = until
		}
		return nil
	})
}

// DarkFor is, by direction, how much longer nothing passes because of Blackout, or of
// a scenario that does the same; 0 if it does.
func (p *Proxy) DarkFor() (left [2]time.Duration) {
	until, now := p.settings.Load().Dark, p.clock()
	for d := range until {
		left[d] = max(0, until[d]-now)
	}
	return left
}

// Uptime is the time on the proxy's clock, on which the schedule of a profile's
// Blackout counts.
func (p *Proxy) Uptime() time.Duration { return p.clock() }

// checkUpstream says why an address is none to send to, if so.
func (p *Proxy) checkUpstream(a netip.AddrPort) error {
	if err := sendable(a); err != nil {
		return err
	}
	if loops(p.addr, a, localAddrs()) {
		return ErrLoop
	}
	return connectable(a)
}

// Rebind ends the NAT mappings of all flows, as a translator that restarts
// does, and returns how many there were; see NAT.
func (p *Proxy) Rebind() (flows int) {
	now := p.clock()
	flows = p.table.rebind(now)
	p.watchers.each(func(w *Watcher) {
		if w.Rebound != nil {
			w.Rebound(now, flows)
		}
	})
	return flows
}

// Stats returns a snapshot. It costs a few hundred nanoseconds a flow, and
// works on after Close.
func (p *Proxy) Stats() Stats {
	s := p.table.stats()
	s.ReceiveBuffer, s.SendBuffer = p.receive, p.transmit
	s.Up.overflowed(p.front.drops())
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		s.Direction(d).Lateness = p.lateness[d].total()
	}
	return s
}

// Close stops forwarding, closes all sockets and waits for every goroutine.
// What is in flight is not sent any more and stays counted as in flight; see
// Drain. What waits in the sockets is read and dropped as CauseFlowClosed, so
// that nothing that came before is in no count. Closing again does nothing. The
// error is always nil; it is there for io.Closer.
func (p *Proxy) Close() error {
	p.closeOnce.Do(func() {
		p.draining.Store(true)
		// Whoever feeds lanes stops first, so that the counts of a flow are
		// final when it is retired, and whoever writes to the front stops
		// before it is closed.
		p.plays.close()
		p.table.close()
		p.front.stop()
		p.scheduler.stop()
		p.core.Wait()
		p.system.close()
		p.table.clear()
		p.front.close()
		p.plays.wait()
	})
	return nil
}

// heldLeft is how many more bytes may be in flight.
func (p *Proxy) heldLeft() int { return p.cfg.maxHeld() - int(p.held.Load()) }

// readClients feeds the up lanes until the front is stopped.
func (p *Proxy) readClients() {
	out := newBurst()
	take := func(messages []message) {
		for len(messages) > 0 {
			n := 1
			for n < len(messages) && messages[n].from == messages[0].from && messages[n].to == messages[0].to {
				n++
			}
			p.fromClient(messages[:n], out)
			messages = messages[n:]
		}
		p.scheduler.help(out)
	}
	untilClosed(func() error { return p.front.receive(take) }, p.table.listenFailed)
	p.front.rest(take)
}

// fromClient takes in what one client sent to one address.
func (p *Proxy) fromClient(messages []message, out *burst) {
	if p.draining.Load() {
		p.table.refuse(lossy.Up, messages, CauseFlowClosed)
		return
	}
	now := p.arrivals.date(messages)
	f, why := p.flowOf(messages[0].from, now)
	if f == nil {
		p.table.refuse(lossy.Up, messages, why)
		return
	}
	f.reply.from(messages[0].to)
	if m, err := f.through(now); err != nil {
		p.table.refuse(lossy.Up, messages, CauseFlowError)
	} else {
		f.up.input(now, messages, m.number, out)
	}
	f.release()
}

// flowOf finds or opens the flow of a client, for one use, or says why there
// can be none. Only the listen reader calls it, so no client appears twice.
func (p *Proxy) flowOf(client netip.AddrPort, now time.Duration) (*flow, Cause) {
	if f := p.table.lookup(client, now); f != nil {
		return f, 0
	}
	if p.table.full() {
		return nil, CauseFlowLimit
	}
	f := &flow{proxy: p, client: client, reply: p.front.to(client)}
	if _, err := f.through(now); err != nil {
		return nil, CauseFlowError
	}
	if !p.table.insert(f, now, p.settings.Load()) {
		f.ports.closeAll()
		return nil, CauseFlowClosed
	}
	return f, 0
}
