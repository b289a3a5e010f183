package arq

import "time"

// This file bounds what a peer can make this side keep without credit, on all
// channels together. Each lane has bounds of its own, but there are 1024 such
// lanes, and each may have a message in parts that is as large as any.

const (
	// laxLimit is how much is kept without credit on a connection besides one
	// message of the largest size, and the one that is just coming.
	laxLimit = 8 << 20
	// laxCost is what a message that is kept costs besides its bytes.
	laxCost = 128
)

// keep counts bytes and messages that the lane begins to keep, or ceases to
// where they are negative.
func (l *recvLane) keep(bytes, messages int) {
	l.all.held += bytes
	l.channel.held += bytes
	if !credited(l.mode) {
		l.all.lax += bytes + laxCost*messages
		l.channel.lax += bytes + laxCost*messages
	}
}

// boundAll drops what is oldest on the channel that keeps most, until all is
// within the limit. Message seq of lane l has just come and stays.
func (c *Conn) boundAll(now time.Duration, l *recvLane, seq uint64) {
	for c.in.lax > laxLimit+c.config.MaxMessage {
		largest := l.channel
		for _, ch := range c.in.channels {
			if ch != nil && ch.lax > largest.lax {
				largest = ch
			}
		}
		if !c.dropOldest(now, largest, l, seq) {
			return
		}
	}
}

// dropOldest drops a message that a channel keeps without credit, and reports
// whether it found one besides message seq of lane l.
func (c *Conn) dropOldest(now time.Duration, ch *recvChannel, l *recvLane, seq uint64) bool {
	if ch.loose.len() > 1 || ch.loose.len() == 1 && ch != l.channel {
		c.in.dropLoose(ch)
		return true
	}
	for _, other := range ch.lanes {
		if other == nil || credited(other.mode) || other.pending.len() == 0 {
			continue
		}
		if oldest := other.oldest(); other != l || oldest != seq {
			c.giveUp(now, other, oldest)
			return true
		}
	}
	return false
}
