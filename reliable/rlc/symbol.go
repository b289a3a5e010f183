package rlc

import (
	"encoding/binary"

	"github.com/klauspost/reedsolomon"
)

// Limits of the code, the same at both ends.
const (
	// MaxSpan is how many messages a repair symbol covers at most.
	MaxSpan = 64
	// MaxMessage is the length of the longest message a repair symbol covers, in bytes.
	MaxMessage = MaxSymbol - lengthSize
	// MaxSymbol is the length of the longest repair symbol, in bytes.
	MaxSymbol = 2048

	lengthSize = 2 // a symbol begins with the length of its message, big-endian
)

// field is GF(2^8) with the polynomial 0x11D, as in RFC 8681.
var field reedsolomon.LowLevel

// addMessage adds c times the symbol of a message to sum, which is at least as
// long. The symbol is never written down: the length, the bytes, and zeros, which
// add nothing.
func addMessage(sum []byte, c byte, msg []byte) {
	var length [lengthSize]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(msg)))
	field.GalMulSliceXor(c, length[:], sum)
	field.GalMulSliceXor(c, msg, sum[lengthSize:])
}

// parseSymbol returns the message whose symbol this is, sharing its bytes. It
// reports false if the length does not fit or what follows the message is not zero.
func parseSymbol(symbol []byte) ([]byte, bool) {
	if len(symbol) < lengthSize {
		return nil, false
	}
	end := lengthSize + int(binary.BigEndian.Uint16(symbol))
	if end > len(symbol) || !isZero(symbol[end:]) {
		return nil, false
	}
	return symbol[lengthSize:end:end], true
}

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
