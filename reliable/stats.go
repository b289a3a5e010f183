package reliable

import "udplab/reliable/arq"

// Stats is a snapshot of one connection's counters and gauges.
type Stats = arq.Stats

// ChannelStats is a snapshot of one channel's counters and gauges.
type ChannelStats = arq.ChannelStats

// EndpointStats counts what one socket saw, whichever connection it was for.
// Everything that can't be pinned on a connection is here: a datagram whose
// checksum is wrong names no sender one could trust.
type EndpointStats struct {
	DatagramsReceived uint64
	BytesReceived     uint64
	DatagramsSent     uint64
	BytesSent         uint64

	NotPackets        uint64 // bare text, other protocols, empty datagrams
	ChecksumErrors    uint64 // damaged on the way
	Malformed         uint64 // intact, but not a packet of SPEC.md
	UnknownVersion    uint64 // a hello of a version we do not speak
	UnknownConnection uint64 // a packet for a connection that is not here

	RetriesSent       uint64 // address-validation cookies sent (RFC 9000 section 8.1.2)
	ResetsSent        uint64 // answers to packets of unknown connections
	HandshakesRefused uint64 // hellos dropped: bad cookie, backlog full or connection limit
	SendErrors        uint64 // datagrams the kernel refused
	KernelDrops       uint64 // datagrams lost in our own socket buffer, where the system tells (Linux); an estimate on RungSegments
	ReceiveBuffer     int    // bytes of socket receive buffer granted; 0 = unknown
	SendBuffer        int    // bytes of socket send buffer granted; 0 = unknown
	Connections       int    // connections alive now

	SendRung     Rung   // how datagrams are sent now
	ReceiveRung  Rung   // how datagrams are received now
	Demotions    uint64 // rungs that failed and were left for good
	SendCalls    uint64 // calls of the system that sent: DatagramsSent is for so many
	ReceiveCalls uint64 // calls of the system that received: DatagramsReceived is for so many
}
