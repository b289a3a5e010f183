package demo

import (
	"encoding/json"
	"math"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// Schema names the form of a Result in JSON. Within a version keys are only
// ever added.
const Schema = "udplab/demo/v1"

// Result is what a run measured, or has measured so far. A plain value.
type Result struct {
	Schema string `json:"schema"`
	Seed   uint64 `json:"seed"`
	Config Setup  `json:"config"`

	// Seconds is how long the run has taken, the handshake included; Complete
	// says that every message was due and both modes had come to rest.
	Seconds  float64 `json:"seconds"`
	Complete bool    `json:"complete"`

	Raw      Half `json:"raw"`
	Reliable Half `json:"reliable"`
}

// Setup is the configuration as a Result shows it.
type Setup struct {
	Messages int     `json:"messages"`
	Size     int     `json:"size_bytes"`
	Rate     float64 `json:"rate_per_second"`
	Network  struct {
		Up   settings.Report `json:"up"`
		Down settings.Report `json:"down"`
	} `json:"network"`
}

// Half is what one mode did with the messages. The package documentation
// defines every count. Both halves have all keys.
type Half struct {
	Sent         int     `json:"sent"`
	Delivered    int     `json:"delivered"`
	Lost         int     `json:"lost"`
	OutOfOrder   int     `json:"out_of_order"`
	Duplicate    int     `json:"duplicate"`
	Corrupt      int     `json:"corrupt"`
	Retransmits  uint64  `json:"retransmits"`
	WireBytes    uint64  `json:"wire_bytes"`
	PayloadBytes uint64  `json:"payload_bytes"`
	Latency      Latency `json:"latency_ms"`

	// Connect is how long the connection took to open; 0 in raw mode, which
	// has none.
	Connect Millis `json:"connect_ms"`
	// Network is what the network did to the datagrams of this half.
	Network Network `json:"network"`
	// Error says what ended this half early, empty if nothing did.
	Error string `json:"error"`
}

// Network counts what a proxy did to the datagrams of both directions.
type Network struct {
	Datagrams  uint64 `json:"datagrams"`   // put on the wire by both peers
	Lost       uint64 `json:"lost"`        // dropped by the loss model
	QueueDrops uint64 `json:"queue_drops"` // dropped because the queue before the rate limit was full
	OtherDrops uint64 `json:"other_drops"` // dropped for a reason of our own machine; 0 in a clean run
	Duplicated uint64 `json:"duplicated"`
	Reordered  uint64 `json:"reordered"`
	Corrupted  uint64 `json:"corrupted"`
}

// Latency is the delivery latency at three percentiles.
type Latency struct {
	P50 Millis `json:"p50"`
	P95 Millis `json:"p95"`
	P99 Millis `json:"p99"`
}

// Millis is a time in milliseconds, not a number while nothing is known:
// then JSON has null.
type Millis float64

// unknown is the latency of messages that never arrived.
var unknown = Millis(math.NaN())

// millis rounds to a microsecond.
func millis(d time.Duration) Millis {
	return Millis(d.Round(time.Microsecond).Seconds() * 1000)
}

// Known reports whether there is a number.
func (m Millis) Known() bool { return !math.IsNaN(float64(m)) }

// MarshalJSON writes a number, or null when there is none.
func (m Millis) MarshalJSON() ([]byte, error) {
	if !m.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(float64(m)*1000) / 1000)
}

// ExactlyOnce reports whether every message sent was delivered once, in order
// and intact.
func (h *Half) ExactlyOnce() bool {
	return h.Delivered == h.Sent && h.Lost == 0 && h.OutOfOrder == 0 && h.Duplicate == 0 && h.Corrupt == 0
}

// WirePerPayload is how many bytes went over the wire for each payload byte
// delivered; not a number if none was.
func (h *Half) WirePerPayload() float64 {
	if h.PayloadBytes == 0 {
		return math.NaN()
	}
	return float64(h.WireBytes) / float64(h.PayloadBytes)
}

// newResult is a result without measurements.
func newResult(cfg *Config) Result {
	r := Result{Schema: Schema, Seed: cfg.Network.Seed}
	r.Config = Setup{Messages: cfg.Messages, Size: cfg.Size, Rate: cfg.Rate}
	r.Config.Network.Up = settings.Report(cfg.Network.Up)
	r.Config.Network.Down = settings.Report(cfg.Network.Down)
	return r
}

// networkOf sums the two directions of a proxy. Every datagram that is not
// sent on has exactly one cause.
func networkOf(s *proxy.Stats) Network {
	var n Network
	for _, d := range []*proxy.DirectionStats{&s.Up, &s.Down} {
		n.Datagrams += d.PacketsReceived
		lost, queue := d.Link.Dropped[lossy.CauseLoss], d.Link.Dropped[lossy.CauseQueue]
		n.Lost += lost
		n.QueueDrops += queue
		for _, drop := range d.Drops() {
			n.OtherDrops += drop.Packets
		}
		n.OtherDrops -= lost + queue
		n.Duplicated += d.Link.Duplicated
		n.Reordered += d.Link.Reordered
		n.Corrupted += d.Link.Corrupted
	}
	return n
}

// NoLatency is the latency of a half that has delivered nothing.
func NoLatency() Latency { return Latency{unknown, unknown, unknown} }
