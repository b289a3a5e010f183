package arq

import "time"

// maxGaps bounds the holes in one message under reassembly. Honest senders
// leave as many as packets were lost in one round trip; every hole costs the
// receiver a list entry that no flow control accounts for.
const maxGaps = 4096

// reassembly collects the fragments of one message. Memory follows the bytes
// received, never the size claimed: the contiguous start grows as it fills,
// what is ahead of a gap waits in chunks of its own.
type reassembly struct {
	size     uint64
	received uint64 // distinct bytes
	start    []byte // bytes [0, len(start))
	ahead    []chunk
	expires  time.Duration // when it must have been delivered; of proto.ModeDeadline
}

// chunk is a run of bytes behind a gap. Chunks are ascending and disjoint. Data
// that continues a chunk is appended to it, so there are no more chunks than
// there are gaps or were gaps that are filled.
type chunk struct {
	lo   uint64
	data []byte
}

func (c *chunk) end() uint64 { return c.lo + uint64(len(c.data)) }

// complete reports whether every byte is there.
func (r *reassembly) complete() bool { return uint64(len(r.start)) == r.size }

// add takes in the bytes at offset lo and returns how many were new. The
// caller has checked that they lie within size.
func (r *reassembly) add(lo uint64, data []byte) (added uint64) {
	contiguous := uint64(len(r.start))
	if end := lo + uint64(len(data)); end <= contiguous {
		return 0
	} else if lo < contiguous {
		data = data[contiguous-lo:]
		lo = contiguous
	}
	if lo > contiguous {
		added = r.insert(lo, data)
	} else {
		added = r.extend(data)
	}
	r.received += added
	return added
}

// extend appends data, which begins right behind start, and whatever chunks
// become contiguous by it.
func (r *reassembly) extend(data []byte) (added uint64) {
	before := uint64(len(r.start))
	already := uint64(0)
	end := before + uint64(len(data))
	r.grow(end)
	r.start = append(r.start, data...)
	used := 0
	for _, c := range r.ahead {
		at := uint64(len(r.start))
		if c.lo > at {
			break
		}
		used++
		cEnd := c.lo + uint64(len(c.data))
		already += uint64(len(c.data))
		if cEnd > at {
			r.start = append(r.start, c.data[at-c.lo:]...)
		}
	}
	clear(r.ahead[:used])
	r.ahead = r.ahead[used:]
	return uint64(len(r.start)) - before - already
}

// grow makes room in one step for a message of which a good part is there, so
// that a large message is not copied each time the slice doubles. What is
// allocated stays within four times what was received.
func (r *reassembly) grow(end uint64) {
	if uint64(cap(r.start)) >= end || r.size > 4*end {
		return
	}
	start := make([]byte, len(r.start), r.size)
	copy(start, r.start)
	r.start = start
}

// insert keeps data that lies behind a gap, without the bytes that are there
// already.
func (r *reassembly) insert(lo uint64, data []byte) (added uint64) {
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
			r.ahead[i-1].data = append(r.ahead[i-1].data, part...)
		default:
			r.ahead = append(r.ahead, chunk{})
			copy(r.ahead[i+1:], r.ahead[i:])
			r.ahead[i] = chunk{lo: lo, data: append([]byte(nil), part...)}
			i++
		}
		i++ // past the chunk behind, if there was one
		data = data[next:]
		lo += next
	}
	return added
}
