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
	label    Label
	at, size int // where in bytes the payload lies
}

const (
	firstEntries = 4
	firstBytes   = 256
	keptBytes    = 1 << 20 // rings beyond this are given back when the line has run empty

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
	at := q.reserve(size)
	e := &q.ring[(q.head+q.count)&(len(q.ring)-1)]
	e.at, e.size = at, size
	q.count++
	copy(q.bytes[at:at+size], payload)
	return e
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
	if q.count == 0 && len(q.bytes) > keptBytes {
		*q = line[Label]{}
	}
}

// reserve finds room for a payload of that size, in one piece, and returns
// where it begins.
//
//	write > read    [ free | held | free ]   a payload too long for the end goes to the front
//	write <= read   [ held | free | held ]
func (q *line[Label]) reserve(size int) int {
	at := q.write
	wrapped := q.used > 0 && q.write <= q.read
	switch {
	case wrapped && q.read-q.write >= size:
	case !wrapped && len(q.bytes)-q.write >= size:
	case !wrapped && q.read >= size:
		at = 0
	default:
		q.growBytes(size)
		at = q.write
	}
	q.write = at + size
	q.used += size
	return at
}

// growBytes moves all payloads to the front of a ring with room for one more
// of that size.
func (q *line[Label]) growBytes(size int) {
	bytes := make([]byte, max(firstBytes, 2*len(q.bytes), q.used+size))
	at := 0
	for i := range q.count {
		e := &q.ring[(q.head+i)&(len(q.ring)-1)]
		copy(bytes[at:], q.bytes[e.at:e.at+e.size])
		e.at = at
		at += e.size
	}
	q.bytes, q.read, q.write = bytes, 0, at
}

func (q *line[Label]) growRing() {
	ring := make([]entry[Label], max(firstEntries, 2*len(q.ring)))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}
