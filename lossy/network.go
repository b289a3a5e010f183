package lossy

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Network is an in-memory network of UDP sockets whose datagrams travel over
// links. It has no goroutine and no real input or output: a datagram without
// delay is in the receiver's queue when WriteTo returns, any other is put
// there by a timer. Created inside a testing/synctest bubble it lives in the
// bubble's time, where delays are exact; on the real clock they are as late
// as Go's timers, about a millisecond.
//
// Each pair of addresses is a flow, numbered from 0 in order of appearance.
// Who of the two sends first is the client, and its direction is Up; SetPath
// says so beforehand where it matters. The network never forgets a flow.
//
// A Network is safe for concurrent use.
type Network struct {
	epoch       time.Time
	unreachable atomic.Uint64
	overflow    atomic.Uint64

	shared   [2]shared    // by direction
	mu       sync.RWMutex // taken after a path's locks, before a socket's
	config   Config
	down     [2]bool
	sockets  map[netip.AddrPort]*socket
	paths    map[pair]*path
	flows    uint64
	numbers  Numbering
	tracer   Tracer   // nil = nobody
	replayer Replayer // nil = nobody
	tapper   Tapper   // nil = nobody
	dark     [2]time.Duration
	class    func([]byte) string // nil = no packet has a class
	outlet   outlet              // nil = sockets of this network alone
	retired  [2]Stats            // by direction, of the flows that were forgotten
	port     uint16              // the last one chosen for a socket that asked for any
	closed   bool
}

// outlet takes what came out where no socket of the network listens: the inner
// socket of a Conn.
type outlet func(to netip.AddrPort, payload []byte) error

// shared is what all paths of a direction have in common whose profiles say so.
type shared struct {
	mu         sync.Mutex // taken after the lock of a path that shares it
	bottleneck *Bottleneck
	model      *Model
}

func newShared(seed uint64, d Direction) shared {
	return shared{bottleneck: NewBottleneck(), model: NewModel(seed, SharedFlow, d, Profile{})}
}

// pair is a flow in one direction.
type pair struct{ from, to netip.AddrPort }

// NetworkStats is a snapshot of what a Network did.
type NetworkStats struct {
	Flows       uint64
	Up, Down    Stats  // over all flows
	Unreachable uint64 // datagrams that came out where nobody listened
	Overflow    uint64 // datagrams that came out at a socket whose receive queue was full
}

// firstPort begins the range that IANA leaves to ephemeral ports.
const firstPort = 49152

// NewNetwork returns an empty network. It panics if the configuration is not
// valid.
func NewNetwork(cfg Config) *Network {
	cfg.Up.mustValidate()
	cfg.Down.mustValidate()
	return &Network{
		epoch:   time.Now(),
		config:  cfg,
		sockets: make(map[netip.AddrPort]*socket),
		paths:   make(map[pair]*path),
		port:    firstPort - 1,
		shared:  [2]shared{newShared(cfg.Seed, Up), newShared(cfg.Seed, Down)},
	}
}

// Listen opens a socket at the address; port 0 means any. The address must be
// a specific one, for there are no interfaces to listen on all of. The
// result behaves as a *net.UDPConn does: it has ReadFromUDPAddrPort and
// WriteToUDPAddrPort, its errors are *net.OpError around net.ErrClosed and
// os.ErrDeadlineExceeded, a buffer too small cuts the datagram, and closing it
// frees the address and drops what was not read. It also is a MarkedConn.
func (n *Network) Listen(addr netip.AddrPort) (net.PacketConn, error) {
	fail := func(err error) (net.PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(addr), Err: err}
	}
	addr = unmap(addr)
	if !addr.Addr().IsValid() || addr.Addr().IsUnspecified() {
		return fail(errors.New("an in-memory network needs a specific address, like 127.0.0.1"))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return fail(net.ErrClosed)
	}
	if addr.Port() == 0 {
		addr = n.freePort(addr.Addr())
	}
	if addr.Port() == 0 || n.sockets[addr] != nil {
		return fail(syscall.EADDRINUSE)
	}
	s := newSocket(n, addr)
	n.sockets[addr] = s
	return s, nil
}

// freePort returns the next free ephemeral port of the address, or port 0. It
// does not return to a port just closed, as kernels do not.
func (n *Network) freePort(addr netip.Addr) netip.AddrPort {
	for range 1<<16 - firstPort {
		n.port++
		if n.port < firstPort {
			n.port = firstPort
		}
		if candidate := netip.AddrPortFrom(addr, n.port); n.sockets[candidate] == nil {
			return candidate
		}
	}
	return netip.AddrPortFrom(addr, 0)
}

