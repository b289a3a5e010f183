package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
)

// Proxy forwards datagrams between clients and one upstream service through
// the network that its Config describes. Make one with New. Safe for
// concurrent use.
type Proxy struct {
	cfg      Config
	addr     netip.AddrPort
	upstream netip.AddrPort
	warnings []string

	listen    *net.UDPConn
	table     *table
	scheduler *scheduler
	sweep     *job                 // closes idle flows
	scratch   []byte               // of the scheduler goroutine
	clock     func() time.Duration // monotonic, since New

	settings atomic.Pointer[settings]
	change   sync.Mutex   // serialises changes of settings
	held     atomic.Int64 // bytes in flight over all lanes

	core      sync.WaitGroup // the listen reader and the scheduler
	flows     sync.WaitGroup // one reader for each flow
	closeOnce sync.Once
	receive   int           // granted buffers of the listen socket, and
	transmit  int           //
	overflow  atomic.Uint64 // its kernel drops, once it is closed
}

// settings is what may change while the proxy runs. A value is never modified:
// a change stores a new one, so every datagram sees one or the other, whole.
type settings struct {
	network lossy.Config
	enabled bool
}

// New opens the listen socket and starts forwarding. An *AddressError says
// which address could not be used; it may wrap ErrLoop.
func New(cfg Config) (*Proxy, error) {
	epoch := time.Now()
	return start(cfg, newAlarm(), func() time.Duration { return time.Since(epoch) })
}

// start is New with the alarm and the clock of the caller's choice.
func start(cfg Config, a alarm, clock func() time.Duration) (*Proxy, error) {
	p, err := open(cfg, clock)
	if err != nil {
		a.close()
		return nil, err
	}
	p.scheduler = newScheduler(clock, a)
	p.core.Go(p.scheduler.loop)
	p.core.Go(p.readClients)
	return p, nil
}

// open builds a proxy that does not run yet.
func open(cfg Config, clock func() time.Duration) (*Proxy, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	upstream, err := resolveUpstream(cfg.Upstream)
	if err != nil {
		return nil, &AddressError{"upstream", cfg.Upstream, err}
	}
	at, err := resolve(cfg.Listen)
	if err != nil {
		return nil, &AddressError{"listen", cfg.Listen, err}
	}
	listen, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, &AddressError{"listen", cfg.Listen, err}
	}
	p := &Proxy{
		cfg:      cfg,
		addr:     unmap(listen.LocalAddr().(*net.UDPAddr).AddrPort()),
		upstream: upstream,
		listen:   listen,
		table:    newTable(&cfg),
		scratch:  make([]byte, maxDatagram),
		clock:    clock,
	}
	if loops(p.addr, upstream, localAddrs()) {
		listen.Close()
		return nil, &AddressError{"upstream", cfg.Upstream, ErrLoop}
	}
	p.sweep = newJob(func(now time.Duration) { p.table.sweepIdle(p, now) })
	p.settings.Store(&settings{network: cfg.Config, enabled: true})
	p.sizeBuffers()
	return p, nil
}

// sizeBuffers asks for socket buffers and reads the grant back.
func (p *Proxy) sizeBuffers() {
	want := p.cfg.buffer()
	enlarge(p.listen, want)
	p.receive, p.transmit = grantedBuffers(p.listen)
	if p.receive > 0 && p.receive < want {
		p.warnings = append(p.warnings, fmt.Sprintf(
			"the system granted %d KiB of the %d KiB asked for as receive buffer: bursts may overflow it, which is counted as kernel_rx; on Linux raise net.core.rmem_max",
			p.receive>>10, want>>10))
	}
}

// Warnings returns what the user should know about this machine, a sentence
// each: socket buffers smaller than asked for.
func (p *Proxy) Warnings() []string { return p.warnings }

// Addr is the address clients send to, with the port the system chose.
func (p *Proxy) Addr() netip.AddrPort { return p.addr }

