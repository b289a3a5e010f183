package proxy

import (
	"net/netip"
	"time"

	"udplab/lossy"
)

// FlowStats is a snapshot of one flow. It is a plain value.
type FlowStats struct {
	Key    lossy.FlowKey
	Client netip.AddrPort
	// Port is the local port towards the service, that of the latest NAT mapping;
	// Rebound is how many there were before it.
	Port    uint16
	Rebound uint64
	Age     time.Duration // since its first datagram
	Idle    time.Duration // since a datagram last came or left, either way
	// Overlays names the overlays that the flow has, those of all flows first.
	Overlays []string

	// Up and Down have no Lateness, which is kept for all flows together.
	Up, Down DirectionStats
}

// Flows returns snapshots of the flows that are alive, at most limit of them,
// those with the latest datagrams first, and how many there are in all. It
// costs some microseconds a flow that it returns, and holds up datagrams for a
// fraction of that: those of one flow at a time.
func (p *Proxy) Flows(limit int) (flows []FlowStats, total int) {
	now, s := p.clock(), p.settings.Load()
	found, total := p.table.latest(limit, now)
	flows = make([]FlowStats, len(found))
	for i := range found {
		f := found[i].flow
		flows[i] = FlowStats{
			Key: f.key, Client: f.client,
			Age: found[i].age, Idle: found[i].idle,
			Port: f.ports.latest.Load().socket.port(), Rebound: f.ports.rebound(),
			Overlays: f.overlays(s),
		}
		f.addTo(&flows[i].Up, &flows[i].Down)
	}
	return flows, total
}

// sighting is what the table knows of a flow.
type sighting struct {
	flow      *flow
	age, idle time.Duration
}

// latest returns the flows that were seen last. They may end while the caller
// looks at them, which their counts survive.
func (t *table) latest(limit int, now time.Duration) (found []sighting, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found = make([]sighting, 0, min(max(limit, 0), len(t.flows)))
	for e := t.order.Back(); e != nil && len(found) < cap(found); e = e.Prev() {
		f := e.Value.(*flow)
		found = append(found, sighting{f, max(0, now-f.born), max(0, now-f.seen)})
	}
	return found, len(t.flows)
}
