package proxy

import (
	"container/list"
	"net/netip"
	"sync/atomic"
	"time"

	"udplab/lossy"
)

// flow is one client: its upstream socket and a lane each way.
type flow struct {
	proxy    *Proxy
	key      lossy.FlowKey
	client   netip.AddrPort
	upstream back
	up, down lane

	// users counts the goroutines that are about to use a lane. It rises only
	// under table.mu, so what the sweep finds unused there stays unused.
	users atomic.Int32

	// Guarded by table.mu:
	seen  time.Duration // when a datagram last came or left, either way
	place *list.Element // in table.order, nil if it is not in the table
}

// dial opens the flow's upstream socket.
func (f *flow) dial() (err error) {
	f.upstream, err = f.proxy.system.dial(f.proxy.upstream, f.proxy.cfg.buffer(), f)
	return err
}

// begin makes the lanes of a flow that has a socket.
func (f *flow) begin(key lossy.FlowKey, s *settings) {
	f.key = key
	f.up.init(f, lossy.Up, s, f.upstream)
	f.down.init(f, lossy.Down, s, f.proxy.front.to(f.client))
}

// arrive implements sink: it feeds the down lane.
func (f *flow) arrive(messages []message, out *burst) {
	p := f.proxy
	now := p.clock()
	if !p.table.acquire(f, now) {
		p.table.refuse(lossy.Down, messages, CauseFlowClosed)
		return
	}
	f.down.input(now, messages, out)
	f.release()
	p.scheduler.help(out)
}

// readFailed implements sink.
func (f *flow) readFailed(err error) { f.proxy.table.readFailed(f, err) }

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
	down.Dropped[CauseKernelRx] += f.upstream.drops()
}
