package arq

import "time"

// credit is what a receiver lets its peer send, on the whole connection or on
// one channel (SPEC 6.1). All counts are bytes since the connection began.
type credit struct {
	charged   uint64 // used up by the peer
	released  uint64 // given back by what the application read
	extra     uint64 // given back of a message larger than the window, see Conn.extend
	limit     uint64 // announced
	confirmed uint64 // the peer is known to know of
	window    uint64 // how far ahead of what was read the peer may be
	raisedAt  time.Duration
	pending   bool // limit has to be announced
}

// begin sets what the peer starts with.
func (k *credit) begin(limit, window uint64) {
	k.limit, k.confirmed, k.window = limit, limit, window
}

// due reports whether a quarter of the window was given back since the limit
// was raised.
func (k *credit) due() bool { return k.released+k.window+k.extra >= k.limit+k.window/4 }

// short reports whether the peer has not enough credit for the rest of a message
// and has it if the limit is raised.
func (k *credit) short(rest uint64) bool {
	return k.limit < k.charged+rest && k.released+k.window+k.extra >= k.charged+rest
}

func (k *credit) raise(now time.Duration) {
	k.limit = max(k.limit, k.released+k.window+k.extra)
	k.raisedAt = now
	k.pending = true
}

// grant raises the credits as far as the application has read from a channel;
// need is how many bytes of a message that is begun are missing. Where it reads
// a quarter of the window in less than two round trips, the window doubles: a
// message that is lost three times keeps back what comes in four, and the window
// must not be what limits the peer. The connection's window is the sum of its
// channels', so a channel that is not read takes nothing from the others.
func (c *Conn) grant(now time.Duration, ch *recvChannel, need uint64) {
	k := &ch.credit
	if !k.due() && !k.short(need) && !c.in.credit.short(need) {
		if c.in.credit.due() {
			c.in.credit.raise(now) // another channel may wait for no more than this
		}
		return
	}
	if more := min(k.window, c.in.window-k.window); k.due() && now-k.raisedAt < 2*c.roundTrip() {
		k.window += more
		c.in.credit.window += more
	}
	k.raise(now)
	c.in.granting = true
	c.in.credit.raise(now) // whatever is due of it: the channel must be able to use its own
}

// roundTrip is the smoothed round trip, or a guess while it is not known.
func (c *Conn) roundTrip() time.Duration {
	if !c.rtt.sampled {
		return initialRTT
	}
	return c.rtt.smoothed
}

// confirm notes that the peer has an announcement.
func (k *credit) confirm(limit uint64) { k.confirmed = max(k.confirmed, limit) }

// lost notes that an announcement was lost, and repeats it if it was the
// newest; 0 is none.
func (k *credit) lost(limit uint64) {
	k.pending = k.pending || limit == k.limit && k.confirmed < limit
}

// blocked reports whether the peer has hardly any credit left.
func (k *credit) blocked() bool { return k.limit-k.charged < crumb }

// grantBegun grants what the application's reading gave back to the messages of
// all lanes that are begun, however little they need: each waits for the credit
// that others use up, and what is charged follows what arrives, not what was sent.
func (c *Conn) grantBegun(now time.Duration) {
	c.in.begun = false
	for _, l := range c.in.lanes {
		if !credited(l.mode) {
			continue
		}
		if need := l.rest(); need > 0 {
			c.in.begun = true
			c.grant(now, l.channel, need)
		}
	}
}

// larger is a message larger than the window of its channel.
type larger struct {
	lane *recvLane // nil: there is none
	seq  uint64
	size uint64
}

// extend has the bytes that are here of a message larger than the window of its
// channel count as given back: it can't be read before it is whole, and while it
// is not read it must not stand in the way of other channels. That goes for one
// message at a time, until it is read, so that memory stays bounded.
func (c *Conn) extend(l *recvLane) {
	q := &c.in
	if q.larger.lane == nil {
		r := l.tooLarge()
		if r == nil {
			return
		}
		q.larger = larger{l, r.seq, r.size}
	}
	if of := q.larger.lane; of.channel == l.channel {
		here := q.larger.size // whole, and delivered
		if r := of.pending.get(q.larger.seq); r != nil {
			here = r.received
		}
		q.credit.extra, l.channel.credit.extra = messageCost+here, messageCost+here
	}
}

// tookLarger ends what extend does for a message if the application took it,
// and begins it for the next.
func (c *Conn) tookLarger(now time.Duration, l *recvLane, d *Delivery) {
	q := &c.in
	if q.larger.lane != l || q.larger.seq != d.Seq {
		return
	}
	q.credit.extra, l.channel.credit.extra = 0, 0
	q.larger = larger{}
	for _, l := range q.lanes {
		if r := l.tooLarge(); r != nil {
			c.extend(l)
			c.grant(now, l.channel, r.size-r.received)
			break
		}
	}
}

// tooLarge is the message of the lane that is begun if the window of its channel
// can't hold it, nil otherwise.
func (l *recvLane) tooLarge() *reassembly {
	if !credited(l.mode) {
		return nil
	}
	if r := l.begun(); r != nil && r.size+messageCost > l.channel.credit.window {
		return r
	}
	return nil
}
