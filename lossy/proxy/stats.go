package proxy

import (
	"udplab/lossy"
)

// Cause is why the proxy or the kernel, not the network model, dropped a
// datagram. Its String is the metric label, as that of lossy.Cause is for the
// model's.
type Cause uint8

const (
	CauseFlowLimit  Cause = iota // the table of flows was full
	CauseFlowError               // no upstream socket could be opened; see Proxy.FlowError
	CauseFlowClosed              // its flow, or the proxy, was being closed when it came
	CauseOversize                // too long for the socket it had to leave through
	CauseNAT                     // it met a NAT mapping that had ended
	CauseKernelTx                // the kernel refused to send it for another reason
	CauseKernelRx                // it overflowed our socket's receive buffer, before the proxy could read it
	causeCount
)

var causeNames = [causeCount]string{"flow_limit", "flow_error", "flow_closed", "oversize", "nat", "kernel_tx", "kernel_rx"}

// String returns the metric label of the cause.
func (c Cause) String() string {
	if c < causeCount {
		return causeNames[c]
	}
	return "unknown"
}

// Drop is one line of the list of drops: a cause, by its metric label, and how
// many datagrams it took.
type Drop struct {
	Cause   string
	Packets uint64
}

// DirectionStats counts one direction over all flows, those that have ended
// included. At any moment
//
//	PacketsReceived + Link.Duplicated = PacketsSent + the sum of Drops + Link.PacketsInFlight
type DirectionStats struct {
	Link lossy.Stats // what the network model saw and did

	// PacketsReceived came to our sockets, those included that overflowed them
	// (CauseKernelRx). BytesReceived are of those that were read.
	PacketsReceived, BytesReceived uint64

	PacketsSent, BytesSent uint64 // handed to the kernel
	Dropped                [causeCount]uint64
	Lateness               Lateness // of every datagram that left, or would have but for the kernel: time of the send less time due, which counts from arrival

	// Refused counts reports that nobody listens at the other end (ECONNREFUSED).
	// The kernel makes them for datagrams sent before, so they are not drops. They
	// count where those were sent: up for a service that is not there.
	Refused uint64
	// ReadErrors counts failed reads other than Refused; each was survived.
	ReadErrors uint64
	// BriefFlows counts the flows that brought a datagram this way and BriefFlow at
	// most, so far.
	BriefFlows uint64
}

// BriefFlow is how many datagrams a flow brings at most that DirectionStats calls
// brief: too few for a model of its own to show a memory.
const BriefFlow = 2

// Drops lists all drops by cause in a fixed order, zeros included: first the
// model's, then the proxy's and the kernel's.
func (d *DirectionStats) Drops() []Drop {
	var list []Drop
	for _, c := range lossy.Causes() {
		list = append(list, Drop{c.String(), d.Link.Dropped[c]})
	}
	for c, n := range d.Dropped {
		list = append(list, Drop{Cause(c).String(), n})
	}
	return list
}

// Unaccounted returns by how many datagrams the two sides of the equation of
// DirectionStats differ. It is 0 in a snapshot of a quiet or closed proxy, or
// the package has a bug. While datagrams pass, those being handled as the
// snapshot is taken may show.
func (d *DirectionStats) Unaccounted() int64 {
	out := d.PacketsSent + d.Link.PacketsInFlight
	for _, drop := range d.Drops() {
		out += drop.Packets
	}
	return int64(d.PacketsReceived + d.Link.Duplicated - out)
}

// tally is what a lane counts besides its link.
type tally struct {
	received, receivedBytes uint64
	sent, sentBytes         uint64
	refused, readErrors     uint64
	dropped                 [causeCount]uint64
}

// count adds the counts of one lane.
func (d *DirectionStats) count(t *tally) {
	d.PacketsReceived += t.received
	d.BytesReceived += t.receivedBytes
	d.PacketsSent += t.sent
	d.BytesSent += t.sentBytes
	d.Refused += t.refused
	d.ReadErrors += t.readErrors
	if t.received > 0 && t.received <= BriefFlow {
		d.BriefFlows++
	}
	for c, n := range t.dropped {
		d.Dropped[c] += n
	}
}

// overflowed counts datagrams that the kernel dropped before they were read.
func (d *DirectionStats) overflowed(n uint64) {
	d.PacketsReceived += n
	d.Dropped[CauseKernelRx] += n
}

// refuse counts datagrams that were read and go no further.
func (d *DirectionStats) refuse(m *message, why Cause) {
	n := uint64(m.count())
	d.PacketsReceived += n
	d.BytesReceived += uint64(len(m.bytes))
	d.Dropped[why] += n
}

func (d *DirectionStats) add(o *DirectionStats) {
	d.Link.Add(o.Link)
	d.PacketsReceived += o.PacketsReceived
	d.BytesReceived += o.BytesReceived
	d.PacketsSent += o.PacketsSent
	d.BytesSent += o.BytesSent
	for c, n := range o.Dropped {
		d.Dropped[c] += n
	}
	d.Lateness.add(&o.Lateness)
	d.Refused += o.Refused
	d.ReadErrors += o.ReadErrors
	d.BriefFlows += o.BriefFlows
}

// Stats is a snapshot of a proxy. It is a plain value.
type Stats struct {
	Flows        int    // alive now
	FlowsOpened  uint64 // ever
	FlowsExpired uint64 // ended by IdleTimeout
	Rebound      uint64 // times that a flow got another port towards the service

	Up, Down DirectionStats

	// ReceiveBuffer and SendBuffer are the bytes the system granted for the
	// listen socket, 0 where it does not tell.
	ReceiveBuffer, SendBuffer int
}

// Add adds the counts of another proxy, flows and what is in flight included;
// the buffers stay as they are.
func (s *Stats) Add(o *Stats) {
	s.Flows += o.Flows
	s.FlowsOpened += o.FlowsOpened
	s.FlowsExpired += o.FlowsExpired
	s.Rebound += o.Rebound
	s.Up.add(&o.Up)
	s.Down.add(&o.Down)
}

// Direction returns the counts of one direction.
func (s *Stats) Direction(d lossy.Direction) *DirectionStats {
	if d == lossy.Up {
		return &s.Up
	}
	return &s.Down
}
