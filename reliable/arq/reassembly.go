package arq

import (
	"math/bits"
	"slices"
	"time"
)

// maxGaps bounds the holes in one message under reassembly. Honest senders
// leave as many as packets were lost in one round trip; every hole costs the
// receiver a list entry that no flow control accounts for.
const maxGaps = 4096

// reassembly collects the fragments of one message. Memory follows the bytes
// received, never the size claimed: the contiguous start grows as it fills,
// what is ahead of a gap waits in chunks of its own.
type reassembly struct {
	seq      uint64
	size     uint64
	received uint64 // distinct bytes
	start    []byte // bytes [0, len(start)); lent by Config.Buffers
	ahead    []chunk
	expires  time.Duration // when it must have been delivered; of proto.ModeDeadline
}

// chunk is a run of bytes behind a gap. Chunks are ascending and disjoint. Data
// that continues a chunk is appended to it, so there are no more chunks than
// there are gaps or were gaps that are filled.
type chunk struct {
	lo   uint64
	data []byte // lent by Config.Buffers
}

func (c *chunk) end() uint64 { return c.lo + uint64(len(c.data)) }

// giveBack gives back the memory of all bytes.
func (r *reassembly) giveBack(to Buffers) {
	giveBack(to, r.start)
	for i := range r.ahead {
		giveBack(to, r.ahead[i].data)
		r.ahead[i].data = nil
	}
	r.start, r.ahead = nil, r.ahead[:0]
}

// complete reports whether every byte is there.
func (r *reassembly) complete() bool { return uint64(len(r.start)) == r.size }

// add takes in the bytes at offset lo and returns how many were new. The
// caller has checked that they lie within size.
func (r *reassembly) add(from Buffers, lo uint64, data []byte) (added uint64) {
	contiguous := uint64(len(r.start))
	if end := lo + uint64(len(data)); end <= contiguous {
		return 0
	} else if lo < contiguous {
		data = data[contiguous-lo:]
		lo = contiguous
	}
	if lo > contiguous {
		added = r.insert(from, lo, data)
	} else {
		added = r.extend(from, data)
	}
	r.received += added
	return added
}

// extend appends data, which begins right behind start, and whatever chunks
// become contiguous by it.
func (r *reassembly) extend(from Buffers, data []byte) (added uint64) {
	r.start = appendLent(from, r.start, data, r.size)
	added = uint64(len(data))
	if len(r.ahead) == 0 {
		return added
	}
	used := 0
	for i := range r.ahead {
		c := &r.ahead[i]
		at := uint64(len(r.start))
		if c.lo > at {
			break
		}
		used++
		if end := c.end(); end > at {
			added -= at - c.lo // it was there
			r.start = appendLent(from, r.start, c.data[at-c.lo:], r.size)
		} else {
			added -= uint64(len(c.data))
		}
		giveBack(from, c.data)
	}
	r.ahead = slices.Delete(r.ahead, 0, used)
	return added
}

// smallestLoan is the least that is lent for the start of a message, unless it
// is smaller: less than what it costs to keep track of it.
const smallestLoan = 128

// appendLent appends data to lent memory. When that is too short another is
// lent, for up to four times what is there then and no more than most, so that
// the bytes of a message are seldom moved while it grows. Powers of two are what
// is lent best.
func appendLent(from Buffers, b, data []byte, most uint64) []byte {
	end := uint64(len(b) + len(data))
	if uint64(cap(b)) < end {
		size := most
		if end <= most/4 {
			size = max(1<<(bits.Len64(4*end)-1), min(smallestLoan, most))
		}
		longer := from.Get(int(size))[:len(b)]
		copy(longer, b)
		giveBack(from, b)
		b = longer
	}
	return append(b, data...)
}

// insert keeps data that lies behind a gap, without the bytes that are there
// already.
func (r *reassembly) insert(from Buffers, lo uint64, data []byte) (added uint64) {
	i := len(r.ahead)
	for i > 0 && r.ahead[i-1].lo > lo {
		i--
	}
	if i > 0 { // cut what the chunk before covers
		before := r.ahead[i-1]
		if end := before.end(); end > lo {
			if end >= lo+uint64(len(data)) {
				return 0
			}
			data = data[end-lo:]
			lo = end
		}
	}
	for len(data) > 0 {
		part := data
		next := uint64(len(data))
		if i < len(r.ahead) && r.ahead[i].lo < lo+uint64(len(data)) { // up to the chunk behind
			c := r.ahead[i]
			part = data[:c.lo-lo]
			next = min(c.lo+uint64(len(c.data))-lo, uint64(len(data)))
		}
		added += uint64(len(part))
		switch {
		case len(part) == 0:
		case i > 0 && r.ahead[i-1].end() == lo: // the usual case: in order, behind one gap
			c := &r.ahead[i-1]
			c.data = appendLent(from, c.data, part, r.size-c.lo)
		default:
			r.ahead = append(r.ahead, chunk{})
			copy(r.ahead[i+1:], r.ahead[i:])
			r.ahead[i] = chunk{lo: lo, data: appendLent(from, nil, part, uint64(len(part)))}
			i++
		}
		i++ // past the chunk behind, if there was one
		data = data[next:]
		lo += next
	}
	return added
}
