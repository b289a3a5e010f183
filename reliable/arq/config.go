package arq

import (
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// Config is what a connection is made from. The zero value is a good default;
// a zero field means its documented default, a negative duration means off.
// It is read once and never modified.
type Config struct {
	// MaxPacket is the largest datagram ever sent, bytes of UDP payload, 1200
	// to 65507. A connection begins with 1200, which every path carries (RFC
	// 9000 section 14), and finds out by probes what this one does (RFC 8899).
	// Default 65507: whatever it carries. What the peer accepts limits it
	// further.
	MaxPacket int
	// FixedPacket, if not zero, is the size of full datagrams from the first
	// to the last, 1200 to 65507, and nothing is probed. It is for those who
	// know the path, and for sockets whose datagrams the system would cut into
	// IP fragments: there, probes prove nothing.
	FixedPacket int
	// MaxMessage is the largest message sent or accepted, bytes, at most and
	// by default proto.MaxMessage (64 MiB).
	MaxMessage int
	// SendBuffer is how many message bytes of a channel may wait to be
	// acknowledged before CanSendOn says no. All channels together may have
	// twice as much waiting, and each of them a sixteenth of it whatever the
	// others have. Default 4 MiB.
	SendBuffer int
	// ReceiveWindow is how many message bytes the peer may send ahead of what
	// the application has read. Default 4 MiB. A message larger than the
	// window is received all the same: its own bytes extend the credit.
	ReceiveWindow int
	// FirstWindow is how much of ReceiveWindow the peer may use to begin with; it
	// gets the rest as fast as the application reads. A sender's first burst can
	// be as large, so it should fit the socket's receive buffer. 16 KiB
	// to 2 MiB, default 2 MiB.
	FirstWindow int
	// IdleTimeout ends the connection after this long without a packet from
	// the peer. Default 60 s; negative: never. The smaller of both peers'
	// values holds.
	IdleTimeout time.Duration
	// KeepAlive sends a ping after this long without a packet from the peer.
	// Default off.
	KeepAlive time.Duration
	// StallTimeout ends the connection when messages have waited this long for
	// credit and the peer, alive or not, gave none: nothing is kept for ever for
	// a peer that never reads (RFC 6429). Default 120 s; negative: never.
	StallTimeout time.Duration
	// HandshakeTimeout ends the attempt to connect. Default 10 s; negative:
	// keep trying.
	HandshakeTimeout time.Duration
	// Congestion makes the congestion controller. Default congestion.Default.
	Congestion func(congestion.Config) congestion.Controller
	// ReportReceivedAt asks the peer to say when packets arrived, which gives
	// Stats.Jitter of this side's packets at some 12 bytes an ack. Default off.
	ReportReceivedAt bool
	// Redundancy says whether small messages of thin flows are repeated before
	// their loss is known. Default RedundancyAdaptive.
	Redundancy Redundancy
	// ECN says that the driver marks datagrams as Conn.ECN says (RFC 3168).
	// Then the peer's counts of marks are checked, and marks of congestion
	// obeyed. Marks that arrive are reported to the peer in any case.
	ECN bool
	// PacingQuantum is how far apart the driver's timers can wake the
	// connection while it paces its packets: what the rate gives in this time
	// leaves in one burst, at least two packets. Default 200 us.
	PacingQuantum time.Duration
	// Buffers lends memory for messages. Default: it is made anew each time and
	// left to the garbage collector.
	Buffers Buffers
	// FirstNumber is the low 32 bits of the first packet number and the first
	// message sequence number. Any value works; tests start just before the
	// wrap. Default 0.
	FirstNumber uint32

	// numberBits is how many bits of a number on the wire are believed, 0 = all
	// 32: tests wrap numbers as often as they like.
	numberBits int
}

// The protocol's fixed times.
const (
	// maxAckDelay bounds how long an acknowledgment waits (RFC 9000 section
	// 18.2 default).
	maxAckDelay = 25 * time.Millisecond
	// minAckDelay keeps the ack timer above the precision of the timers
	// beneath us.
	minAckDelay = time.Millisecond
	// granularity is kGranularity of RFC 9002 section 6.1.2.
	granularity = time.Millisecond
	// packetThreshold is kPacketThreshold of RFC 9002 section 6.1.1.
	packetThreshold = 3
	// initialRTT is what a timer assumes before the first sample. RFC 9002
	// section 6.2.2 recommends 333 ms.
	initialRTT = 333 * time.Millisecond
	// maxProbeTimeout caps the backed-off probe timer, so that a healed path
	// carries data again within a second of a blackout's end. RFC 9002
	// sets no cap; at two packets each half second and peer the cost is nil.
	maxProbeTimeout = 500 * time.Millisecond
	// maxQuiet bounds the acks of ours that are remembered behind a packet whose
	// fate is open: a peer that makes us ack and never acks itself must not
	// fill the memory. Beyond it that packet counts as lost.
	maxQuiet = 8192
	// helloInterval is the time between the first two hellos of a handshake;
	// it doubles up to maxHelloInterval.
	helloInterval    = 250 * time.Millisecond
	maxHelloInterval = 500 * time.Millisecond
	// maxRetryWait bounds how long copies of the hello are held back after an
	// answer to an earlier one.
	maxRetryWait = 4 * time.Second
	// acceptTimeout is how long an accepted connection waits for the first
	// packet of its peer. Each copy of the hello starts it anew, up to
	// maxAcceptTimeout in all.
	acceptTimeout    = 20 * time.Second
	maxAcceptTimeout = time.Minute
	// closeAttempts is how often a close is sent before the peer is given up.
	closeAttempts = 5
)

// messageCost is what every message is charged against flow control besides
// its bytes (SPEC 6.1), so that empty messages are bounded too.
const messageCost = 32

// withDefaults returns the configuration with every default filled in.
func (c Config) withDefaults() Config {
	c.MaxPacket = clamp(orDefault(c.MaxPacket, proto.MaxDatagram), basePacket, proto.MaxDatagram)
	if c.FixedPacket != 0 {
		c.FixedPacket = clamp(c.FixedPacket, basePacket, proto.MaxDatagram)
	}
	c.MaxMessage = clamp(orDefault(c.MaxMessage, proto.MaxMessage), 1, proto.MaxMessage)
	c.SendBuffer = max(orDefault(c.SendBuffer, 4<<20), 1)
	c.ReceiveWindow = max(orDefault(c.ReceiveWindow, 4<<20), 4<<10)
	c.FirstWindow = min(clamp(orDefault(c.FirstWindow, 2<<20), 16<<10, 2<<20), c.ReceiveWindow)
	c.IdleTimeout = durationOrOff(c.IdleTimeout, 60*time.Second)
	c.KeepAlive = durationOrOff(c.KeepAlive, 0)
	c.StallTimeout = durationOrOff(c.StallTimeout, 120*time.Second)
	c.HandshakeTimeout = durationOrOff(c.HandshakeTimeout, 10*time.Second)
	c.PacingQuantum = durationOrOff(c.PacingQuantum, 200*time.Microsecond)
	if c.Congestion == nil {
		c.Congestion = congestion.Default
	}
	if c.Buffers == nil {
		c.Buffers = fresh{}
	}
	return c
}

func orDefault(v, d int) int {
	if v <= 0 {
		return d
	}
	return v
}

func clamp(v, lo, hi int) int { return min(max(v, lo), hi) }

// durationOrOff resolves a duration whose zero means the default; off is 0.
func durationOrOff(v, d time.Duration) time.Duration {
	switch {
	case v == 0:
		return d
	case v < 0:
		return 0
	}
	return v
}
