package lossy

// Where the payloads lie that wait in a backlog. To copy a payload costs as much
// as half of what a queue does, so those of a link's own backlog lodge in its
// wire from the beginning, behind all that is on it, and only an entry moves
// when their turn comes. They cannot if others go onto the wire in the meantime:
// then they lie in the backlog, and are copied.

// lodge puts the payload of one that will wait into the wire.
func (l *Link) lodge(payload []byte) (at int) {
	at, fits := l.wire.lodge(payload)
	if fits {
		return at
	}
	before := l.wire.growBytes(len(payload))
	l.eachLodger(func(w *waiting) {
		w.at, _ = l.wire.lodge(before[w.at : w.at+w.payload])
	})
	at, _ = l.wire.lodge(payload)
	giveBack(before)
	return at
}

func (l *Link) eachLodger(f func(*waiting)) {
	for i := range l.own.backlog.count {
		if w := &l.own.backlog.at(i).label; w.lodges {
			f(w)
		}
	}
}

// board puts a datagram of a backlog onto the wire, or beside it.
func (l *Link) board(w *waiting, at place, payload []byte) {
	if w.lodges && !at.aside && !at.racing {
		l.wire.adopt(passage{at.due, l.entered, w.outside}, w.at, w.payload)
		l.entered++
		return
	}
	if w.lodges {
		payload = l.wire.bytes[w.at : w.at+w.payload]
	}
	if at.aside {
		l.stepAside(at.due, w.outside, w.detour, payload)
	} else {
		l.enter(at, w.outside, payload)
	}
	if w.lodges {
		l.wire.evict(w.at, w.payload)
	}
}

// lodgeNoMore moves all payloads into the backlog, because others will go onto
// the wire while they wait.
func (l *Link) lodgeNoMore() {
	l.lodging = false
	if l.waiting.lodged == 0 {
		return
	}
	q := &l.own.backlog
	for i := range q.count {
		e := q.at(i)
		w := &e.label
		if !w.lodges {
			continue
		}
		payload := l.wire.bytes[w.at : w.at+w.payload]
		q.reclaim(e, payload)
		l.wire.evict(w.at, w.payload)
		l.waiting.lodged -= w.payload
		w.lodges = false
	}
}
