package lossy

import "time"

// race is the wire of Profile.JitterReorder: datagrams come out in the order
// of their own times, whatever the order in which they went in. The zero value
// is empty, and so is a nil pointer, which most links have.
//
// The bytes lie in a line, in the order of going in. A datagram that overtook
// others leaves its place there behind until the oldest has come out, which is
// at most the spread of the jitter later, so memory is that of a wire that
// keeps order.
type race struct {
	line  line[racer]
	first uint64      // place of the line's oldest entry; places count from 0
	heap  []contender // binary heap, the next to come out at its root

	count int // datagrams that have not come out, and
	used  int // their bytes
}

// racer is what the line knows of a datagram.
type racer struct {
	passage
	gone bool // it has come out
}

// contender is a datagram in the heap, and where its bytes lie.
type contender struct {
	due   time.Duration
	place uint64
}

func (c contender) before(d contender) bool {
	if c.due != d.due {
		return c.due < d.due
	}
	return c.place < d.place // of one time: in the order they went in
}

func (r *race) empty() bool { return r == nil || r.count == 0 }

// held is how many datagrams are in it, and bytes how many of payload.
func (r *race) held() int {
	if r == nil {
		return 0
	}
	return r.count
}

func (r *race) bytes() int {
	if r == nil {
		return 0
	}
	return r.used
}

// charge is the memory the race is to be charged for.
func (r *race) charge() int {
	if r == nil {
		return 0
	}
	return r.line.charge()
}

// push takes in a copy of the payload and returns it, as line.push does.
func (r *race) push(p passage, payload []byte) []byte {
	place := r.first + uint64(r.line.count)
	held := r.line.push(racer{passage: p}, payload)
	r.count++
	r.used += len(payload)
	r.enter(contender{p.due, place})
	return held
}

func (r *race) enter(c contender) {
	r.heap = append(r.heap, c)
	h := r.heap
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// sort sets up the heap anew, after times have changed in the line.
func (r *race) sort() {
	r.heap = r.heap[:0]
	for i := range r.line.count {
		if e := &r.line.at(i).label; !e.gone {
			r.enter(contender{e.due, r.first + uint64(i)})
		}
	}
}

func (r *race) next() *entry[racer] { return r.line.at(int(r.heap[0].place - r.first)) }

// label returns the passage of the datagram that comes out next. There must be
// one.
func (r *race) label() *passage { return &r.next().label.passage }

// payload returns the bytes of the datagram that comes out next, valid until
// the next push or drop. There must be one.
func (r *race) payload() []byte {
	e := r.next()
	return r.line.bytes[e.at : e.at+e.size]
}

// drop forgets the datagram that came out. There must be one.
func (r *race) drop() {
	e := r.next()
	e.label.gone = true
	r.count--
	r.used -= e.size
	r.pop()
	for !r.line.empty() && r.line.first().gone {
		r.line.drop()
		r.first++
	}
}

// pop takes the root out of the heap.
func (r *race) pop() {
	h := r.heap
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	r.heap = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(h[i]) {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	if last == 0 && cap(r.heap)*contenderBytes > keptBytes {
		r.heap = nil // as the line does
	}
}

// contenderBytes is the size of a contender, for the limit above.
const contenderBytes = 16
