package proxy

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"udplab/lossy"
)

// NAT is what a network address translator on the clients' side of the network
// does with the ports that the service sees. The zero value keeps each flow's
// port for as long as the flow lasts.
//
// A mapping that has ended is made anew, with another port, by the client's
// next datagram. Datagrams already on their way up keep the old port; what the
// service sends to it and is due to leave after the mapping ended is dropped
// (CauseNAT). That is as in RFC 4787 without refresh by inbound traffic. So is what
// is on its way up when the old port's socket is closed, which is half a minute
// later, or sooner if there are too few files for the sockets of the flows.
type NAT struct {
	// Timeout ends a mapping through which the client sent nothing for that
	// long, 0 = never.
	Timeout time.Duration
	// RebindEvery ends a mapping when it has lasted that long, 0 = never.
	RebindEvery time.Duration
}

// MinNATTime is the shortest time a NAT may be given: each mapping is a socket.
const MinNATTime = 10 * time.Millisecond

// Validate reports the first field that is out of range.
func (n NAT) Validate() error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"nat-timeout", n.Timeout}, {"rebind-every", n.RebindEvery}} {
		if f.value != 0 && (f.value < MinNATTime || f.value > lossy.MaxDelay) {
			return fmt.Errorf("%s %v: must be between %v and %v, or 0 for never", f.name, f.value, MinNATTime, lossy.MaxDelay)
		}
	}
	return nil
}

// String describes it in the words of the flags: "nat-timeout 30s, rebind-every
// 5m0s", or "" if ports are kept.
func (n NAT) String() string {
	var parts []string
	if n.Timeout > 0 {
		parts = append(parts, fmt.Sprintf("nat-timeout %v", n.Timeout))
	}
	if n.RebindEvery > 0 {
		parts = append(parts, fmt.Sprintf("rebind-every %v", n.RebindEvery))
	}
	return strings.Join(parts, ", ")
}

// mapping is one port of a flow as the service sees it.
type mapping struct {
	flow     *flow
	number   uint64 // in the flow, from 0: the tag of the datagrams that go through it
	upstream netip.AddrPort
	socket   back

	made  time.Duration
	seen  atomic.Int64 // when the client last sent through it
	ended atomic.Int64 // when it was ended by decree or replaced
}

// lives says whether the mapping exists at a time. Who asks may do so late:
// a mapping that has ended stays so, and what ended it later does not count.
func (m *mapping) lives(at time.Duration, s *Settings) bool {
	n := &s.NAT
	return at < time.Duration(m.ended.Load()) &&
		(n.Timeout == 0 || at < time.Duration(m.seen.Load())+n.Timeout) &&
		(n.RebindEvery == 0 || at < m.made+n.RebindEvery) &&
		m.upstream == s.Upstream
}

// end ends the mapping at a time, unless it has ended before.
func (m *mapping) end(at time.Duration) {
	for {
		was := m.ended.Load()
		if was <= int64(at) || m.ended.CompareAndSwap(was, int64(at)) {
			return
		}
	}
}

// arrive implements sink.
func (m *mapping) arrive(messages []message, out *burst) { m.flow.arrive(m, messages, out) }

// readFailed implements sink.
func (m *mapping) readFailed(err error) { m.flow.proxy.table.readFailed(m.flow, err) }

// ports are the mappings of a flow: the latest, and those whose sockets stay
// open for a while, so that what still comes to them is counted.
type ports struct {
	latest atomic.Pointer[mapping]

	mu     sync.Mutex
	old    []*mapping
	made   uint64 // mappings, ever
	missed uint64 // kernel drops of those closed
}

// find returns the mapping of that number, nil if its socket is closed.
func (p *ports) find(number uint64) *mapping {
	if m := p.latest.Load(); m.number == number {
		return m
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.old {
		if m.number == number {
			return m
		}
	}
	return nil
}

// close closes the socket of an old mapping, if it has not been.
func (p *ports) close(m *mapping) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range p.old {
		if o == m {
			p.old = append(p.old[:i], p.old[i+1:]...)
			m.socket.close()
			p.missed += m.socket.drops()
			return
		}
	}
}

// closeAll closes all sockets. They still tell their kernel drops.
func (p *ports) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.old {
		m.socket.close()
	}
	p.latest.Load().socket.close()
}

// rebound counts the mappings after the first.
func (p *ports) rebound() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made - 1
}

// drops sums up the kernel drops of all mappings.
func (p *ports) drops() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := p.missed + p.latest.Load().socket.drops()
	for _, m := range p.old {
		sum += m.socket.drops()
	}
	return sum
}

// through returns the mapping for what the client sends now, a new one if the
// latest has ended. Only the listen reader calls it.
func (f *flow) through(now time.Duration) (*mapping, error) {
	m, s := f.ports.latest.Load(), f.proxy.settings.Load()
	if m != nil && m.lives(now, s) {
		m.seen.Store(int64(now))
		return m, nil
	}
	fresh := &mapping{flow: f, number: f.ports.made, upstream: s.Upstream, made: now}
	fresh.seen.Store(int64(now))
	fresh.ended.Store(int64(never))
	if err := fresh.open(); err != nil {
		return nil, err
	}
	f.ports.mu.Lock()
	f.ports.made++
	if m != nil {
		m.end(now)
		f.ports.old = append(f.ports.old, m)
	}
	f.ports.latest.Store(fresh)
	f.ports.mu.Unlock()
	if m != nil {
		f.proxy.forsaken.add(f.proxy, m, now)
	}
	return fresh, nil
}

// How long, and how many, sockets of mappings that were replaced stay open.
// Real translators drop silently what comes to a port they have forgotten,
// while a closed socket would have the kernel report to the service. They are
// fewer, a share of them, where the process may open few files.
const (
	forsakenFor   = 30 * time.Second
	forsakenMost  = 256
	forsakenShare = 4 // one in so many
)

func forsakenLimit() int {
	limit := openFilesLimit()
	if limit == 0 {
		return forsakenMost
	}
	return int(min(forsakenMost, limit/forsakenShare))
}

// forsaken are the mappings that were replaced, over all flows, the oldest
// first.
type forsaken struct {
	mu    sync.Mutex
	queue []forsakenPort
	job   *job
}

type forsakenPort struct {
	*mapping
	until time.Duration
}

func (q *forsaken) add(p *Proxy, m *mapping, now time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, forsakenPort{m, now + forsakenFor})
	for most := max(1, forsakenLimit()); len(q.queue) > most; {
		q.closeFirst()
	}
	p.scheduler.set(q.job, q.queue[0].until)
}

// closeOldest closes one before its time. False means that there is none.
func (q *forsaken) closeOldest() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		return false
	}
	q.closeFirst()
	return true
}

// closeDue closes those whose time is over.
func (q *forsaken) closeDue(p *Proxy, now time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) > 0 && q.queue[0].until <= now {
		q.closeFirst()
	}
	if len(q.queue) > 0 {
		p.scheduler.set(q.job, q.queue[0].until)
	}
}

func (q *forsaken) closeFirst() {
	m := q.queue[0].mapping
	q.queue = append(q.queue[:0], q.queue[1:]...)
	m.flow.ports.close(m)
}
