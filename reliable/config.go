package reliable

import (
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// Config is how connections behave. A nil *Config and the zero value mean the
// defaults; a negative duration means off. It is read once and never modified,
// and may be shared.
type Config struct {
	// MaxPacket is the largest datagram ever sent, bytes of UDP payload, 1200 to
	// 65507. Default 65507: whatever probes find the path to carry (RFC 8899),
	// beginning with 1200. Sockets that may cut datagrams into IP fragments are
	// not probed: 1200 it is there. That is everything but the sockets of
	// package net on Linux.
	MaxPacket int
	// FixedPacket, if not zero, is the size of full datagrams from the first to
	// the last, and nothing is probed.
	FixedPacket int
	// MaxMessage is the largest message sent or accepted, bytes, at most and
	// by default 64 MiB.
	MaxMessage int
	// SendBuffer is how many message bytes of a channel may wait for
	// acknowledgment before Send blocks; each message counts 32 more. All
	// channels together may have twice as much waiting, and each has a sixteenth
	// of it to itself, so that channels whose peer does not read keep no other
	// from sending. Default 4 MiB.
	SendBuffer int
	// ReceiveWindow is how many message bytes the peer may send on a channel
	// ahead of what was read, each message counting 32 more. A channel begins
	// with less (channel 0 with 2 MiB or what the socket's receive buffer holds,
	// others with 64 KiB) and gets there as fast
	// as it is read. One message larger than that is received all the same.
	// Default 4 MiB.
	ReceiveWindow int
	// IdleTimeout ends a connection after this long without a packet from the
	// peer; the smaller of both peers' values holds. Default 60 s.
	IdleTimeout time.Duration
	// KeepAlive sends a ping after this long of silence, so that a peer that
	// went away is noticed and address translations stay. Default off.
	KeepAlive time.Duration
	// StallTimeout ends a connection with ErrStalled when messages have waited
	// this long for a peer that reads none. Default 120 s; negative: never.
	StallTimeout time.Duration
	// HandshakeTimeout bounds Dial besides its context. Default 10 s;
	// negative: the context alone.
	HandshakeTimeout time.Duration
	// Linger bounds how long Close waits for queued messages to be
	// acknowledged. Default 5 s; negative: not at all.
	Linger time.Duration
	// Congestion makes each connection's congestion controller. Default
	// congestion.Default.
	Congestion func(congestion.Config) congestion.Controller
	// Redundancy says whether small messages of thin flows are repeated before
	// their loss is known. Default RedundancyAdaptive.
	Redundancy Redundancy

	// Backlog is how many connections may wait for Accept. Default 128.
	Backlog int
	// MaxConns bounds the connections of a Listener. Default 65536.
	MaxConns int
	// SocketBuffer is asked of the system for each direction, bytes. Default
	// 4 MiB: the usual default holds 92 packets, and what overflows is lost on
	// the last metre. EndpointStats tells what was granted.
	SocketBuffer int
	// Shards is how many sockets, each with a goroutine that reads it, Listen
	// opens on its address, so that as many processors receive. The system
	// spreads peers over them. Default 1; more do nothing outside Linux, or for
	// sockets that are given or dialed.
	Shards int
	// Offload says how much of the work of many datagrams sockets may leave to
	// the system. Default: what UDPLAB_OFFLOAD says, else OffloadAuto.
	// EndpointStats tells what is in force.
	Offload Offload
	// Rendezvous is for two peers that dial each other from the sockets they
	// listen on: there is one connection per peer address, Dial gives it
	// whoever began, and a new one from the same address means that the peer
	// was restarted: it ends the old one with ErrPeerReset. Connections are
	// not handed to Accept then.
	Rendezvous bool
	// ReportReceivedAt asks the peer to say when packets arrived, which gives
	// Stats.Jitter of this side's packets at some 12 bytes an ack. Default off.
	ReportReceivedAt bool
	// FirstNumber is the first packet and message number of each connection,
	// modulo 2^32. Tests start just before the wrap. Default 0.
	FirstNumber uint32
}

// Redundancy says whether small messages are sent more often than once before
// their loss is known, so that a loss costs less than a round trip.
type Redundancy = arq.Redundancy

// The values of Config.Redundancy.
const (
	// RedundancyAdaptive repeats messages of up to 512 bytes, while the flow is
	// far below what congestion control allows, as often as the measured loss
	// asks for: not at all where nothing is lost.
	RedundancyAdaptive = arq.RedundancyAdaptive
	// RedundancyOff sends again only what was lost.
	RedundancyOff = arq.RedundancyOff
)

// or returns the configuration, or the default one for nil.
func (c *Config) or() Config {
	if c == nil {
		return Config{}
	}
	return *c
}

// arq is for connections whose timers have that granularity. A pacing quantum
// is twice of it, because a timer that is late by it must not make pacing the
// limit.
func (c Config) arq(granularity time.Duration) arq.Config {
	return arq.Config{
		MaxPacket: c.MaxPacket, FixedPacket: c.FixedPacket, MaxMessage: c.MaxMessage,
		SendBuffer: c.SendBuffer, ReceiveWindow: c.ReceiveWindow,
		IdleTimeout: c.IdleTimeout, KeepAlive: c.KeepAlive,
		StallTimeout: c.StallTimeout, HandshakeTimeout: c.HandshakeTimeout,
		Congestion: c.Congestion, PacingQuantum: 2 * granularity, FirstNumber: c.FirstNumber,
		ReportReceivedAt: c.ReportReceivedAt, Redundancy: c.Redundancy,
		Buffers: buffers{},
	}
}

func (c Config) backlog() int      { return positive(c.Backlog, 128) }
func (c Config) socketBuffer() int { return positive(c.SocketBuffer, 4<<20) }

func (c Config) linger() time.Duration {
	switch {
	case c.Linger == 0:
		return 5 * time.Second
	case c.Linger < 0:
		return 0
	}
	return c.Linger
}

func positive(v, d int) int {
	if v <= 0 {
		return d
	}
	return v
}
