// Package congestion decides how many bytes a connection may have in flight
// and how fast they leave.
//
// It is for package arq, which calls a Controller for every packet it sends
// and every acknowledgment and loss it sees, and for anyone who brings a
// controller of his own. The controllers are pure: time comes in as an
// argument, there is no clock, no lock, no goroutine and no randomness, so
// the same calls give the same window in the simulator and on a socket.
//
// Limits: a Controller serves one path of one connection and is not safe for
// concurrent use. Bursts and the timers of pacing are arq's.
package congestion

import "time"

// A Controller sets the congestion window and the pacing rate of one path (RFC
// 9002 section 7).
//
// The calls come in the order things happen, each with a monotonic time that
// never goes back: PacketSent once per packet that counts as in flight; Lost
// once per round of loss detection that declared packets lost; Acked once per
// ack frame that acknowledges packets in flight for the first time, after the
// Lost of the same frame; Spurious when packets declared lost turn out to have
// arrived.
type Controller interface {
	// Name is the controller's name in flags, statistics and reports.
	Name() string
	// Window is the number of bytes that may be in flight now. It is never
	// below two packets.
	Window() int
	// PacingRate is the rate at which packets should leave, bytes per second.
	// 0 means that it is not known yet, and packets are not paced.
	PacingRate() float64
	// PacketSent tells that a packet left.
	PacketSent(now time.Duration, s Sent)
	// Acked tells what an ack frame newly acknowledged.
	Acked(now time.Duration, a Ack)
	// Lost tells what loss detection newly declared lost.
	Lost(now time.Duration, l Loss)
	// Spurious tells that packets declared lost were acknowledged after all.
	Spurious(now time.Duration, s Spurious)
}

// Sent is one packet that counts as in flight.
type Sent struct {
	Bytes    int
	InFlight int // bytes in flight, this packet included
}

// RTT is what the connection knows of the path's round trip (RFC 9002 section
// 5). All are 0 before the first sample.
type RTT struct {
	Latest   time.Duration // of the ack in hand; 0 if it gave no sample
	Smoothed time.Duration
	Min      time.Duration // since the path exists
}

// Ack is what one ack frame newly acknowledged.
type Ack struct {
	Bytes         int           // newly acknowledged bytes that were in flight, > 0
	LargestSentAt time.Duration // when the newest of these packets was sent
	PriorInFlight int           // bytes in flight before this ack frame came
	InFlight      int           // bytes in flight after it and the losses it revealed
	WindowLimited bool          // the window or the pacer, not the application, held the sender back (RFC 9002 section 7.8)
	Quiet         bool          // urgent messages go out beside bulk: a queue costs more than throughput
	CE            int           // packets newly reported as marked Congestion Experienced (RFC 3168)
	RTT           RTT
	Rate          Rate
}

// Loss is what one round of loss detection declared lost.
type Loss struct {
	Bytes         int           // newly lost bytes, > 0
	Packets       int           // newly lost packets, > 0
	LargestSentAt time.Duration // when the newest of these packets was sent
	InFlight      int           // bytes in flight without them
	Persistent    bool          // persistent congestion was established (RFC 9002 section 7.6)
	RTT           RTT           // Latest is that of the ack that revealed the loss
	Rates         []Rate        // of each of the packets in the order sent, as Sampler.Fate gives it; valid during the call
}

// Spurious is what was declared lost and arrived after all.
type Spurious struct {
	Bytes   int
	Packets int
	SentAt  time.Duration // when the newest of these packets was sent
}

// Config is what a controller is made from.
type Config struct {
	// MaxPacket is the largest datagram the connection sends, bytes of UDP
	// payload: the unit in which windows grow.
	MaxPacket int
	// Seed starts the sequence from which controllers that must not move in
	// step with their like (bbr) take the lengths of their cycles. Equal seeds
	// give equal behaviour.
	Seed uint64
}

// A Resizer is a Controller that can be told of another packet size while it
// works, when the path turned out to carry more or less (RFC 8899). The others
// keep the size they began with.
type Resizer interface {
	// SetMaxPacket gives the size of full packets sent from now on, bytes of
	// UDP payload.
	SetMaxPacket(bytes int)
}

// minimumWindow is two packets (RFC 9002 section 7.2).
func (c Config) minimumWindow() int { return 2 * c.MaxPacket }

// initialWindow follows RFC 9002 section 7.2: "ten times the maximum datagram
// size [...] while limiting the window to the larger of 14,720 bytes or twice
// the maximum datagram size".
func (c Config) initialWindow() int {
	return min(10*c.MaxPacket, max(14720, 2*c.MaxPacket))
}
