package arq

// ChannelStats counts what one channel did since the connection began, as Stats
// does for all of them. It is a copy.
type ChannelStats struct {
	// Messages this side sends, and their fates; see Stats.
	MessagesSent       uint64
	MessagesAcked      uint64
	MessagesSuperseded uint64
	MessagesLost       uint64
	MessagesSkipped    uint64

	// Messages the peer sends; see Stats.
	MessagesReceived   uint64
	MessagesPassedOver uint64
	MessagesStale      uint64
	MessagesDropped    uint64

	// Gauges, all in bytes.
	SendQueueBytes int // of messages whose fate is open
	ReceiveBytes   int // kept for the application or for reassembly
	// CreditLeft is how much more the peer takes of modes ordered and unordered
	// before it has read something.
	CreditLeft int
}

// recvCounts is a channel's share of Stats.
type recvCounts struct{ received, passedOver, stale uint64 }

// ChannelStats returns a snapshot of the counters and gauges of a channel. It
// costs as little for one that was never used.
func (c *Conn) ChannelStats(channel uint8) ChannelStats {
	var s ChannelStats
	out := &sendChannel{number: channel}
	if int(channel) < len(c.out.channels) && c.out.channels[channel] != nil {
		out = c.out.channels[channel]
	}
	s.MessagesSent, s.MessagesAcked = out.sent, out.fates[Acked]
	s.MessagesSuperseded, s.MessagesLost, s.MessagesSkipped = out.fates[Superseded], out.fates[Lost], out.fates[Skipped]
	s.SendQueueBytes, s.CreditLeft = out.room, int(c.out.creditLeft(out))
	for _, l := range out.lanes {
		if l != nil {
			s.SendQueueBytes -= messageCost * l.open
		}
	}
	if int(channel) >= len(c.in.channels) || c.in.channels[channel] == nil {
		return s
	}
	in := c.in.channels[channel]
	s.MessagesReceived, s.MessagesPassedOver, s.MessagesStale = in.counts.received, in.counts.passedOver, in.counts.stale
	s.ReceiveBytes = in.held
	for _, l := range in.lanes {
		if l != nil {
			s.MessagesDropped += l.overrun
		}
	}
	return s
}
