package proto

import (
	"encoding/binary"
	"math"
)

// appendUint appends v in the smallest of its five forms (SPEC 2.2).
func appendUint(dst []byte, v uint64) []byte {
	if v <= fixIntMax {
		return append(dst, byte(v))
	}
	return appendWideUint(dst, v)
}

func appendWideUint(dst []byte, v uint64) []byte {
	switch {
	case v <= math.MaxUint8:
		return append(dst, codeUint8, byte(v))
	case v <= math.MaxUint16:
		return append(dst, codeUint16, byte(v>>8), byte(v))
	case v <= math.MaxUint32:
		return append(dst, codeUint32, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	default:
		return binary.BigEndian.AppendUint64(append(dst, codeUint64), v)
	}
}

// uintSize is the number of bytes appendUint appends.
func uintSize(v uint64) int {
	switch {
	case v <= fixIntMax:
		return 1
	case v <= math.MaxUint8:
		return 2
	case v <= math.MaxUint16:
		return 3
	case v <= math.MaxUint32:
		return 5
	default:
		return 9
	}
}

// appendArray appends the header of an array of n elements, n at most 65535.
func appendArray(dst []byte, n int) []byte {
	if n <= fixArrayMax {
		return append(dst, codeFixArray|byte(n))
	}
	return append(dst, codeArray16, byte(n>>8), byte(n))
}

// arraySize is the number of bytes appendArray appends.
func arraySize(n int) int {
	if n <= fixArrayMax {
		return 1
	}
	return 3
}

// appendBin appends b as bin.
func appendBin(dst, b []byte) []byte {
	return append(appendBinHeader(dst, len(b)), b...)
}

// appendBinHeader appends the header of a bin of n bytes.
func appendBinHeader(dst []byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, codeBin8, byte(n))
	case n <= math.MaxUint16:
		return append(dst, codeBin16, byte(n>>8), byte(n))
	default:
		return append(dst, codeBin32, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// binSize is the number of bytes appendBin appends for n bytes.
func binSize(n int) int {
	switch {
	case n <= math.MaxUint8:
		return 2 + n
	case n <= math.MaxUint16:
		return 3 + n
	default:
		return 5 + n
	}
}

// appendStr appends s, at most 65535 bytes of UTF-8, as str.
func appendStr(dst, s []byte) []byte {
	n := len(s)
	switch {
	case n <= fixStrMax:
		dst = append(dst, codeFixStr|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, codeStr8, byte(n))
	default:
		dst = append(dst, codeStr16, byte(n>>8), byte(n))
	}
	return append(dst, s...)
}
