package main

import (
	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// stats are the network's counts in the form that a proxy has, so that a chat
// tells of its network in the same tables, records and metrics. What is only a
// proxy's, such as drops by the kernel, stays 0, and nothing measures lateness.
func (n *chatNetwork) stats() proxy.Stats {
	s := n.conn.Network().Stats()
	if s.Overflow > 0 {
		// They came out of the network, and found the queue before the chat full.
		s.Down.PacketsOut -= s.Overflow
		s.Down.Dropped[lossy.CauseOverload] += s.Overflow
	}
	return proxy.Stats{
		Flows:       int(min(s.Flows, lossy.MaxWrappedFlows)),
		FlowsOpened: s.Flows,
		Up:          directionOf(s.Up),
		Down:        directionOf(s.Down),
	}
}

func directionOf(s lossy.Stats) proxy.DirectionStats {
	return proxy.DirectionStats{
		Link:            s,
		PacketsReceived: s.PacketsIn, BytesReceived: s.BytesIn,
		PacketsSent: s.PacketsOut, BytesSent: s.BytesOut,
	}
}

// ownNetwork is the network in records of -o jsonl: what holds, and what it did
// so far.
type ownNetwork struct {
	Seed uint64       `json:"seed"`
	Up   ownDirection `json:"up"`
	Down ownDirection `json:"down"`
}

type ownDirection struct {
	Settings settings.Report `json:"settings"`
	control.DirectionReport
	Lateness any `json:"lateness_us,omitempty"` // in the place of a report's: nothing measures it
}

// record is nil if there is no network that anybody has asked for.
func (n *chatNetwork) record() any {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == nil || !n.shown {
		return nil
	}
	stats, c := n.stats(), n.conn.Network().Config()
	report := control.ReportStats(&stats)
	return ownNetwork{
		Seed: c.Seed,
		Up:   ownDirection{Settings: settings.Report(c.Up), DirectionReport: report.Up},
		Down: ownDirection{Settings: settings.Report(c.Down), DirectionReport: report.Down},
	}
}
