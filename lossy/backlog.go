package lossy

import "time"

// waiting is a datagram in a backlog, and what it will need to go on. Of its
// verdict it has what decides its way; the rest, at the end, is only written if
// there is any. So most touch two lines of a cache where a whole verdict and what
// belongs to it would fill four.
type waiting struct {
	link    *Link
	arrived time.Duration
	course  course
	late    time.Duration // how far the copy follows behind the packet
	outside outside
	index   uint64
	sent    int // bytes of payload given to Send,
	payload int // when damaged, also of one that is lost and not held,
	size    int // and with overhead
	at      int // where the payload lies in the link's wire, if it lodges there

	drop    Cause // behind the transmitter
	corrupt bool
	marked  bool // as it arrived
	shared  bool // the bottleneck is the shared one
	last    bool // no other copy of the packet comes behind it
	lodges  bool // the payload lies in the link's wire, not in the backlog
	exposed bool // to loss behind the transmitter
	turned  bool // a shared model decided

	turn   uint64      // if turned
	detour detour      // if course.aside
	damage injury      // if corrupt
	loss   expectation // if exposed
}

// injury is how a corrupted packet is damaged: what a Verdict says of it.
type injury struct {
	damage Damage
	bit    int
	key    uint64
}

// set has the entry say what the verdict does.
func (w *waiting) set(v *Verdict, late time.Duration) {
	w.course, w.late = v.course(), late
	w.index, w.drop, w.corrupt, w.marked = v.Index, v.Drop, v.Corrupt, v.Marked
	if w.turned = v.Shared; w.turned {
		w.turn = v.Turn
	}
	if w.course.aside {
		w.detour = v.detour()
	}
	if v.Corrupt {
		w.damage = injury{v.Damage, v.Bit, v.Key}
	}
}

// verdict is that on the packet, as far as it is known while it waits.
func (w *waiting) verdict() Verdict {
	v := Verdict{Index: w.index, Drop: w.drop, Corrupt: w.corrupt, Marked: w.marked,
		Delay: w.course.delay, AtOnce: w.course.atOnce, Racing: w.course.racing}
	if w.turned {
		v.Shared, v.Turn = true, w.turn
	}
	if w.course.aside {
		v.By, v.Hold = w.detour.by, w.detour.hold
	}
	if w.corrupt {
		v.Damage, v.Bit, v.Key = w.damage.damage, w.damage.bit, w.damage.key
	}
	return v
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
