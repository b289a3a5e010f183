package proxy

import (
	"container/list"
	"net/netip"
	"sync/atomic"
	"time"

	"udplab/lossy"
)

// flow is one client: its ports on the side of the service and a lane each way.
type flow struct {
	proxy    *Proxy
	key      lossy.FlowKey
	seed     uint64 // in force when it appeared
	client   netip.AddrPort
	reply    reply // to the client
	ports    ports
	up, down lane

	// users counts the goroutines that are about to use a lane. It rises only
	// under table.mu, so what the sweep finds unused there stays unused.
	users atomic.Int32

	// Guarded by table.mu:
	born  time.Duration
	seen  time.Duration // when a datagram last came or left, either way
	place *list.Element // in table.order, nil if it is not in the table
}

// begin makes the lanes of a flow that has a port.
func (f *flow) begin(key lossy.FlowKey, s *Settings) {
	f.key, f.seed = key, s.Network.Seed
	f.up.init(f, lossy.Up, s)
	f.down.init(f, lossy.Down, s)
}

// arrive feeds the down lane.
func (f *flow) arrive(m *mapping, messages []message, out *burst) {
	p := f.proxy
	now := p.arrivals.date(messages)
	if p.draining.Load() || !p.table.acquire(f, now) {
		p.table.refuse(lossy.Down, messages, CauseFlowClosed)
		return
	}
	f.down.input(now, messages, m.number, out)
	f.release()
	p.scheduler.help(out)
}

// way is where a datagram that a lane lets out at a time goes. It depends on
// the mapping that the datagram came through. Nil means nowhere.
//
// The translator is the clients' neighbour: what goes up has passed it before
// the network, what comes down meets it behind.
func (f *flow) way(d lossy.Direction, mapped uint64, at time.Duration) outlet {
	m := f.ports.find(mapped)
	switch {
	case m == nil:
		return nil
	case d == lossy.Up:
		return m.socket
	case m.lives(at, f.proxy.settings.Load()):
		return f.reply
	}
	return nil
}

// release ends a use that table.acquire or table.lookup began.
func (f *flow) release() { f.users.Add(-1) }

// busy says whether the flow is in use or holds a datagram, so that ending it
// would lose something.
func (f *flow) busy() bool {
	return f.users.Load() > 0 || f.up.inFlight() || f.down.inFlight()
}

// addTo adds the counts of both directions.
func (f *flow) addTo(up, down *DirectionStats) {
	f.up.addTo(up)
	f.down.addTo(down)
	down.overflowed(f.ports.drops())
}
