package lossy

// line is a first-in, first-out queue of datagrams, each with a label, that
// owns their bytes. Both its rings grow to the largest load they have seen, so
// in the steady state nothing is allocated. The zero value is an empty line.
type line[Label any] struct {
	ring  []entry[Label] // length is zero or a power of two
	head  int
	count int

	bytes       []byte // payloads, each in one piece
	read, write int    // where the oldest begins and the next may begin
	used        int    // bytes of payload held
}

type entry[Label any] struct {
	at, size int // where in bytes the payload lies
	label    Label
}

const (
	firstEntries = 4
	firstBytes   = 256
	keptBytes    = 1 << 20 // rings beyond this are given back when the line has run empty
	keptEntries  = keptBytes / entryBytes

	// entryBytes is what a datagram is charged beyond its payload wherever
	// memory is limited, so that empty datagrams cannot fill it either.
	entryBytes = 64
)

func (q *line[Label]) empty() bool { return q.count == 0 }

// charge is the memory the line is to be charged for.
func (q *line[Label]) charge() int { return q.used + entryBytes*q.count }

// first returns the label of the oldest datagram. There must be one.
func (q *line[Label]) first() *Label { return &q.ring[q.head].label }

// payload returns the bytes of the oldest datagram, valid until the next push
// or drop. There must be one.
func (q *line[Label]) payload() []byte {
	e := &q.ring[q.head]
	return q.bytes[e.at : e.at+e.size]
}

// at returns the entry i places behind the oldest. There must be one.
func (q *line[Label]) at(i int) *entry[Label] { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

// push appends a copy of the payload and returns the copy, which the caller
// may still change until the next call.
func (q *line[Label]) push(label Label, payload []byte) []byte {
	e := q.extend(payload)
	e.label = label
	return q.bytes[e.at : e.at+e.size]
}

// extend is push for a large label: the caller sets every field of it in its
// place, where an older one stands.
func (q *line[Label]) extend(payload []byte) *entry[Label] {
	if q.count == len(q.ring) {
		q.growRing()
	}
	size := len(payload)
	at, fits := q.reserve(size)
	if !fits {
		outgrown := q.growBytes(size)
		e := q.extend(payload) // which may lie there
		giveBack(outgrown)
		return e
	}
	e := &q.ring[(q.head+q.count)&(len(q.ring)-1)]
	e.at, e.size = at, size
	q.count++
	copy(q.bytes[at:at+size], payload)
	return e
}

// reclaim gives an entry without a payload one. Those behind it have none.
func (q *line[Label]) reclaim(e *entry[Label], payload []byte) {
	at, fits := q.reserve(len(payload))
	if !fits {
		giveBack(q.growBytes(len(payload)))
		at, _ = q.reserve(len(payload))
	}
	e.at, e.size = at, copy(q.bytes[at:], payload)
}

// drop forgets the oldest datagram. There must be one.
func (q *line[Label]) drop() {
	e := &q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	if e.size > 0 {
		q.read = e.at + e.size
		q.used -= e.size
	}
	if q.used == 0 {
		q.read, q.write = 0, 0
	}
	if q.count == 0 && q.used == 0 {
		q.giveBack()
	}
}

// giveBack gives up large rings. The line must be empty, with no lodgers.
func (q *line[Label]) giveBack() {
	if len(q.bytes) > keptBytes {
		giveBack(q.bytes)
		q.bytes = nil
	}
	if len(q.ring) > keptEntries {
		q.ring, q.head = nil, 0
	}
}

// lodge copies a payload to where one that is pushed would lie, without an entry:
// it lodges there until it is adopted or evicted, in the order of lodging, and
// nothing may be pushed before. False means that growBytes must come first,
// which leaves what lodges behind in the old bytes.
func (q *line[Label]) lodge(payload []byte) (at int, fits bool) {
	if at, fits = q.reserve(len(payload)); fits {
		copy(q.bytes[at:], payload)
	}
	return at, fits
}

// adopt appends an entry whose payload lodges already.
func (q *line[Label]) adopt(label Label, at, size int) {
	if q.count == len(q.ring) {
		q.growRing()
	}
	e := &q.ring[(q.head+q.count)&(len(q.ring)-1)]
	e.label, e.at, e.size = label, at, size
	q.count++
}

// evict gives up the room of a payload that lodges. Before an entry it is free
// at once, else when that entry is dropped.
func (q *line[Label]) evict(at, size int) {
	if size == 0 {
		return
	}
	q.used -= size
	if q.count == 0 {
		q.read = at + size
	}
	if q.used == 0 {
		q.read, q.write = 0, 0
	}
}

// reserve finds room for a payload of that size, in one piece, and returns
// where it begins. False means there is none before the ring grows.
//
//	write > read    [ free | held | free ]   a payload too long for the end goes to the front
//	write <= read   [ held | free | held ]
func (q *line[Label]) reserve(size int) (at int, fits bool) {
	at = q.write
	wrapped := q.used > 0 && q.write <= q.read
	switch {
	case wrapped && q.read-q.write >= size:
	case !wrapped && len(q.bytes)-q.write >= size:
	case !wrapped && q.read >= size:
		at = 0
	default:
		return 0, false
	}
	q.write = at + size
	q.used += size
	return at, true
}

// growBytes moves the payloads of all entries to the front of a ring with room
// for one more of that size, beside all that is used. If half of the old ring
// would do, because much of it was evicted, the new one is no larger. The old one
// is the caller's to give back, who may need what else lies there.
func (q *line[Label]) growBytes(size int) (outgrown []byte) {
	room := 2 * len(q.bytes)
	if q.used+size <= len(q.bytes)/2 {
		room = len(q.bytes)
	}
	bytes := makeRing(max(firstBytes, room, q.used+size))
	at := 0
	for i := range q.count {
		e := &q.ring[(q.head+i)&(len(q.ring)-1)]
		copy(bytes[at:], q.bytes[e.at:e.at+e.size])
		e.at = at
		at += e.size
	}
	outgrown = q.bytes
	q.bytes, q.read, q.write, q.used = bytes, 0, at, at
	return outgrown
}

func (q *line[Label]) growRing() { q.ring, q.head = doubled(q.ring, q.head), 0 }

// doubled is a ring with twice the room, that begins with what head points at.
func doubled[Entry any](old []Entry, head int) []Entry {
	ring := make([]Entry, max(firstEntries, 2*len(old)))
	n := copy(ring, old[head:])
	copy(ring[n:], old[:head])
	return ring
}
