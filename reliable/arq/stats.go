package arq

import "time"

// Stats counts what one connection did since it began. It is a plain value:
// Conn.Stats returns a copy, and nothing in it points into the connection.
// Counters only grow; gauges (the lower part) are the values of the moment.
type Stats struct {
	// Datagrams of this connection and their UDP payload bytes, handshake,
	// acknowledgments and retransmissions included.
	PacketsSent     uint64
	PacketsReceived uint64
	BytesSent       uint64
	BytesReceived   uint64

	// PacketsLost counts packets that loss detection declared lost (RFC 9002
	// section 6.1), PacketsLostSpurious those of them that were acknowledged
	// afterwards: they were late, not lost.
	PacketsLost         uint64
	PacketsLostSpurious uint64

	// PacketsAhead counts packets with urgent messages that left although the
	// congestion window or the pacer held back less urgent ones.
	PacketsAhead uint64

	// PacketsDuplicate counts packets that arrived again, PacketsOutOfOrder
	// those that arrived after one with a higher number (RFC 4737 section 3:
	// type-P-reordered).
	PacketsDuplicate  uint64
	PacketsOutOfOrder uint64

	// Message and fragment frames sent again, by what asked for it: a packet
	// declared lost because later ones were acknowledged (packet threshold),
	// because it was outstanding for too long (time threshold), or a probe
	// after silence (probe timeout). Repairs of small
	// messages leave twice while nothing more waits, and count twice.
	RetransmitsThreshold uint64
	RetransmitsTime      uint64
	RetransmitsProbe     uint64

	// Redundancy: copies of messages sent before their loss was known, the
	// payload bytes of these, and the messages whose first packet was lost and
	// that arrived by a copy, without being sent again.
	Repeats         uint64
	RepeatBytes     uint64
	RedundancySaved uint64

	// Repair symbols (SPEC 7.19) and their bytes sent, symbols received, and
	// messages that were computed from them.
	SymbolsSent       uint64
	SymbolBytes       uint64
	SymbolsReceived   uint64
	MessagesRecovered uint64

	// ProbeTimeouts counts how often the probe timer ran out (RFC 9002
	// section 6.2).
	ProbeTimeouts uint64

	// PathChanges counts how often the peer moved and proved its new address,
	// PathsRefused the addresses that did not (RFC 9000 section 9).
	PathChanges  uint64
	PathsRefused uint64

	// SizeProbesSent and SizeProbesLost count probes of the path's packet size
	// (RFC 8899), which are in no other counter of losses; BlackHoles counts
	// how often large packets no longer arrived.
	SizeProbesSent uint64
	SizeProbesLost uint64
	BlackHoles     uint64

	// Packets that arrived with a mark of congestion (RFC 3168), and packets of
	// ours that the peer says did.
	MarksReceived uint64
	MarksReported uint64

	AcksSent     uint64 // ack frames sent
	AcksReceived uint64 // ack frames received

	// Messages of modes that do not deliver all of them. Of those sent:
	// Superseded by a newer one before they were known to have arrived, Lost
	// with a packet and not sent again, Skipped because their time was over. Of
	// those received: PassedOver because they were missing when something
	// behind them was due, Stale ones that came after a newer one or too late,
	// and Dropped because the application, or a part of them, was too slow.
	MessagesSuperseded uint64
	MessagesLost       uint64
	MessagesSkipped    uint64
	MessagesPassedOver uint64
	MessagesStale      uint64
	MessagesDropped    uint64

	// Messages, and their payload bytes. Acked: every byte acknowledged by the
	// peer. Received: handed to the application.
	MessagesSent         uint64
	MessagesAcked        uint64
	MessagesReceived     uint64
	MessageBytesSent     uint64
	MessageBytesReceived uint64

	// How long what kept this side from sending more: it had nothing to send,
	// the peer gave no credit, the congestion window was full, or the pacer
	// held the next packet back. Counted up to the last input.
	TimeApplicationLimited time.Duration
	TimeFlowLimited        time.Duration
	TimeCongestionLimited  time.Duration
	TimePacingLimited      time.Duration

	// Gauges.
	SmoothedRTT time.Duration // RFC 9002 section 5.3; 0 before the first sample
	RTTVar      time.Duration
	MinRTT      time.Duration
	LatestRTT   time.Duration
	// QueueingDelay is how much longer than the shortest round trip the
	// smoothed one is: what waits in queues on the way, and in the peer.
	QueueingDelay time.Duration
	// DeliveryRate is how fast packets of ours arrived in the newest round trip,
	// bytes per second (draft-ietf-ccwg-bbr section 4.1); an application that
	// sends less makes it lower. 0 before the first sample.
	DeliveryRate int
	// ReorderingExtent is the most packets with higher numbers that had arrived
	// before one (compare RFC 4737 section 4.2); 0 while all come in order.
	ReorderingExtent int
	// Jitter is the variation of the one-way delay of the packets sent (RFC
	// 3550 section 6.4.1); 0 unless Config.ReportReceivedAt asks for it.
	Jitter time.Duration
	// ReorderingWindow is how much later than the newest a packet may come and
	// not count as lost; 0 while nothing is overtaken on this path.
	ReorderingWindow time.Duration
	LossRate         float64 // of the packets sent, 0 to 1, over the last few hundred
	PacingRate       int     // bytes per second; 0 = packets are not paced yet
	PacketSize       int     // largest datagram sent now, bytes of UDP payload
	CongestionWindow int     // bytes
	BytesInFlight    int     // bytes sent, neither acknowledged nor declared lost
	SendQueueBytes   int     // message bytes accepted from the application and not yet acknowledged
	ReceiveBytes     int     // message bytes buffered for the application or for reassembly
}

// Retransmits is the number of message and fragment frames sent again,
// whatever the reason.
func (s *Stats) Retransmits() uint64 {
	return s.RetransmitsThreshold + s.RetransmitsTime + s.RetransmitsProbe
}
