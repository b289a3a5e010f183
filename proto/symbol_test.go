package proto

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// Repair symbols as SPEC 7.19 defines them, written to be compared with the text
// and not to be fast. They make the vectors and the examples of the text, which
// another implementation can be held to.

// coefficient is the factor of message n under a key.
func coefficient(key uint16, n uint32) byte {
	x := uint32(key)*0x9E3779B1 + n*0x85EBCA77
	x ^= x >> 15
	x *= 0x2C1B3C6D
	x ^= x >> 12
	return byte(1 + (x>>8)%255)
}

// product multiplies in GF(2^8) with the polynomial 0x11D, bit by bit.
func product(a, b byte) byte {
	sum := 0
	for i, factor := 0, int(a); i < 8; i++ {
		if b>>i&1 != 0 {
			sum ^= factor
		}
		if factor <<= 1; factor > 0xff {
			factor ^= 0x11d
		}
	}
	return byte(sum)
}

// symbol is the payload of a repair frame over messages that start with number seq.
func symbol(key uint16, seq uint32, messages ...string) []byte {
	longest := 0
	for _, m := range messages {
		longest = max(longest, len(m))
	}
	sum := make([]byte, MinSymbol+longest)
	for i, m := range messages {
		extended := make([]byte, len(sum))
		binary.BigEndian.PutUint16(extended, uint16(len(m)))
		copy(extended[MinSymbol:], m)
		for at, v := range extended {
			sum[at] ^= product(coefficient(key, seq+uint32(i)), v)
		}
	}
	return sum
}

// repairFrame is a repair frame over messages that start with number seq.
func repairFrame(channel uint8, mode Mode, key uint16, seq uint32, messages ...string) Frame {
	return Frame{Type: FrameRepair, Repair: Repair{
		Channel: channel, Mode: mode, Span: uint8(len(messages)), Key: key, Seq: seq, Payload: symbol(key, seq, messages...),
	}}
}

// The examples of SPEC 7.19 are what its formulas give.
func TestSpecificationHasCoefficients(t *testing.T) {
	spec := specification(t)
	for _, c := range []struct {
		key uint16
		n   uint32
	}{{1, 0}, {1, 1}, {2, 0}, {7, 3333}, {65535, 4294967295}} {
		if row := fmt.Sprintf("| %d | %d | %d |", c.key, c.n, coefficient(c.key, c.n)); !strings.Contains(spec, row) {
			t.Errorf("SPEC.md has no coefficient %q", row)
		}
	}
	if row := fmt.Sprintf("`% x`", symbol(7, 3333, "one", "three")); !strings.Contains(spec, row) {
		t.Errorf("SPEC.md does not show the symbol %s", row)
	}
}

// What the text promises of the code: no coefficient is zero, they are spread
// over the field, and a lost message comes back from its symbol.
func TestSymbolsBringMessagesBack(t *testing.T) {
	var seen [256]int
	for key := uint16(1); key <= 300; key++ {
		for n := range uint32(1000) {
			seen[coefficient(key, n-500)]++
		}
	}
	for c, count := range seen {
		if c == 0 && count > 0 || c > 0 && (count < 900 || count > 1500) {
			t.Errorf("coefficient %d comes %d times of 300000", c, count)
		}
	}
	const seq = 1<<32 - 1 // the numbers wrap inside of the span
	messages := []string{"a", "", "the longest", "of four"}
	for lost := range messages {
		rest := symbol(9, seq, messages...)
		for i, m := range messages {
			if i == lost {
				continue
			}
			for at, v := range append([]byte{0, byte(len(m))}, m...) {
				rest[at] ^= product(coefficient(9, uint32(seq+uint64(i))), v)
			}
		}
		inverse := byte(1)
		for product(inverse, coefficient(9, uint32(seq+uint64(lost)))) != 1 {
			inverse++
		}
		for at, v := range rest {
			rest[at] = product(inverse, v)
		}
		if want := messages[lost]; int(binary.BigEndian.Uint16(rest)) != len(want) || string(rest[2:2+len(want)]) != want {
			t.Errorf("message %d came back as %q, want %q", lost, rest, want)
		}
	}
}
