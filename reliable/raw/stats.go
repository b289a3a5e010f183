package raw

import "time"

// Stats is a snapshot of what a [Conn] counted since New. Every field is a
// counter that only grows, but for Lost and Before, which a late packet takes
// back, and the gauges MaxExtent and Jitter.
type Stats struct {
	// Messages handed to the system, each one datagram; the bytes of the
	// datagrams, numbering and checksum included; the bytes of the messages.
	Sent             uint64
	BytesSent        uint64
	MessageBytesSent uint64
	// TextSent counts datagrams of bare text; their bytes are in BytesSent.
	TextSent uint64
	// SendErrors counts sends that the system refused.
	SendErrors uint64
	// PeerAbsent counts reports that nobody listens at the peer's address.
	PeerAbsent uint64

	// Received counts intact messages handed over, every copy of them included;
	// BytesReceived the bytes of all datagrams that came in, whatever they
	// were; MessageBytesReceived the bytes of the messages counted in Received.
	Received             uint64
	BytesReceived        uint64
	MessageBytesReceived uint64
	// Text counts datagrams that are no packets: bare text.
	Text uint64
	// Corrupt counts datagrams damaged on the way, by their checksum.
	Corrupt uint64
	// Malformed counts undamaged packets that break the specification.
	Malformed uint64
	// WrongMode counts packets of reliable mode, of any version.
	WrongMode uint64
	// ReceiveErrors counts failed reads, a report about the peer not included.
	ReceiveErrors uint64
	// Restarts counts new streams after the first one heard.
	Restarts uint64

	// What the accounts of all streams heard say, in the words of AccountStats.
	// A corrupt message did not arrive: it counts as Lost once a later one did.
	Lost        uint64
	Before      uint64
	OutOfOrder  uint64
	Duplicate   uint64
	OutOfWindow uint64
	MaxExtent   uint64
	Jitter      time.Duration // of the stream heard last
}

// of takes over what the accounts sum up to.
func (s *Stats) of(a AccountStats) {
	s.Lost, s.Before = a.Lost, a.Before
	s.OutOfOrder, s.Duplicate, s.OutOfWindow = a.OutOfOrder, a.Duplicate, a.OutOfWindow
	s.MaxExtent, s.Jitter = a.MaxExtent, a.Jitter
}

// add sums two accounts, all but the jitter: it is a level, and the sum of two
// levels is none.
func (s *AccountStats) add(a AccountStats) {
	s.Expected += a.Expected
	s.Received += a.Received
	s.Lost += a.Lost
	s.Before += a.Before
	s.OutOfOrder += a.OutOfOrder
	s.Duplicate += a.Duplicate
	s.OutOfWindow += a.OutOfWindow
	s.Jumps += a.Jumps
	s.MaxExtent = max(s.MaxExtent, a.MaxExtent)
}
