package proxy

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"udplab/lossy"
)

// table is the set of flows. Locks are taken in the order table.mu, lane.mu,
// scheduler.mu, and never the other way.
type table struct {
	limit int
	idle  time.Duration // negative: flows do not expire

	mu      sync.Mutex
	flows   map[netip.AddrPort]*flow
	order   list.List          // of *flow, the longest unseen in front
	leaving map[*flow]struct{} // expired, their goroutine not yet ended
	closed  bool

	known           map[netip.AddrPort]lossy.FlowKey // clients whose flow is not numbered by appearance
	numbers         lossy.Numbering
	opened, expired uint64
	refused         DirectionStats    // up, datagrams that never got a flow
	retired         [2]DirectionStats // by direction, of the flows that are gone
}

func newTable(cfg *Config) *table {
	t := &table{
		limit:   cfg.maxFlows(),
		idle:    cfg.idleTimeout(),
		known:   make(map[netip.AddrPort]lossy.FlowKey),
		flows:   make(map[netip.AddrPort]*flow),
		leaving: make(map[*flow]struct{}),
	}
	for client, key := range cfg.Flows {
		t.known[unmap(client)] = key
		t.numbers.Reserve(key)
	}
	return t
}

// keyOf says which flow a client that appears is.
func (t *table) keyOf(client netip.AddrPort) lossy.FlowKey {
	if key, known := t.known[client]; known {
		return key
	}
	return t.numbers.Next()
}

// lookup finds the flow of a client for one use, to be ended by release. Nil
// means the client has none.
func (t *table) lookup(client netip.AddrPort, now time.Duration) *flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.flows[client]
	if f != nil {
		t.touch(f, now)
		f.users.Add(1)
	}
	return f
}

// full says whether no more flows fit.
func (t *table) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.flows) >= t.limit
}

// acquire begins a use of a flow that the caller has already. False means that
// the flow is being closed.
func (t *table) acquire(f *flow) bool {
	now := f.proxy.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.leaving {
		return false
	}
	t.touch(f, now)
	f.users.Add(1)
	return true
}

// sawLife notes that a datagram of the flow left.
func (t *table) sawLife(f *flow, now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !f.leaving {
		t.touch(f, now)
	}
}

// touch notes a sign of life. The flow must not be leaving.
func (t *table) touch(f *flow, now time.Duration) {
	f.seen = max(f.seen, now)
	t.order.MoveToBack(f.place)
}

// insert adds a client's flow, that make builds with its key, and begins its
// first use. Nil means the table was closed meanwhile.
func (t *table) insert(now time.Duration, client netip.AddrPort, make func(lossy.FlowKey) *flow) *flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	f := make(t.keyOf(client))
	t.opened++
	f.seen = now
	f.place = t.order.PushBack(f)
	f.users.Add(1)
	t.flows[f.client] = f
	if t.order.Len() == 1 {
		t.planSweep(f.proxy)
	}
	return f
}

// planSweep has the sweep run when the longest unseen flow may have expired.
func (t *table) planSweep(p *Proxy) {
	if front := t.order.Front(); front != nil && t.idle >= 0 {
		p.scheduler.set(p.sweep, front.Value.(*flow).seen+t.idle)
	}
}

// sweepIdle closes the flows that nothing passed through for the idle timeout.
// A flow that still holds a datagram is alive.
func (t *table) sweepIdle(p *Proxy, now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for front := t.order.Front(); front != nil && !t.closed; front = t.order.Front() {
		f := front.Value.(*flow)
		if f.seen+t.idle > now {
			break
		}
		if f.busy() {
			t.touch(f, now)
			continue
		}
		t.expired++
		t.remove(f)
	}
	t.planSweep(p)
}

// remove takes a flow out and closes its socket, which ends its goroutine,
// which calls left.
func (t *table) remove(f *flow) {
	delete(t.flows, f.client)
	t.order.Remove(f.place)
	t.leaving[f] = struct{}{}
	f.leaving = true
	f.closeUpstream()
}

// left is called by a flow's goroutine as its last act. Until then the flow is
// counted through leaving, from then on through retired.
func (t *table) left(f *flow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.leaving, f)
	up, down := f.snapshot()
	t.retired[lossy.Up].add(&up)
	t.retired[lossy.Down].add(&down)
}

// refuse counts a datagram from a client that has no flow and gets none.
func (t *table) refuse(n int, why Cause) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused.refuse(n, why)
}

// readFailed counts a failed read of the listen socket.
func (t *table) readFailed(error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused.ReadErrors++
}

// close lets no more flows in and ends the sweeps.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// clear removes all flows. No goroutine but theirs may still use a lane.
func (t *table) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.flows {
		t.remove(f)
	}
}

// stats adds up the flows that are, that were, and that never came to be.
//
// What is retired is copied in one step with the list of those that are not,
// and they are asked afterwards, so that a flow that ends meanwhile is counted
// once.
func (t *table) stats() Stats {
	t.mu.Lock()
	s := Stats{
		Flows:        len(t.flows),
		FlowsOpened:  t.opened,
		FlowsExpired: t.expired,
		Up:           t.retired[lossy.Up],
		Down:         t.retired[lossy.Down],
	}
	s.Up.add(&t.refused)
	all := make([]*flow, 0, len(t.flows)+len(t.leaving))
	for _, f := range t.flows {
		all = append(all, f)
	}
	for f := range t.leaving {
		all = append(all, f)
	}
	t.mu.Unlock()

	for _, f := range all {
		up, down := f.snapshot()
		s.Up.add(&up)
		s.Down.add(&down)
	}
	return s
}
