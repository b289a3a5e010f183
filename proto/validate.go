package proto

// maxDepth is how deep arrays may be nested: packet, frames, frame, and one
// level that today's packets leave free (SPEC 2.2).
const maxDepth = 4

// Validate reports whether b is one array of msgpack as packets are made of:
// numbers, byte strings, strings and arrays, all in their smallest form, nested
// no deeper than four arrays, the last element of the outermost array a number
// of four bytes, and nothing behind it. It does not know what the elements mean
// and does not check the crc; Parse does.
//
// Its use is to make bytes safe for a lenient msgpack library: after Validate no
// claimed length is larger than what is there. It is iterative, allocates
// nothing, takes time linear in len(b), and each error wraps ErrMalformed.
func Validate(b []byte) error {
	if f := validate(b); f != faultNone {
		return f
	}
	return nil
}

// validate keeps two ledgers: left, the elements each open array still lacks,
// and owed, their sum. Each owed element needs at least one byte, so bytes that
// claim more than they can hold are refused at the claim and not after a walk.
func validate(b []byte) fault {
	if len(b) > MaxDatagram {
		return faultTooLong
	}
	owed, i := readArray(b, 0)
	left, depth := [maxDepth]int{owed}, 1
	for owed > 0 && i >= 0 {
		if owed > len(b)-int(i) {
			return faultTruncated
		}
		for left[depth-1] == 0 {
			depth--
		}
		left[depth-1]--
		owed--
		if owed == 0 && depth == 1 && len(b)-int(i) == crcSize && b[i] == codeUint32 {
			return faultNone // the crc, the one number that need not be in its smallest form
		}
		var children int
		if children, i = skip(b, i); children > 0 {
			if depth == maxDepth {
				return faultDepth
			}
			left[depth] = children
			depth++
			owed += children
		}
	}
	i = i.demand(int(i) == len(b), faultTrailing)
	return i.demand(false, faultNoCRC).fault()
}

// skip steps over the element at i, or over its header if it is an array, and
// returns the number of elements of that array. There must be a byte at i.
func skip(b []byte, i pos) (int, pos) {
	switch c := b[i]; {
	case c <= codeFixIntHigh, c >= codeUint8 && c <= codeUint64:
		_, i = readUint(b, i)
	case c >= codeFixStr && c <= codeFixStrHigh, c >= codeStr8 && c <= codeStr32:
		_, i = readStr(b, i)
	case c >= codeBin8 && c <= codeBin32:
		_, i = readBin(b, i)
	default:
		return readArray(b, i)
	}
	return 0, i
}
