package chat

import (
	"time"
	"unicode/utf8"
)

// RecordSchema names the form of a Record. Within v1 keys are only ever added.
const RecordSchema = "udplab/chat-event/v1"

// Record is an event, or the summary at the end, as one line of JSON.
type Record struct {
	Schema string    `json:"schema"`
	Time   time.Time `json:"time"`
	// Event is receive, late, duplicate, damaged, text, lost, queued, sent,
	// acked, failed, peer, network or summary.
	Event string `json:"event"`

	ID    uint64 `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Text  string `json:"text,omitempty"`
	Bytes []byte `json:"bytes,omitempty"` // the text in base64, if it is not UTF-8
	From  string `json:"from,omitempty"`

	Missing     uint64 `json:"missing,omitempty"`
	Before      bool   `json:"before_joining,omitempty"`
	LateBy      uint64 `json:"late_by,omitempty"` // arrivals
	Retransmits *int   `json:"retransmits,omitempty"`
	Peer        string `json:"peer,omitempty"`
	Reason      string `json:"reason,omitempty"`

	Summary *Summary `json:"summary,omitempty"`
	// Network is the bad network under the session, if its caller has put one
	// there, of a summary and of the events network; this package knows none.
	Network any `json:"network,omitempty"`
}

// Summary is Counters in JSON.
type Summary struct {
	Sent              uint64  `json:"sent"`      // lines
	Delivered         *uint64 `json:"delivered"` // lines; null in raw mode, which cannot know
	Received          uint64  `json:"received"`  // lines
	Lost              uint64  `json:"lost"`
	OutOfOrder        uint64  `json:"out_of_order"`
	Duplicate         uint64  `json:"duplicate"`
	Corrupt           uint64  `json:"corrupt"`
	Malformed         uint64  `json:"malformed"`
	Retransmits       uint64  `json:"retransmits"`
	DatagramsSent     uint64  `json:"datagrams_sent"`
	DatagramsReceived uint64  `json:"datagrams_received"`
	BytesSent         uint64  `json:"bytes_sent"`
	BytesReceived     uint64  `json:"bytes_received"`
	RTT               float64 `json:"rtt_ms"`
	Jitter            float64 `json:"jitter_ms"`
}

// Record is the event's line of JSON.
func (e *Event) Record() Record {
	r := Record{
		Schema: RecordSchema, Time: e.At, Event: e.Kind.String(),
		ID: e.ID, Name: e.Name, Text: e.Text, From: e.From,
		Missing: e.Missing, Before: e.Before, LateBy: e.Extent, Reason: e.Reason,
	}
	if !utf8.ValidString(e.Text) {
		r.Bytes = []byte(e.Text)
	}
	if e.Kind == Acked {
		r.Retransmits = &e.Retransmits
	}
	if e.Kind == Peer {
		r.Peer = e.Peer.String()
	}
	return r
}

// Record is the summary's line of JSON.
func (c Counters) Record(now time.Time, mode Mode) Record {
	s := &Summary{
		Sent: c.LinesSent, Received: c.LinesReceived,
		Lost: c.Lost, OutOfOrder: c.OutOfOrder, Duplicate: c.Duplicate,
		Corrupt: c.Corrupt, Malformed: c.Malformed, Retransmits: c.Retransmits,
		DatagramsSent: c.DatagramsSent, DatagramsReceived: c.DatagramsReceived,
		BytesSent: c.BytesSent, BytesReceived: c.BytesReceived,
		RTT: c.RTT.Seconds() * 1e3, Jitter: c.Jitter.Seconds() * 1e3,
	}
	if mode == ReliableMode {
		s.Delivered = &c.LinesDelivered
	}
	return Record{Schema: RecordSchema, Time: now, Event: "summary", Summary: s}
}
