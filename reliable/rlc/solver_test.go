package rlc

import "slices"

// solver is the same algebra done dumbly: it keeps every equation for ever, in maps,
// and multiplies bit by bit. What it solves is what can be solved.
type solver struct{ rows []equation }

// equation says that the sum of coefficient times symbol is sum.
type equation struct {
	unknown map[uint64]byte
	sum     []byte
}

// product multiplies in GF(2^8) with the polynomial 0x11D, by long multiplication.
func product(a, b byte) byte {
	var p byte
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		carry := a & 0x80
		a <<= 1
		if carry != 0 {
			a ^= 0x1D
		}
	}
	return p
}

// inverse tries them all.
func inverse(a byte) byte {
	for b := 1; b < 256; b++ {
		if product(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("0 has no inverse")
}

// plus adds c times another equation.
func (e *equation) plus(c byte, other equation) {
	for n, x := range other.unknown {
		if e.unknown[n] ^= product(c, x); e.unknown[n] == 0 {
			delete(e.unknown, n)
		}
	}
	for len(e.sum) < len(other.sum) {
		e.sum = append(e.sum, 0)
	}
	for i, x := range other.sum {
		e.sum[i] ^= product(c, x)
	}
}

// message is the equation that says what message n is.
func message(n uint64, msg []byte) equation {
	symbol := append([]byte{byte(len(msg) >> 8), byte(len(msg))}, msg...)
	return equation{map[uint64]byte{n: 1}, symbol}
}

// repairSymbol is the equation of a repair symbol.
func repairSymbol(first uint64, span int, key uint16, symbol []byte) equation {
	e := equation{map[uint64]byte{}, slices.Clone(symbol)}
	for n := first; n != first+uint64(span); n++ {
		e.unknown[n] = wideCoefficient(uint64(key), n)
	}
	return e
}

func (s *solver) add(e equation) { s.rows = append(s.rows, e) }

// solved returns the symbols that follow from all equations: of every message that
// is alone in a row of their reduced row echelon form.
func (s *solver) solved() map[uint64][]byte {
	var numbers []uint64
	rest := make([]equation, len(s.rows))
	for i, e := range s.rows {
		rest[i] = equation{map[uint64]byte{}, slices.Clone(e.sum)}
		for n, c := range e.unknown {
			rest[i].unknown[n] = c
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var done []equation
	for _, n := range slices.Compact(numbers) {
		i := slices.IndexFunc(rest, func(e equation) bool { return e.unknown[n] != 0 })
		if i < 0 {
			continue
		}
		pivot := equation{unknown: map[uint64]byte{}}
		pivot.plus(inverse(rest[i].unknown[n]), rest[i])
		rest = slices.Delete(rest, i, i+1)
		for _, rows := range [][]equation{rest, done} {
			for j := range rows {
				if c := rows[j].unknown[n]; c != 0 {
					rows[j].plus(c, pivot)
				}
			}
		}
		done = append(done, pivot)
	}
	found := map[uint64][]byte{}
	for _, e := range done {
		if len(e.unknown) == 1 {
			for n := range e.unknown {
				found[n] = e.sum
			}
		}
	}
	return found
}
