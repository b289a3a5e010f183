package rlc

import "bytes"

// row is a linear equation: the sum of coefficient times symbol over the unknown
// messages is the symbol here.
type row struct {
	pivot uint64 // the oldest unknown message; its coefficient is 1
	// Message n has its coefficient at n modulo 256. The numbers a decoder deals
	// with at once span historySize+MaxSpan, so no two share a place.
	coefficients [256]byte
	size         int             // length of the longest symbol in the sum
	symbol       [MaxSymbol]byte // zeros behind size
}

func (r *row) at(n uint64) byte { return r.coefficients[uint8(n)] }

// subtract takes a known message out of the equation. It reports false if the
// message is longer than its sender's symbol says.
func (r *row) subtract(n uint64, c byte, msg []byte, length int) bool {
	if lengthSize+length > r.size {
		return false
	}
	r.coefficients[uint8(n)] = 0
	addMessage(r.symbol[:r.size], c, msg)
	return true
}

// add adds c times another row.
func (r *row) add(c byte, other *row) {
	field.GalMulSliceXor(c, other.coefficients[:], r.coefficients[:])
	field.GalMulSliceXor(c, other.symbol[:other.size], r.symbol[:])
	r.size = max(r.size, other.size)
}

// scale multiplies the row by c.
func (r *row) scale(c byte) {
	field.GalMulSlice(c, r.coefficients[:], r.coefficients[:])
	field.GalMulSlice(c, r.symbol[:r.size], r.symbol[:r.size])
}

// unknowns counts the messages in the equation.
func (r *row) unknowns() int {
	return len(r.coefficients) - bytes.Count(r.coefficients[:], []byte{0})
}