// Stats sums up all flows.
func (n *Network) Stats() NetworkStats {
	n.mu.RLock()
	s := NetworkStats{Flows: n.flows, Up: n.retired[Up], Down: n.retired[Down]}
	paths := n.allPaths()
	n.mu.RUnlock()
	for _, p := range paths {
		if p.direction == Up {
			s.Up.Add(p.stats())
		} else {
			s.Down.Add(p.stats())
		}
	}
	s.Unreachable, s.Overflow = n.unreachable.Load(), n.overflow.Load()
	return s
}

// PathStats returns the counts of what one address sent to another.
func (n *Network) PathStats(from, to netip.AddrPort) Stats {
	n.mu.RLock()
	p := n.paths[pair{unmap(from), unmap(to)}]
	n.mu.RUnlock()
	if p == nil {
		return Stats{}
	}
	return p.stats()
}

// Close closes all sockets and stops all timers; what is in flight stays in
// flight for ever. Later calls of Listen fail.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	sockets := make([]*socket, 0, len(n.sockets))
	for _, s := range n.sockets {
		sockets = append(sockets, s)
	}
	paths := n.allPaths()
	n.mu.Unlock()
	for _, s := range sockets {
		s.Close() // its only error is that it was closed already
	}
	for _, p := range paths {
		p.stop()
	}
	return nil
}

func (n *Network) now() time.Duration { return time.Since(n.epoch) }

// allPaths needs n.mu. Callers lock the paths after releasing it.
func (n *Network) allPaths() []*path {
	paths := make([]*path, 0, len(n.paths))
	for _, p := range n.paths {
		paths = append(paths, p)
	}
	return paths
}

// path finds or begins the flow from one address to another.
func (n *Network) path(from, to netip.AddrPort) *path {
	n.mu.RLock()
	p := n.paths[pair{from, to}]
	n.mu.RUnlock()
	if p != nil {
		return p
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.paths[pair{from, to}]; p != nil {
		return p
	}
	return n.newFlow(n.numbers.Next(), from, to)
}

// newFlow makes both paths of a flow and returns the one up. It needs n.mu.
func (n *Network) newFlow(key FlowKey, client, server netip.AddrPort) *path {
	there := n.newPath(key, client, server, Up)
	if client != server {
		n.newPath(key, server, client, Down)
	}
	n.flows++
	return there
}

// newPath needs n.mu.
func (n *Network) newPath(key FlowKey, from, to netip.AddrPort, d Direction) *path {
	p := &path{network: n, from: from, to: to, direction: d}
	p.link = NewLink(n.config.Seed, key.Number, d, n.config.Profile(d))
	p.link.SetDown(n.down[d])
	p.link.BlackoutUntil(n.dark[d])
	p.link.SetClassifier(n.class)
	if n.tapper != nil {
		p.tap = n.tapper(key, d, from, to)
	}
	var trace func(time.Duration, int, Verdict)
	if n.tracer != nil {
		trace = n.tracer(key, d)
	}
	p.link.SetTrace(WithTap(trace, p.tap))
	if n.replayer != nil {
		p.link.SetScript(n.replayer(key, d))
	}
	n.paths[pair{from, to}] = p
	return p
}

// arrive hands a datagram that came out of a path to whoever listens there.
func (n *Network) arrive(p *path, payload []byte, mark ECN) error {
	if n.outlet != nil && p.direction == Up {
		return n.outlet(p.to, payload)
	}
	n.mu.RLock()
	s := n.sockets[p.to]
	n.mu.RUnlock()
	if s == nil {
		n.unreachable.Add(1)
		return nil
	}
	s.arrive(p.from, payload, mark)
	return nil
}

// forget drops a flow in which nothing is in flight, and keeps its counts.
func (n *Network) forget(client pair) bool {
	back := pair{client.to, client.from}
	n.mu.RLock()
	ways := []*path{n.paths[client], n.paths[back]}
	n.mu.RUnlock()
	var counts [2]Stats
	for _, p := range ways {
		if p == nil {
			continue
		}
		s := p.stats()
		if s.PacketsInFlight > 0 {
			return false
		}
		counts[p.direction] = s
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.retired[Up].Add(counts[Up])
	n.retired[Down].Add(counts[Down])
	delete(n.paths, client)
	delete(n.paths, back)
	return true
}

// refuse counts a datagram that there is no flow for.
func (n *Network) refuse(d Direction, size int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &n.retired[d]
	s.PacketsIn++
	s.BytesIn += uint64(size)
	s.Dropped[CauseOverload]++
}

// nextUp is when the next datagram of any way up is due, if there is one.
func (n *Network) nextUp() (earliest time.Duration, some bool) {
	n.mu.RLock()
	paths := n.allPaths()
	n.mu.RUnlock()
	for _, p := range paths {
		if p.direction != Up {
			continue
		}
		if due, ok := p.nextTime(); ok && (!some || due < earliest) {
			earliest, some = due, true
		}
	}
	return earliest, some
}

// leave frees the address of a socket that was closed.
func (n *Network) leave(s *socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.sockets, s.local)
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
