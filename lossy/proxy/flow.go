package proxy

import (
	"container/list"
	"net"
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
	upstream *net.UDPConn
	up, down *lane

	// users counts the goroutines that are about to use a lane. It rises only
	// under table.mu, so what the sweep finds unused there stays unused.
	users atomic.Int32

	// dropped is what kernelDrops said of the upstream socket before it was
	// closed; a closed socket tells nothing.
	dropped atomic.Uint64

	// Guarded by table.mu:
	seen    time.Duration // when a datagram last came or left, either way
	place   *list.Element // in table.order
	leaving bool
}

func newFlow(p *Proxy, key lossy.FlowKey, client netip.AddrPort, s *settings, upstream *net.UDPConn) *flow {
	f := &flow{proxy: p, key: key, client: client, upstream: upstream}
	f.up = newLane(f, lossy.Up, s, func(b []byte) error {
		_, err := upstream.Write(b)
		return err
	})
	f.down = newLane(f, lossy.Down, s, func(b []byte) error {
		_, err := p.listen.WriteToUDPAddrPort(b, client)
		return err
	})
	return f
}

// readUpstream feeds the down lane until the upstream socket is closed.
func (f *flow) readUpstream() {
	buf := make([]byte, maxDatagram)
	untilClosed(func() error {
		n, err := f.upstream.Read(buf)
		if err != nil {
			return err
		}
		if !f.proxy.table.acquire(f) {
			f.down.refuse(n, CauseFlowClosed)
			return nil
		}
		f.down.input(buf, n)
		f.release()
		return nil
	}, f.down.readFailed)
	f.proxy.table.left(f)
}

// release ends a use that table.acquire or table.lookup began.
func (f *flow) release() { f.users.Add(-1) }

// busy says whether the flow is in use or holds a datagram, so that ending it
// would lose something.
func (f *flow) busy() bool {
	return f.users.Load() > 0 || f.up.inFlight() || f.down.inFlight()
}

// closeUpstream ends readUpstream.
func (f *flow) closeUpstream() {
	f.dropped.Store(kernelDrops(f.upstream))
	f.upstream.Close()
}

// snapshot returns the counts of both directions.
func (f *flow) snapshot() (up, down DirectionStats) {
	up, down = f.up.snapshot(), f.down.snapshot()
	down.Dropped[CauseKernelRx] += max(f.dropped.Load(), kernelDrops(f.upstream))
	return up, down
}
