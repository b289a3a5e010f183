package chat

import "time"

// EventKind says what happened in a [Session].
type EventKind uint8

// The kinds of event. Each line that comes in is exactly one of Received, Late,
// Duplicate, Damaged and BareText.
const (
	// Received is a line of the peer, on time.
	Received EventKind = iota + 1
	// Late is a line that came after younger ones; Extent says by how many
	// arrivals, 0 if so many that it may also be a copy. Raw mode only.
	Late
	// Duplicate is a further copy of a line. Raw mode only: reliable mode drops
	// and counts copies.
	Duplicate
	// Damaged is a line that did not arrive as it was sent; Text is what is
	// left of it, possibly nothing. Raw mode only.
	Damaged
	// BareText is a datagram of plain text: a tutorial chat, or netcat.
	BareText
	// Lost says that Missing lines of the peer were sent before the line that
	// follows and did not come, so far. Raw mode only.
	Lost
	// Queued is an own line that waits for the peer or for room on the way to
	// it. Reliable mode only: in raw mode a line leaves at once.
	Queued
	// Sent is an own line that was handed to the system.
	Sent
	// Acked is an own line that the peer's side has, after Retransmits further
	// sends of it or of parts of it. Reliable mode only.
	Acked
	// Failed is an own line that was given up; Reason says why.
	Failed
	// Peer is news about the peer itself: see PeerState.
	Peer
	eventKindEnd
)

// String is the kind as it appears in chat-event records.
func (k EventKind) String() string {
	names := [eventKindEnd]string{"none", "receive", "late", "duplicate", "damaged", "text", "lost", "queued", "sent", "acked", "failed", "peer"}
	if k < eventKindEnd {
		return names[k]
	}
	return "BUG: unknown event kind"
}

// PeerState is what became known about the peer.
type PeerState uint8

// The states of a peer.
const (
	// PeerWaiting: nobody answers at the peer's address; the chat keeps trying.
	PeerWaiting PeerState = iota + 1
	// PeerJoined: the first sign of the peer.
	PeerJoined
	// PeerLeft: it said goodbye.
	PeerLeft
	// PeerGone: it went without a goodbye; Reason says how that was noticed.
	PeerGone
	// PeerBack: the same run of the peer is there again.
	PeerBack
	// PeerRestarted: another run of the peer is there, at the same address.
	PeerRestarted
	// PeerRenamed: Name was called Text before.
	PeerRenamed
	// PeerOtherMode: what comes in shows that the peer runs the other mode.
	PeerOtherMode
	// PeerBusy: somebody else than the peer of this chat wanted in and was
	// refused, or this side was refused for that reason.
	PeerBusy
	peerStateEnd
)

// String is the state as it appears in chat-event records.
func (s PeerState) String() string {
	names := [peerStateEnd]string{"none", "waiting", "joined", "left", "gone", "back", "restarted", "renamed", "other-mode", "busy"}
	if s < peerStateEnd {
		return names[s]
	}
	return "BUG: unknown peer state"
}

// Event is one thing that happened in a session. Name, Text and Reason may hold
// whatever a stranger sent.
type Event struct {
	Kind EventKind
	At   time.Time
	// ID is the number of the line among those of its sender, from 1; 0 where
	// it is unknown.
	ID   uint64
	Name string // of who said it; "" if unknown
	Text string
	From string // address a line came from, for those that came in

	Missing     uint64    // for Lost: lines
	Before      bool      // for Lost: sent before this side heard anything of the peer
	Extent      uint64    // for Late: arrivals
	Retransmits int       // for Acked
	Peer        PeerState // for Peer
	Reason      string    // for Failed and Peer; for Lost before a goodbye: Goodbye
}

// Goodbye is the Reason of a Lost event that no line follows: the peer's goodbye
// told how many there had been.
const Goodbye = "goodbye"

// Counters are what a status line and the summary show. Lines are messages of
// people; everything else counts datagrams.
type Counters struct {
	LinesSent      uint64 // handed to the system, each once
	LinesDelivered uint64 // acknowledged by the peer; always 0 in raw mode, which cannot know
	LinesReceived  uint64 // shown, each once
	LinesWaiting   int    // own lines neither delivered nor given up

	Lost        uint64 // raw: numbers missing so far; reliable: sends declared lost
	OutOfOrder  uint64
	Duplicate   uint64
	Corrupt     uint64
	Malformed   uint64
	Retransmits uint64

	DatagramsSent     uint64
	DatagramsReceived uint64
	BytesSent         uint64
	BytesReceived     uint64

	RTT    time.Duration // smoothed; 0 before the first sample and in raw mode
	Jitter time.Duration // raw mode
}
