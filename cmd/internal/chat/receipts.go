package chat

// MaxQueued is how many own lines may wait for a peer that is not there.
const MaxQueued = 1000

// outbox keeps every own line of a reliable session until the peer has it,
// across connections: what a connection took with it to its end is sent again
// on the next one, with the same ID, so that the peer can drop what it has
// already shown. It is pure; not safe for concurrent use.
//
//	add -> waiting -> take -> taken -> numbered -> left -> acked: forgotten
//	         ^                  |         |         |
//	         +----- unlink -----+---------+---------+
type outbox struct {
	lines []ownLine // neither delivered nor given up, in the order they were said
	last  uint64    // ID of the newest line ever added
	early map[handle]receipt
}

// handle is where a line is under way: the connection, and its number there.
type handle struct {
	link int // 0 = waiting
	seq  uint64
}

// receipt is what a connection said about one of its messages.
type receipt struct {
	acked       bool // else it only left
	retransmits int
}

type ownLine struct {
	id        uint64
	text      string
	at        handle
	numbered  bool // at.seq is known
	announced bool // Sent was reported
	again     int  // sends on later connections
}

// add takes a line and returns its ID.
func (o *outbox) add(text string) uint64 {
	o.last++
	o.lines = append(o.lines, ownLine{id: o.last, text: text})
	return o.last
}

// take gives the next waiting line to a connection. As long as another one has
// lines that nobody acknowledged, it gives none: the peer could see the younger
// ones first.
func (o *outbox) take(link int) (id uint64, text string, ok bool) {
	for i := range o.lines {
		l := &o.lines[i]
		switch l.at.link {
		case link:
			continue
		case 0:
			l.at, l.numbered = handle{link: link}, false
			return l.id, l.text, true
		}
		return 0, "", false
	}
	return 0, "", false
}

// numbered notes the number under which a connection took a line over.
func (o *outbox) numbered(id uint64, at handle) []Event {
	i := o.find(func(l *ownLine) bool { return l.id == id && l.at.link == at.link && !l.numbered })
	if i < 0 {
		return nil // the connection ended in between: the line waits again
	}
	o.lines[i].at, o.lines[i].numbered = at, true
	r, ok := o.early[at]
	if !ok {
		return nil
	}
	delete(o.early, at)
	return o.receipt(at, r)
}

// receipt notes what became of the message that a connection has under a
// number: it left, or the peer has it. It may come before numbered is called,
// and for messages that are no lines.
func (o *outbox) receipt(at handle, r receipt) []Event {
	i := o.find(func(l *ownLine) bool { return l.at == at && l.numbered })
	if i < 0 {
		if o.taken(at.link) {
			if o.early == nil {
				o.early = map[handle]receipt{}
			}
			o.early[at] = r
		}
		return nil
	}
	l := &o.lines[i]
	var events []Event
	if !l.announced {
		l.announced = true
		events = append(events, Event{Kind: Sent, ID: l.id, Text: l.text})
	}
	if r.acked {
		events = append(events, Event{Kind: Acked, ID: l.id, Text: l.text, Retransmits: r.retransmits + l.again})
		o.lines = append(o.lines[:i], o.lines[i+1:]...)
	}
	return events
}

// taken reports whether a line was given to the connection and has no number
// yet: only then can a receipt of an unknown number be its.
func (o *outbox) taken(link int) bool {
	return o.find(func(l *ownLine) bool { return l.at.link == link && !l.numbered }) >= 0
}

// unlink takes back every line from a connection that ended.
func (o *outbox) unlink(link int) {
	for i := range o.lines {
		if l := &o.lines[i]; l.at.link == link {
			if l.numbered {
				l.again++
			}
			l.at, l.numbered = handle{}, false
		}
	}
	for at := range o.early {
		if at.link == link {
			delete(o.early, at)
		}
	}
}

// giveUp forgets all lines and says so.
func (o *outbox) giveUp(reason string) []Event {
	var events []Event
	for _, l := range o.lines {
		events = append(events, Event{Kind: Failed, ID: l.id, Text: l.text, Reason: reason})
	}
	o.lines, o.early = nil, nil
	return events
}

// underWay reports whether a connection has lines that nobody acknowledged.
func (o *outbox) underWay(link int) bool {
	return o.find(func(l *ownLine) bool { return l.at.link == link }) >= 0
}

// find is a linear search: the line asked for is nearly always among the
// oldest, for the peer acknowledges in about the order things were sent.
func (o *outbox) find(is func(*ownLine) bool) int {
	for i := range o.lines {
		if is(&o.lines[i]) {
			return i
		}
	}
	return -1
}

// inOrder holds acknowledgments back until all earlier messages of the
// connection are acknowledged too. Before that the peer's side has the bytes
// but its program cannot have them: messages are handed over in order. A
// connection that ends with a hole has not delivered what lies behind it.
type inOrder struct {
	begun bool
	next  uint64         // the first message not acknowledged
	ahead map[uint64]int // retransmits of those acknowledged beyond it
}

// begin tells the number of the connection's first message. It may come after
// acknowledgments.
func (o *inOrder) begin(seq uint64) {
	if !o.begun {
		o.begun, o.next = true, seq
	}
}

// acked notes an acknowledgment.
func (o *inOrder) acked(seq uint64, retransmits int) {
	if o.ahead == nil {
		o.ahead = map[uint64]int{}
	}
	o.ahead[seq] = retransmits
}

// take returns the next message that the peer's program can have, if any.
func (o *inOrder) take() (seq uint64, r receipt, ok bool) {
	retransmits, ok := o.ahead[o.next]
	if !o.begun || !ok {
		return 0, receipt{}, false
	}
	delete(o.ahead, o.next)
	o.next++
	return o.next - 1, receipt{acked: true, retransmits: retransmits}, true
}
