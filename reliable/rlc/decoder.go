package rlc

import (
	"slices"

	"github.com/klauspost/reedsolomon"
)

// maxRows is how many unresolved symbols a decoder keeps.
const maxRows = 32

// Decoder is the receiver's side: it remembers the last messages of a lane and the
// repair symbols not used up yet, and recovers messages as soon as linear algebra
// can. It is not safe for concurrent use.
//
// What Message and Repair return is the decoder's and valid until the next call of
// either; the decoder has noted it, so it need not be passed to Message.
type Decoder struct {
	first uint64 // number of the lane's first message
	top   uint64 // one more than the highest number that is here

	history history
	// rows is the system of equations in reduced row echelon form: the pivot of a
	// row is its oldest unknown and is in no other row. So a message follows from
	// all symbols together exactly when it is alone in a row, and then it is in no
	// other. The first row is the one that has waited longest for another pivot.
	rows      []*row
	free      []*row // Repair alone takes from it, so what was returned stays
	recovered []Recovered
	stats     Stats
}

// Recovered is a message that a repair symbol brought back.
type Recovered struct {
	Number uint64
	Data   []byte
}

// NewDecoder returns a decoder for a lane whose first message has the number first.
// Every message from there on must be passed to Message, or have been recovered.
func NewDecoder(first uint64) *Decoder { return &Decoder{first: first, top: first} }

// Stats returns the counters.
func (d *Decoder) Stats() Stats { return d.stats }

// Message notes that message n is here and copies its bytes, if they may still be
// of use. It returns the messages that follow from it. If no symbol waits it costs
// no more than the copy.
func (d *Decoder) Message(n uint64, msg []byte) []Recovered {
	d.recovered = d.recovered[:0]
	if _, _, here := d.history.get(n); here || int64(n-d.oldest()) < 0 {
		return nil
	}
	d.keep(n, msg)
	d.substitute(n, msg)
	return d.harvest()
}

// Repair notes the repair symbol over the messages first to first+span-1, made with
// key. It returns the messages that follow from it. If all of its messages are here
// it does no arithmetic.
//
// Anything may be passed; what can't be is counted (Stats).
func (d *Decoder) Repair(first uint64, span int, key uint16, symbol []byte) []Recovered {
	d.recovered = d.recovered[:0]
	d.stats.Symbols++
	switch {
	case !d.inRange(first, span) || key == 0 || len(symbol) < lengthSize || len(symbol) > MaxSymbol:
		d.stats.Refused++
		return nil
	case d.allHere(first, span):
		d.stats.Needless++
		return nil
	}
	r := d.newRow(symbol)
	for n := first; n != first+uint64(span); n++ {
		c := coefficient(key, n)
		if msg, length, here := d.history.get(n); !here {
			r.coefficients[uint8(n)] = c
		} else if !r.subtract(n, c, msg, length) {
			d.stats.Inconsistent++
			d.release(r)
			return nil
		}
	}
	d.insert(r)
	return d.harvest()
}

// oldest returns the lowest number the decoder deals with.
func (d *Decoder) oldest() uint64 {
	if d.top-d.first < historySize {
		return d.first
	}
	return d.top - historySize
}

// inRange reports whether all messages of a symbol are among those that are
// remembered or at most MaxSpan ahead: the last ones may be lost.
func (d *Decoder) inRange(first uint64, span int) bool {
	from, end := first-d.oldest(), d.top+MaxSpan-d.oldest()
	return span >= 1 && span <= MaxSpan && from <= end && uint64(span) <= end-from
}

func (d *Decoder) allHere(first uint64, span int) bool {
	for n := first; n != first+uint64(span); n++ {
		if _, _, here := d.history.get(n); !here {
			return false
		}
	}
	return true
}

// keep remembers a message. Unknown messages that are too old thereby are given up,
// with the row of each.
func (d *Decoder) keep(n uint64, msg []byte) {
	if int64(n-d.oldest()) >= 0 {
		d.history.put(n, msg)
	}
	if int64(n-d.top) < 0 {
		return
	}
	d.top = n + 1
	for i := 0; i < len(d.rows); {
		if int64(d.rows[i].pivot-d.oldest()) < 0 {
			d.stats.Dropped++
			d.release(d.take(i))
		} else {
			i++
		}
	}
}

// substitute puts a message that is known now into the equations.
func (d *Decoder) substitute(n uint64, msg []byte) {
	var pivotal *row
	for i := 0; i < len(d.rows); {
		r := d.rows[i]
		c := r.at(n)
		switch {
		case c == 0:
			i++
		case !r.subtract(n, c, msg, len(msg)):
			d.stats.Inconsistent++
			d.release(d.take(i))
		case r.pivot == n:
			pivotal = d.take(i)
		default:
			i++
		}
	}
	if pivotal != nil {
		d.insert(pivotal)
	}
}

// insert brings a row into the system: the pivots of the others are eliminated from
// it, then its own from the others. If nothing is left of it, it told nothing new.
func (d *Decoder) insert(r *row) {
	for _, p := range d.rows {
		if c := r.at(p.pivot); c != 0 {
			r.add(c, p)
		}
	}
	pivot, found := d.oldestUnknown(r)
	if !found {
		if isZero(r.symbol[:r.size]) {
			d.stats.Dependent++
		} else {
			d.stats.Inconsistent++
		}
		d.release(r)
		return
	}
	r.pivot = pivot
	r.scale(reedsolomon.Inv(r.at(pivot)))
	for _, p := range d.rows {
		if c := p.at(pivot); c != 0 {
			p.add(c, r)
		}
	}
	d.rows = append(d.rows, r)
}

func (d *Decoder) oldestUnknown(r *row) (n uint64, found bool) {
	for n := d.oldest(); n != d.top+MaxSpan; n++ {
		if r.at(n) != 0 {
			return n, true
		}
	}
	return 0, false
}

// harvest takes the messages that are alone in a row, and the oldest row if there
// are too many.
func (d *Decoder) harvest() []Recovered {
	for i := 0; i < len(d.rows); {
		if d.rows[i].unknowns() > 1 {
			i++
			continue
		}
		r := d.take(i)
		d.release(r)
		if msg, ok := parseSymbol(r.symbol[:r.size]); ok {
			d.recovered = append(d.recovered, Recovered{r.pivot, msg})
		} else {
			d.stats.Inconsistent++
		}
	}
	for _, m := range d.recovered {
		d.stats.Recovered++
		d.keep(m.Number, m.Data)
	}
	if len(d.rows) > maxRows {
		d.stats.Dropped++
		d.release(d.take(0))
	}
	return d.recovered
}

// take removes a row from the system.
func (d *Decoder) take(i int) *row {
	r := d.rows[i]
	d.rows = slices.Delete(d.rows, i, i+1)
	return r
}

func (d *Decoder) release(r *row) { d.free = append(d.free, r) }

// newRow returns a row without unknowns, made of a symbol.
func (d *Decoder) newRow(symbol []byte) *row {
	var r *row
	if last := len(d.free) - 1; last >= 0 {
		r, d.free = d.free[last], d.free[:last]
	} else {
		r = new(row)
	}
	r.coefficients = [256]byte{}
	n := copy(r.symbol[:], symbol)
	clear(r.symbol[n:max(n, r.size)]) // what is left of its last use
	r.size = n
	return r
}
