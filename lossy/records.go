package lossy

import "time"

// record is a datagram that has its time and still counts for the queue, and what
// it takes to give it another (retime.go).
type record struct {
	start time.Duration // when its first bit gets out,
	sent  time.Duration // and its last
	size  int           // with overhead
	ticket
}

// ticket is where a datagram is to be found that has gone on, and how it got there.
type ticket struct {
	link    *Link         // nil = it was lost behind the transmitter
	number  uint64        // how many went onto the wire before it
	delay   time.Duration // from its last bit to when it comes out, if nothing is in its way
	behind  time.Duration // what the order of its link kept it behind
	index   uint32        // the low bits of the packet's
	copy    uint8
	where   source
	ordered bool // those sent later stay behind it, and
	racing  bool // it does not stay behind those before it
}

// issue notes where a datagram goes that c lays at a place. The order is that of
// its link before that.
func (t *ticket) issue(l *Link, c course, late, behind time.Duration, at place, n int) {
	t.link, t.number, t.delay, t.behind = l, l.entered, c.delay+late, behind
	t.index, t.copy = l.outside.index, uint8(n)
	t.racing, t.ordered = at.racing, !c.atOnce && late == 0
	switch {
	case at.aside:
		t.where = fromAside
	case at.racing:
		t.where = fromRace
	default:
		t.where = fromWire
	}
}

// records is a first-in, first-out queue of them. Its ring grows to the largest
// it has seen, and is given up if that was large. The zero value is empty.
type records struct {
	ring  []record // length is zero or a power of two
	head  int
	count int
}

func (q *records) first() *record { return &q.ring[q.head] }

// at returns the i-th behind the first.
func (q *records) at(i int) *record { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

// push appends a record without a ticket. It may be changed until the next push.
func (q *records) push(start, sent time.Duration, size int) *record {
	if q.count == len(q.ring) {
		q.ring, q.head = doubled(q.ring, q.head), 0
	}
	r := q.at(q.count)
	q.count++
	r.start, r.sent, r.size, r.link = start, sent, size, nil
	return r
}

func (q *records) drop() {
	q.ring[q.head].link = nil // the queue may outlive it
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	if q.count == 0 && len(q.ring) > keptEntries {
		q.ring, q.head = nil, 0
	}
}
