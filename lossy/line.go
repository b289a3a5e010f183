package lossy

import "time"

// datagram is one entry of a line; its bytes lie in the line's ring.
type datagram struct {
	due      time.Duration // when it comes out, at the latest
	after    uint64        // displaced only: how many had entered the line before it, and
	until    uint64        // how many of the line must have come out to let it go
	at, size int           // where its bytes lie
}

// line is a first-in, first-out queue of datagrams that owns their bytes. Both
// its rings grow to the largest load they have seen, so in the steady state
// nothing is allocated. The zero value is an empty line.
type line struct {
	ring  []datagram // length is zero or a power of two
	head  int
	count int

	bytes       []byte // payloads, each in one piece; length is zero or a power of two
	read, write int    // where the oldest begins and the next may begin
	used        int    // bytes of payload held
}

const (
	firstEntries = 16
	firstBytes   = 2048
	keptBytes    = 1 << 20 // a larger ring is given back when the line has run empty
)

func (q *line) empty() bool { return q.count == 0 }

// first returns the oldest entry. The line must not be empty.
func (q *line) first() *datagram { return &q.ring[q.head] }

// push appends a copy of the payload and returns the copy, which the caller
// may still change until the next call.
func (q *line) push(d datagram, payload []byte) []byte {
	if q.count == len(q.ring) {
		q.growRing()
	}
	d.size = len(payload)
	d.at = q.reserve(d.size)
	held := q.bytes[d.at : d.at+d.size]
	copy(held, payload)
	q.ring[(q.head+q.count)&(len(q.ring)-1)] = d
	q.count++
	return held
}

// pop appends the oldest payload to dst and forgets it. The line must not be
// empty.
func (q *line) pop(dst []byte) []byte {
	d := q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	dst = append(dst, q.bytes[d.at:d.at+d.size]...)
	if d.size > 0 {
		q.read = d.at + d.size
		q.used -= d.size
	}
	if q.count == 0 && len(q.bytes) > keptBytes {
		q.bytes, q.ring, q.head = nil, nil, 0
	}
	if q.used == 0 {
		q.read, q.write = 0, 0
	}
	return dst
}

// reserve finds room for a payload of that size, in one piece, and returns
// where it begins.
//
//	write > read    [ free | held | free ]   a payload too long for the end goes to the front
//	write <= read   [ held | free | held ]
func (q *line) reserve(size int) int {
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

// growBytes moves all payloads to the front of a ring that has room for one
// more of that size.
func (q *line) growBytes(size int) {
	length := max(firstBytes, 2*len(q.bytes))
	for length < q.used+size {
		length *= 2
	}
	bytes := make([]byte, length)
	at := 0
	for i := range q.count {
		d := &q.ring[(q.head+i)&(len(q.ring)-1)]
		copy(bytes[at:], q.bytes[d.at:d.at+d.size])
		d.at = at
		at += d.size
	}
	q.bytes, q.read, q.write = bytes, 0, at
}

func (q *line) growRing() {
	ring := make([]datagram, max(firstEntries, 2*len(q.ring)))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}
