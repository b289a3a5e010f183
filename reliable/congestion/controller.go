// Package congestion decides how many bytes a connection may have in flight.
//
// It is for package arq, which calls a Controller for every packet it sends
// and every acknowledgment and loss it sees, and for anyone who brings a
// controller of his own. The controllers are pure: time comes in as an
// argument, there is no clock, no lock, no goroutine and no randomness, so
// the same calls give the same window in the simulator and on a socket.
//
// Limits: a Controller counts bytes, not packets per second; pacing is arq's
// (it spreads Window over the round trip). A Controller serves one path of one
// connection and is not safe for concurrent use.
package congestion

import "time"

// A Controller sets the congestion window of one path (RFC 9002 section 7).
//
// The calls come in the order things happen, each with a monotonic time that
// never goes back: PacketSent once per packet that counts as in flight;
// Acked once per ack frame that acknowledges such packets for the first time;
// Lost once per round of loss detection that declared packets lost, before
// the Acked of the same ack frame; SpuriousLoss when a packet
// declared lost turns out to have arrived.
type Controller interface {
	// Name is the controller's name in flags, statistics and reports.
	Name() string
	// Window is the number of bytes that may be in flight now. It is never
	// below two packets.
	Window() int
	// SlowStart reports whether the window grows exponentially, so that the
	// pacer leaves it room (RFC 9002 section 7.7).
	SlowStart() bool
	// PacketSent tells that bytes were sent; inFlight includes them.
	PacketSent(now time.Duration, bytes, inFlight int)
	// Acked tells what an ack frame newly acknowledged.
	Acked(now time.Duration, a Ack)
	// Lost tells what loss detection newly declared lost.
	Lost(now time.Duration, l Loss)
	// SpuriousLoss tells that a packet declared lost, sent at sentAt, was
	// acknowledged after all.
	SpuriousLoss(now, sentAt time.Duration)
}

// Ack is what one ack frame newly acknowledged.
type Ack struct {
	Bytes         int           // newly acknowledged bytes, > 0
	LargestSentAt time.Duration // when the newest of these packets was sent
	InFlight      int           // bytes in flight before this ack was counted
	WindowLimited bool          // the window, not the application, held the sender back (RFC 9002 section 7.8)
	SmoothedRTT   time.Duration // 0 before the first sample
}

// Loss is what one round of loss detection declared lost.
type Loss struct {
	Bytes         int           // newly lost bytes, > 0
	LargestSentAt time.Duration // when the newest of these packets was sent
	Persistent    bool          // persistent congestion was established (RFC 9002 section 7.6)
}

// Config is what a controller is made from.
type Config struct {
	// MaxPacket is the largest datagram the connection sends, bytes of UDP
	// payload: the unit in which windows grow.
	MaxPacket int
}

// minimumWindow is two packets (RFC 9002 section 7.2).
func (c Config) minimumWindow() int { return 2 * c.MaxPacket }

// initialWindow follows RFC 9002 section 7.2: "ten times the maximum datagram
// size [...] while limiting the window to the larger of 14,720 bytes or twice
// the maximum datagram size".
func (c Config) initialWindow() int {
	return min(10*c.MaxPacket, max(14720, 2*c.MaxPacket))
}
