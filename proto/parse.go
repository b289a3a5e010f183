package proto

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// reader takes elements off b from left to right. It accepts the canonical form
// only (SPEC 2.2) and nothing a packet never has: a negative number, nil, a
// boolean, a float, a map or an extension is an element of the wrong kind.
//
// The first fault sticks: from then on every call returns zero values, so a
// caller reads a whole frame and looks at fault once. Loops over a claimed
// count are safe because array refuses counts larger than the bytes left.
type reader struct {
	b     []byte
	i     int
	fault fault
}

// fail records the first fault and moves to the end, so that nothing more is read.
func (r *reader) fail(f fault) {
	if r.fault == faultNone {
		r.fault = f
	}
	r.i = len(r.b)
}

// end fails unless everything was read.
func (r *reader) end() {
	if r.i != len(r.b) {
		r.fail(faultTrailing)
	}
}

// uint reads a number. The one-byte form is short enough to be inlined.
func (r *reader) uint() uint64 {
	if r.i < len(r.b) && r.b[r.i] <= codeFixIntHigh {
		r.i++
		return uint64(r.b[r.i-1])
	}
	return r.wideUint()
}

// wideUint reads a number that is not in the one-byte form.
func (r *reader) wideUint() uint64 {
	p := r.b[r.i:]
	if len(p) == 0 {
		r.fail(faultTruncated)
		return 0
	}
	var v, least uint64
	var n int
	switch p[0] {
	case codeUint8:
		if n = 2; len(p) >= n {
			v, least = uint64(p[1]), fixIntMax+1
		}
	case codeUint16:
		if n = 3; len(p) >= n {
			v, least = uint64(binary.BigEndian.Uint16(p[1:])), math.MaxUint8+1
		}
	case codeUint32:
		if n = 5; len(p) >= n {
			v, least = uint64(binary.BigEndian.Uint32(p[1:])), math.MaxUint16+1
		}
	case codeUint64:
		if n = 9; len(p) >= n {
			v, least = binary.BigEndian.Uint64(p[1:]), math.MaxUint32+1
		}
	default:
		r.fail(faultKind)
		return 0
	}
	if len(p) < n {
		r.fail(faultTruncated)
		return 0
	}
	if v < least {
		r.fail(faultWide)
		return 0
	}
	r.i += n
	return v
}

// uint32 reads a number of at most 32 bits.
func (r *reader) uint32() uint32 {
	v := r.uint()
	if v > math.MaxUint32 {
		r.fail(faultRange)
		return 0
	}
	return uint32(v)
}

// id reads a connection id, which is never zero (SPEC 3.1).
func (r *reader) id() uint64 {
	v := r.uint()
	if v == 0 {
		r.fail(faultZeroID)
	}
	return v
}

// array reads an array header and returns the number of elements. Every element
// has at least one byte, so a count beyond the bytes left is refused here.
func (r *reader) array() int {
	p := r.b[r.i:]
	if len(p) == 0 {
		r.fail(faultTruncated)
		return 0
	}
	n, header := 0, 0
	switch c := p[0]; {
	case c&^fixArrayMax == codeFixArray:
		n, header = int(c&fixArrayMax), 1
	case c == codeArray16 && len(p) >= 3:
		if n, header = int(binary.BigEndian.Uint16(p[1:])), 3; n <= fixArrayMax {
			r.fail(faultWide)
			return 0
		}
	case c == codeArray16 || c == codeArray32:
		// No datagram is long enough for 65536 elements.
		r.fail(faultTruncated)
		return 0
	default:
		r.fail(faultKind)
		return 0
	}
	if n > len(p)-header {
		r.fail(faultTruncated)
		return 0
	}
	r.i += header
	return n
}

// bin reads a byte string. The result aliases the datagram.
func (r *reader) bin() []byte {
	p := r.b[r.i:]
	if len(p) == 0 {
		r.fail(faultTruncated)
		return nil
	}
	n, header := 0, 0
	switch {
	case p[0] == codeBin8 && len(p) >= 2:
		n, header = int(p[1]), 2
	case p[0] == codeBin16 && len(p) >= 3:
		if n, header = int(binary.BigEndian.Uint16(p[1:])), 3; n <= math.MaxUint8 {
			r.fail(faultWide)
			return nil
		}
	case p[0] == codeBin8 || p[0] == codeBin16 || p[0] == codeBin32:
		// No datagram is long enough for a bin of 65536 bytes.
		r.fail(faultTruncated)
		return nil
	default:
		r.fail(faultKind)
		return nil
	}
	return r.take(p, header, n)
}

// str reads a string of UTF-8. The result aliases the datagram.
func (r *reader) str() []byte {
	p := r.b[r.i:]
	if len(p) == 0 {
		r.fail(faultTruncated)
		return nil
	}
	n, header, least := 0, 0, 0
	switch c := p[0]; {
	case c&^fixStrMax == codeFixStr:
		n, header = int(c&fixStrMax), 1
	case c == codeStr8 && len(p) >= 2:
		n, header, least = int(p[1]), 2, fixStrMax+1
	case c == codeStr16 && len(p) >= 3:
		n, header, least = int(binary.BigEndian.Uint16(p[1:])), 3, math.MaxUint8+1
	case c == codeStr8 || c == codeStr16 || c == codeStr32:
		r.fail(faultTruncated)
		return nil
	default:
		r.fail(faultKind)
		return nil
	}
	if n < least {
		r.fail(faultWide)
		return nil
	}
	s := r.take(p, header, n)
	if !utf8.Valid(s) {
		r.fail(faultUTF8)
		return nil
	}
	return s
}

// take returns the n bytes after the header at the start of p. Their capacity
// ends with them, so that an append cannot write over the next element.
func (r *reader) take(p []byte, header, n int) []byte {
	end := header + n
	if end > len(p) {
		r.fail(faultTruncated)
		return nil
	}
	r.i += end
	return p[header:end:end]
}
