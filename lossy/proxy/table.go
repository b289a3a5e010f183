package proxy

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"udplab/lossy"
)

// table is the set of flows. Locks are taken in the order table.mu, lane.mu,
// shared.mu, scheduler.mu, and never the other way.
type table struct {
	limit int
	idle  time.Duration // negative: flows do not expire

	mu     sync.Mutex
	flows  map[netip.AddrPort]*flow
	order  list.List // of *flow, the longest unseen in front
	closed bool

	known           map[netip.AddrPort]lossy.FlowKey // clients whose flow is not numbered by appearance
	numbers         lossy.Numbering
	opened, expired uint64
	rebound         uint64            // mappings of flows that are gone, but for the first of each
	retired         [2]DirectionStats // by direction: flows that are gone, and what never got one
}

func newTable(cfg *Config) *table {
	t := &table{
		limit: cfg.maxFlows(),
		idle:  cfg.idleTimeout(),
		known: make(map[netip.AddrPort]lossy.FlowKey),
		flows: make(map[netip.AddrPort]*flow),
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
// the flow is not in the table, yet or any more.
func (t *table) acquire(f *flow, now time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.place == nil {
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
	if f.place != nil {
		t.touch(f, now)
	}
}

// touch notes a sign of life. The flow must be in the table.
func (t *table) touch(f *flow, now time.Duration) {
	f.seen = max(f.seen, now)
	t.order.MoveToBack(f.place)
}

// insert adds a flow, gives it its key and begins its first use. False means
// the table was closed meanwhile.
func (t *table) insert(f *flow, now time.Duration, s *Settings) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	f.begin(t.keyOf(f.client), s)
	t.opened++
	f.born, f.seen = now, now
	f.place = t.order.PushBack(f)
	f.users.Add(1)
	t.flows[f.client] = f
	if t.order.Len() == 1 {
		t.planSweep(f.proxy)
	}
	return true
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

// remove takes a flow out, closes its sockets and retires its counts. Nobody may
// be using its lanes, and nobody will: acquire refuses from now on.
func (t *table) remove(f *flow) {
	delete(t.flows, f.client)
	t.order.Remove(f.place)
	f.place = nil
	f.ports.closeAll()
	f.addTo(&t.retired[lossy.Up], &t.retired[lossy.Down])
	t.rebound += f.ports.rebound()
}

// rebind ends the mappings of all flows.
func (t *table) rebind(now time.Duration) (flows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.flows {
		f.ports.latest.Load().end(now)
	}
	return len(t.flows)
}

// follow has all lanes take up settings that may let out sooner what they hold.
func (t *table) follow(s *Settings) {
	t.mu.Lock()
	all := t.all()
	t.mu.Unlock()
	for _, f := range all {
		f.up.follow(s)
		f.down.follow(s)
	}
}

// all needs t.mu. Callers lock the lanes after releasing it.
func (t *table) all() []*flow {
	all := make([]*flow, 0, len(t.flows))
	for _, f := range t.flows {
		all = append(all, f)
	}
	return all
}

// refuse counts datagrams that were read and get no further.
func (t *table) refuse(d lossy.Direction, messages []message, why Cause) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range messages {
		t.retired[d].refuse(&messages[i], why)
	}
}

// listenFailed counts a failed read of the listen socket.
func (t *table) listenFailed(error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retired[lossy.Up].ReadErrors++
}

// readFailed counts a failed read of a flow's upstream socket. A refusal is not
// about what was to be read but about what was sent.
func (t *table) readFailed(f *flow, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case f.place == nil:
	case isRefused(err):
		f.up.refused()
	default:
		f.down.readFailed()
	}
}

// close lets no more flows in and ends the sweeps.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// clear removes all flows. Nobody may be using a lane.
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
// once, and datagrams do not wait for whoever counts them.
func (t *table) stats() Stats {
	t.mu.Lock()
	s := Stats{
		Flows:        len(t.flows),
		FlowsOpened:  t.opened,
		FlowsExpired: t.expired,
		Rebound:      t.rebound,
		Up:           t.retired[lossy.Up],
		Down:         t.retired[lossy.Down],
	}
	all := t.all()
	t.mu.Unlock()

	for _, f := range all {
		f.addTo(&s.Up, &s.Down)
		s.Rebound += f.ports.rebound()
	}
	return s
}
