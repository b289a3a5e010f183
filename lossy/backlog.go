package lossy

import "time"

// waiting is a datagram in a backlog, and what it will need to go on.
type waiting struct {
	link       *Link
	bottleneck *Bottleneck
	verdict    Verdict
	last       bool          // no other copy of the packet comes behind it
	racing     bool          // sent under JitterReorder
	late       time.Duration // how far the copy follows behind the packet
	outside    outside
	loss       exposure // to loss behind the transmitter
	arrived    time.Duration
	sent       int  // bytes of payload given to Send,
	payload    int  // when damaged, also of one that is lost and not held,
	size       int  // and with overhead
	lodges     bool // the payload lies in the link's wire, not in the backlog,
	at         int  // there
}

// head is the place where a backlog is served, in time and in the queue. It is
// a plain value: a copy of it looks ahead.
type head struct {
	transmitter transmitter
	codel       codel
	packets     int // that wait, and
	bytes       int // their bytes, with overhead
}

// step decides about the first datagram that waits, if its turn comes at or
// before `until`: when that was, and when its last bit is out. If it waits, start
// is when its turn comes.
func (h *head) step(b *Bottleneck, w *waiting, until time.Duration) (did outcome, start, sent time.Duration) {
	t := &h.transmitter
	start = t.start(w.arrived)
	if start > until {
		return waits, start, 0
	}
	h.packets--
	h.bytes -= w.size
	did = sends
	if b.choice == controlled {
		did = h.codel.decide(start, start-w.arrived, h.bytes, b.marking && w.outside.mark.capable())
	}
	if sent = start; did != drops && t.limited() {
		sent = t.transmit(w.arrived, w.size)
	}
	return did, start, sent
}

// backlogged is how long a datagram that arrives at a time to come would wait,
// if nothing is sent until then.
func (b *Bottleneck) backlogged(now time.Duration) time.Duration {
	h := b.head
	for i := 0; h.packets > 0; i++ {
		if did, _, _ := h.step(b, &b.backlog.at(i).label, now); did == waits {
			return h.transmitter.behind(now, h.bytes) - now
		}
	}
	return h.transmitter.backlog(now)
}
