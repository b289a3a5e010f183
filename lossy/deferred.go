package lossy

import "time"

// How a link's datagrams fare in the backlog of a bottleneck, its own or one
// that it shares: they go in here, and the bottleneck says when they leave.

// load counts the datagrams that a link has in backlogs.
type load struct {
	packets, bytes int
	memory         int           // bytes of payload held; what will be lost holds none,
	lodged         int           // and those of them that lie in the wire
	racing         int           // those that may overtake others on the wire
	floor          time.Duration // none of those has a shorter delay
	shared         int           // those in the shared bottleneck
}

// charge is the memory they are to be charged for, besides that of the wire.
func (d *load) charge() int { return d.memory - d.lodged + entryBytes*d.packets }

// add enters a datagram, or takes it out again with by = -1.
func (d *load) add(w *waiting, by int) {
	if d.floor = min(d.floor, w.course.delay); d.packets == 0 {
		d.floor = w.course.delay
	}
	d.packets += by
	d.bytes += by * w.payload
	if w.drop == CauseNone {
		d.memory += by * w.payload
	}
	if w.lodges {
		d.lodged += by * w.payload
	}
	if w.course.racing || w.late > 0 || w.course.atOnce {
		d.racing += by
	}
	if w.shared {
		d.shared += by
	}
}

// undecided is what is known of a packet of which the last copy still waits.
// Copies wait right behind each other, so a link has one such packet at most.
type undecided struct {
	passed int // copies that went onto the wire
	drop   Cause
	wait   time.Duration // of the first that went, or was lost behind the transmitter
	marked bool
	fates  []CopyFate // of those that passed, if anybody hears of them
}

// wait puts a datagram into the backlog.
func (l *Link) wait(b *Bottleneck, v *Verdict, late time.Duration, payload []byte) *waiting {
	size := len(payload) + b.overhead
	b.makeRoom(l.now, size)
	held := payload
	if v.Drop != CauseNone {
		held = nil
	}
	if b.head.packets == 0 {
		b.turn = 0
		l.lodging = b == l.own && l.waiting.shared == 0 && l.script == nil
	}
	lodges, at := held != nil && b == l.own && l.lodging, 0
	if lodges {
		at, held = l.lodge(held), nil
	}
	w := &b.backlog.extend(held).label
	w.set(v, late)
	w.lodges, w.at = lodges, at
	w.link, w.shared, w.arrived = l, b != l.own, l.now
	w.outside = l.outside
	w.size, w.payload = size, len(payload)
	if w.exposed = l.model.profile.LossAfterQueue; w.exposed {
		w.loss, w.exposed = l.exposure()
	}
	b.head.packets++
	b.head.bytes += size
	return w
}

// endEarly notes that no more copies of a packet will wait.
func (l *Link) endEarly(b *Bottleneck, v *Verdict, size int) {
	if b.head.packets > 0 {
		if w := &b.backlog.at(b.backlog.count - 1).label; w.link == l && w.index == v.Index {
			w.last = true
			return
		}
	}
	l.finish(*v, size, l.now) // the others have left already
}

// dropped takes a datagram out of the backlog that goes nowhere.
func (l *Link) dropped(w *waiting, now time.Duration, why Cause) {
	l.waiting.add(w, -1)
	if w.lodges {
		l.wire.evict(w.at, w.payload)
	}
	l.stats.Dropped[why]++
	l.undecided.drop = why
	if w.last {
		l.conclude(w, now)
	}
}

// transmitted takes a datagram out of the backlog that the transmitter takes up
// now. It goes onto the wire, or is lost before it.
func (l *Link) transmitted(w *waiting, payload []byte, now, sent time.Duration, mark bool) {
	l.waiting.add(w, -1)
	u := &l.undecided
	if first := u.passed == 0; first {
		u.wait = sent - w.arrived
		if w.exposed {
			l.stats.Tallies[ImpairmentLoss].add(w.drop == CauseLoss, w.loss)
		}
		if w.drop == CauseNone {
			l.count(w.corrupt, w.course)
		}
	}
	if mark {
		w.outside.mark = l.mark()
	}
	u.marked = u.marked || mark || w.marked
	if w.drop != CauseNone {
		u.drop = w.drop
		l.stats.Dropped[w.drop]++
	} else {
		u.passed++
		if l.trace != nil && (w.late > 0 || !w.last || u.passed > 1) {
			u.fates = append(u.fates, CopyFate{sent - w.arrived, w.late, mark || w.marked})
		}
		l.board(w, w.course.lay(sent, w.late, &l.order), payload)
	}
	if w.last {
		l.conclude(w, now)
	}
}

// conclude is for the last copy of a packet to be decided.
func (l *Link) conclude(w *waiting, now time.Duration) {
	if l.trace != nil {
		l.finish(w.verdict(), w.sent, now)
		return
	}
	u := &l.undecided
	u.passed, u.drop, u.wait, u.marked = 0, CauseNone, 0, false
}

// finish tells the verdict on a packet whose copies have all been decided.
func (l *Link) finish(final Verdict, size int, now time.Duration) {
	u := l.undecided
	l.undecided = undecided{fates: u.fates[:0]}
	if u.passed == 0 && u.drop != CauseLoss {
		final.drop(u.drop)
	} else {
		final.Copies, final.Wait, final.Marked = u.passed, u.wait, u.marked
		final.apart(u.fates)
	}
	l.tell(now, size, &final)
}

// foresee returns when the next datagram comes out, given when the next of those
// comes out that do not wait, if there are any: it plays what the backlog will
// do, as far as that can matter. If all that waits will be lost, it returns when
// the last of it is. In a shared bottleneck that would not hold, as another link
// may change it; there it returns when the head of the queue is next decided
// about.
func (l *Link) foresee(best time.Duration, some bool) (time.Duration, bool) {
	consider := func(at time.Duration) {
		if !some || at < best {
			best, some = at, true
		}
	}
	if l.waiting.shared > 0 {
		t := l.shared.head.transmitter
		consider(t.start(l.shared.backlog.first().arrived))
	}
	inOrder := l.waiting.racing == 0
	if inOrder && l.race.empty() && !l.wire.empty() {
		return best, some // nothing that waits overtakes what does not: only late copies can be overtaken, and they race
	}
	h, order, aside := l.own.head, l.order, !l.aside.empty()
	var last time.Duration
	for i := 0; h.packets > 0; i++ {
		w := &l.own.backlog.at(i).label
		did, start, sent := h.step(l.own, w, never)
		if some && start+l.waiting.floor >= best {
			break // nor does any behind it come out sooner
		}
		if did == drops || w.drop != CauseNone {
			last = start
			continue
		}
		switch p := w.course.lay(sent, w.late, &order); {
		case !p.aside:
			consider(p.due)
			if inOrder {
				return best, some
			}
		case !aside:
			aside = true
			consider(max(l.expires, p.due+w.detour.held()))
		}
	}
	if !some {
		return last, true
	}
	return best, true
}

const never = time.Duration(1<<63 - 1)
