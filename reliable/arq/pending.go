package arq

// pending are the messages of a lane that are here in parts, or whole and
// waiting for their turn, by number. Where nothing is lost there is one at most,
// the message whose end is in the next packet; it costs no map.
type pending struct {
	one  *reassembly // nil or one of them
	rest map[uint64]*reassembly
}

func (p *pending) len() int {
	n := len(p.rest)
	if p.one != nil {
		n++
	}
	return n
}

// get returns message seq, nil if it is not among them.
func (p *pending) get(seq uint64) *reassembly {
	if r := p.one; r != nil && r.seq == seq {
		return r
	}
	if len(p.rest) == 0 {
		return nil
	}
	return p.rest[seq]
}

// add takes in a message that is not among them.
func (p *pending) add(r *reassembly) {
	if p.one == nil {
		p.one = r
		return
	}
	if p.rest == nil {
		p.rest = make(map[uint64]*reassembly)
	}
	p.rest[r.seq] = r
}

// remove takes out a message that is among them.
func (p *pending) remove(seq uint64) {
	if r := p.one; r != nil && r.seq == seq {
		p.one = nil
		return
	}
	delete(p.rest, seq)
}

// all gives each of them, in any order. The one in hand may be removed.
func (p *pending) all() func(yield func(*reassembly) bool) {
	return func(yield func(*reassembly) bool) {
		if r := p.one; r != nil && !yield(r) {
			return
		}
		for _, r := range p.rest {
			if !yield(r) {
				return
			}
		}
	}
}

// spareReassemblies bounds the records of messages that are kept for the next
// ones, and spareChunks what each has room for.
const (
	spareReassemblies = 32
	spareChunks       = 16
)

// begin returns the record of a message of which the first bytes come.
func (q *incoming) begin(seq, size uint64) *reassembly {
	last := len(q.spare) - 1
	if last < 0 {
		return &reassembly{seq: seq, size: size}
	}
	r := q.spare[last]
	q.spare[last] = nil
	q.spare = q.spare[:last]
	r.seq, r.size = seq, size
	return r
}

// finish ends what begin began. Whoever wants the bytes has taken them out.
func (q *incoming) finish(r *reassembly) {
	r.giveBack(q.buffers)
	if len(q.spare) < spareReassemblies && cap(r.ahead) <= spareChunks {
		*r = reassembly{ahead: r.ahead}
		q.spare = append(q.spare, r)
	}
}

// abandon gives up the messages that are not whole, and those that wait for
// their turn: nobody will receive the rest of them, or read them.
func (q *incoming) abandon() {
	for _, l := range q.lanes {
		for r := range l.pending.all() {
			l.keep(-int(r.received), -1)
			l.kept -= int(r.received)
			q.finish(r)
		}
		l.pending = pending{}
	}
}