// Upstream is the address of the service.
func (p *Proxy) Upstream() netip.AddrPort { return p.upstream }

// Config returns the seed and the profiles in force.
func (p *Proxy) Config() lossy.Config { return p.settings.Load().network }

// Enabled says whether anything passes at all; see Change.
func (p *Proxy) Enabled() bool { return p.settings.Load().enabled }

// SetConfig changes the network for every datagram read from now on. What is
// in flight keeps its fate. A new seed holds for the flows that appear from now
// on. An invalid config changes nothing.
func (p *Proxy) SetConfig(network lossy.Config) error {
	return p.Change(func(c *lossy.Config, _ *bool) error {
		*c = network
		return nil
	})
}

// Change edits the network and whether the proxy is enabled, in one step: no
// datagram sees half of it, and of two changes at a time neither is lost. A
// disabled proxy drops what it reads as lossy.CauseBlackout. If edit fails, or
// leaves an invalid config, nothing changes and the error is returned.
func (p *Proxy) Change(edit func(network *lossy.Config, enabled *bool) error) error {
	p.change.Lock()
	defer p.change.Unlock()
	s := *p.settings.Load()
	if err := edit(&s.network, &s.enabled); err != nil {
		return err
	}
	if err := s.network.Validate(); err != nil {
		return err
	}
	if p.cfg.Changed != nil {
		p.cfg.Changed(p.clock(), s.network, s.enabled)
	}
	p.settings.Store(&s)
	return nil
}

// Stats returns a snapshot. It costs a few hundred nanoseconds a flow, and
// works on after Close.
func (p *Proxy) Stats() Stats {
	s := p.table.stats()
	s.ReceiveBuffer, s.SendBuffer = p.receive, p.transmit
	s.Up.Dropped[CauseKernelRx] += max(p.overflow.Load(), kernelDrops(p.listen))
	return s
}

// Close stops forwarding, closes all sockets and waits for every goroutine.
// What is in flight is not sent any more and stays counted as in flight.
// Closing again does nothing. The error is always nil; it is there for
// io.Closer.
func (p *Proxy) Close() error {
	p.closeOnce.Do(func() {
		// Whoever feeds lanes stops first, so that the counts of a flow are
		// final when its own goroutine retires them.
		p.table.close()
		p.overflow.Store(kernelDrops(p.listen))
		p.listen.Close()
		p.scheduler.stop()
		p.core.Wait()
		p.table.clear()
		p.flows.Wait()
	})
	return nil
}

// heldLeft is how many more bytes may be in flight.
func (p *Proxy) heldLeft() int { return p.cfg.maxHeld() - int(p.held.Load()) }

// readClients feeds the up lanes until the listen socket is closed.
func (p *Proxy) readClients() {
	buf := make([]byte, maxDatagram)
	untilClosed(func() error {
		n, from, err := p.listen.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		f, why := p.flowOf(unmap(from))
		if f == nil {
			p.table.refuse(n, why)
			return nil
		}
		f.up.input(buf, n)
		f.release()
		return nil
	}, p.table.readFailed)
}

// flowOf finds or opens the flow of a client, for one use, or says why there
// can be none. Only the listen reader calls it, so no client appears twice.
func (p *Proxy) flowOf(client netip.AddrPort) (*flow, Cause) {
	now := p.clock()
	if f := p.table.lookup(client, now); f != nil {
		return f, 0
	}
	if p.table.full() {
		return nil, CauseFlowLimit
	}
	upstream, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.upstream))
	if err != nil {
		return nil, CauseFlowError
	}
	enlarge(upstream, p.cfg.buffer())
	f := p.table.insert(now, client, func(key lossy.FlowKey) *flow {
		return newFlow(p, key, client, p.settings.Load(), upstream)
	})
	if f == nil {
		upstream.Close()
		return nil, CauseFlowClosed
	}
	p.flows.Go(f.readUpstream)
	return f, 0
}
