package raw

import "net/netip"

// EventKind says what a [Conn] received or noticed.
type EventKind uint8

// The kinds of event.
const (
	// Message is an intact message, the first copy or a further one: see
	// Arrival.
	Message EventKind = iota + 1
	// Damaged is a datagram whose checksum is wrong. Payload is the message as
	// far as its shape still reads, nil if it does not; nothing in it can be
	// trusted. Arrival is empty: a damaged number counts nothing.
	Damaged
	// Text is a datagram that is no packet: bare text, in Payload as it came,
	// valid UTF-8 or not, possibly empty.
	Text
	// PeerRestarted announces that the next Message is the first of a stream
	// that this Conn has not heard, after it had heard another one.
	PeerRestarted
	// PeerAbsent says that the peer's machine answered: nobody listens at that
	// port. Whether systems and networks tell is up to them; silence proves
	// nothing.
	PeerAbsent
	// WrongMode is a packet of reliable mode: the peer runs the other mode.
	WrongMode
)

// String is the kind in lower case, for logs and failing tests.
func (k EventKind) String() string {
	names := [...]string{"none", "message", "damaged", "text", "peer restarted", "peer absent", "wrong mode"}
	if int(k) < len(names) {
		return names[k]
	}
	return "BUG: unknown event kind"
}

// Event is one thing that a [Conn] received or noticed.
type Event struct {
	Kind EventKind
	// From is where the datagram came from, zero for PeerAbsent. It need not be
	// the peer's address: a chat may send from another socket than it listens
	// on, and nothing in the plain wire format proves who sent what.
	From netip.AddrPort
	// Stream is the sender's run, for Message and PeerRestarted.
	Stream uint64
	// Arrival is the account's verdict, for Message.
	Arrival Arrival
	// Payload belongs to the Conn and is valid until the next Receive.
	Payload []byte
}
