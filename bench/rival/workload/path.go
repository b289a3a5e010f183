package workload

import (
	"net/netip"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// path is a bad network between a dialer and a listener in this process.
type path interface {
	// Enter says where to dial to get to a listener through it.
	Enter(listener netip.AddrPort) (netip.AddrPort, error)
	// Carried is what it did so far.
	Carried() carried
	Close() error
}

// carried is what a path did. Bytes are of UDP payload.
type carried struct {
	ahead, back uint64        // handed to it, towards the listener and towards the dialer
	underway    uint64        // of ahead, not out yet
	late        time.Duration // 99th percentile of how late datagrams to the listener came out
}

// lateMetric says how much of the delays is this machine's and not the
// network's.
var lateMetric = Metric{Key: "path_late_p99_ms", Title: "path late p99 ms", Digits: 1}

func (c carried) lateMs() float64 { return float64(c.late) / float64(time.Millisecond) }

// proxied is a path for UDP: lossy/proxy in this process.
type proxied struct {
	network lossy.Config
	proxy   *proxy.Proxy
}

func (p *proxied) Enter(listener netip.AddrPort) (netip.AddrPort, error) {
	var err error
	p.proxy, err = proxy.New(proxy.Config{Listen: "127.0.0.1:0", Upstream: listener.String(), Config: p.network})
	if err != nil {
		return netip.AddrPort{}, err
	}
	return p.proxy.Addr(), nil
}

func (p *proxied) Carried() carried {
	stats := p.proxy.Stats()
	return carried{
		ahead: stats.Up.BytesReceived, back: stats.Down.BytesReceived, underway: stats.Up.Link.BytesInFlight,
		late: stats.Up.Lateness.Quantile(0.99),
	}
}

func (p *proxied) Close() error {
	if p.proxy == nil {
		return nil
	}
	return p.proxy.Close()
}

// pathSeed decides the fates of datagrams: they are the same for every
// contender whose datagrams are the same.
const pathSeed = 1

// roundTripTime of every path, half of it each way.
const roundTripTime = 50 * time.Millisecond

// badNetwork loses that share of datagrams, each on its own, each way. A rate, in
// bits per second, makes a bottleneck of the way to the listener, with a
// drop-tail queue of 50 ms before the loss, as in bench/table.
func badNetwork(loss, rate float64) lossy.Config {
	back := lossy.Profile{Loss: loss, LossAfterQueue: true, Delay: roundTripTime / 2}
	ahead := back
	if rate > 0 {
		ahead.Rate, ahead.Queue = rate, 50*time.Millisecond
	}
	return lossy.Config{Seed: pathSeed, Up: ahead, Down: back}
}

// lossRow is a row with a share of loss.
type lossRow struct {
	name string
	loss float64
}

func names(rows []lossRow) []string {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	return names
}
