package proto

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// pos is where in a datagram the next element starts. A negative pos is a fault:
// every read from it answers zero and the same fault, so a caller reads a whole
// frame and looks once. Position and result travel in registers, which makes
// parsing twice as fast as a reader struct.
//
// The read functions accept the canonical form only (SPEC 2.2) and nothing a
// packet never has: a negative number, nil, a boolean, a float, a map or an
// extension is an element of the wrong kind.
type pos int

func (f fault) pos() pos { return -pos(f) }

// fault is what went wrong on the way to i, if anything.
func (i pos) fault() fault {
	if i < 0 {
		return fault(-i)
	}
	return faultNone
}

// demand turns i into the fault f unless ok. The first fault stays.
func (i pos) demand(ok bool, f fault) pos {
	if ok || i < 0 {
		return i
	}
	return f.pos()
}

// readUint reads a number. Most elements of a packet are numbers, so this is
// where parsing spends its time. It branches on the form: the same element of
// packet after packet has the same, so a processor guesses where the next
// element starts and does not wait for this one.
func readUint(b []byte, i pos) (v uint64, next pos) {
	if uint(i) >= uint(len(b)) {
		return 0, i.demand(false, faultTruncated)
	}
	p := b[i:]
	c := p[0]
	if c <= codeFixIntHigh {
		return uint64(c), i + 1
	}
	var least uint64 // the least number that needs the form
	switch {
	case c == codeUint16 && len(p) >= 3:
		v, i, least = uint64(binary.BigEndian.Uint16(p[1:])), i+3, math.MaxUint8+1
	case c == codeUint32 && len(p) >= 5:
		v, i, least = uint64(binary.BigEndian.Uint32(p[1:])), i+5, math.MaxUint16+1
	case c == codeUint8 && len(p) >= 2:
		v, i, least = uint64(p[1]), i+2, fixIntMax+1
	case c == codeUint64 && len(p) >= 9:
		v, i, least = binary.BigEndian.Uint64(p[1:]), i+9, math.MaxUint32+1
	case c >= codeUint8 && c <= codeUint64:
		return 0, faultTruncated.pos()
	default:
		return 0, faultKind.pos()
	}
	if v < least {
		return 0, faultWide.pos()
	}
	return v, i
}

// readUint32 reads a number of at most 32 bits.
func readUint32(b []byte, i pos) (uint32, pos) {
	v, i := readUint(b, i)
	return uint32(v), i.demand(v <= math.MaxUint32, faultRange)
}

// readID reads a connection id, which is never zero (SPEC 3.1).
func readID(b []byte, i pos) (uint64, pos) {
	v, i := readUint(b, i)
	return v, i.demand(v != 0, faultZeroID)
}

// readArray reads an array header and returns the number of elements. Every
// element has at least one byte, so a count beyond the bytes left is refused
// here, and loops over the count are safe.
func readArray(b []byte, i pos) (int, pos) {
	if i < 0 {
		return 0, i
	}
	p := b[i:]
	if len(p) == 0 {
		return 0, faultTruncated.pos()
	}
	n, header := 0, 1
	switch c := p[0]; {
	case c&^fixArrayMax == codeFixArray:
		n = int(c & fixArrayMax)
	case c == codeArray16 && len(p) >= 3:
		if n, header = int(binary.BigEndian.Uint16(p[1:])), 3; n <= fixArrayMax {
			return 0, faultWide.pos()
		}
	case c == codeArray16 || c == codeArray32:
		// No datagram is long enough for 65536 elements.
		return 0, faultTruncated.pos()
	default:
		return 0, faultKind.pos()
	}
	if n > len(p)-header {
		return 0, faultTruncated.pos()
	}
	return n, i + pos(header)
}

// readBin reads a byte string. The result aliases b.
func readBin(b []byte, i pos) ([]byte, pos) {
	if i < 0 {
		return nil, i
	}
	p := b[i:]
	if len(p) == 0 {
		return nil, faultTruncated.pos()
	}
	n, header := 0, 0
	switch c := p[0]; {
	case c == codeBin8 && len(p) >= 2:
		n, header = int(p[1]), 2
	case c == codeBin16 && len(p) >= 3:
		if n, header = int(binary.BigEndian.Uint16(p[1:])), 3; n <= math.MaxUint8 {
			return nil, faultWide.pos()
		}
	case c == codeBin8 || c == codeBin16 || c == codeBin32:
		// No datagram is long enough for a bin of 65536 bytes.
		return nil, faultTruncated.pos()
	default:
		return nil, faultKind.pos()
	}
	return take(b, i+pos(header), n)
}

// readStr reads a string of UTF-8. The result aliases b.
func readStr(b []byte, i pos) ([]byte, pos) {
	if i < 0 {
		return nil, i
	}
	p := b[i:]
	if len(p) == 0 {
		return nil, faultTruncated.pos()
	}
	n, header, least := 0, 1, 0
	switch c := p[0]; {
	case c&^fixStrMax == codeFixStr:
		n = int(c & fixStrMax)
	case c == codeStr8 && len(p) >= 2:
		n, header, least = int(p[1]), 2, fixStrMax+1
	case c == codeStr16 && len(p) >= 3:
		n, header, least = int(binary.BigEndian.Uint16(p[1:])), 3, math.MaxUint8+1
	case c == codeStr8 || c == codeStr16 || c == codeStr32:
		return nil, faultTruncated.pos()
	default:
		return nil, faultKind.pos()
	}
	if n < least {
		return nil, faultWide.pos()
	}
	s, i := take(b, i+pos(header), n)
	return s, i.demand(utf8.Valid(s), faultUTF8)
}

// take returns the n bytes at i. Their capacity ends with them, so that an
// append to them cannot write over the next element.
func take(b []byte, i pos, n int) ([]byte, pos) {
	if n > len(b)-int(i) {
		return nil, faultTruncated.pos()
	}
	end := i + pos(n)
	return b[i:end:end], end
}
