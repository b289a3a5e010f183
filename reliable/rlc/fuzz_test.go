package rlc

import (
	"encoding/binary"
	"slices"
	"testing"
)

// FuzzDecoder reads its input as calls of Message and Repair: a byte that chooses,
// four that say which number relative to what came, then what belongs to it. Nothing
// may panic, the system stays in its form and its bounds, and nothing is recovered
// that is here or out of range.
func FuzzDecoder(f *testing.F) {
	l := newLane(8)
	var honest []byte
	for n := range uint64(12) {
		msg := l.send(n, 20)
		if n%5 != 3 {
			honest = append(honest, 0, 0, 0, 0, 0, byte(len(msg)))
			honest = append(honest, msg...)
		}
		if n%3 == 2 {
			s := l.repair()
			honest = append(honest, 1, 0, 0, 0, 0, byte(s.span), byte(s.key), byte(len(s.payload)))
			honest = append(honest, s.payload...)
		}
	}
	f.Add(uint64(0), honest)
	f.Add(uint64(1<<32-4), honest)
	f.Add(uint64(1<<64-4), honest)
	f.Add(uint64(7), []byte{2, 0, 0, 0, 9, 64, 1, 40, 1, 0, 0, 0, 0, 3, 1, 4, 0, 1, 9, 9})
	f.Fuzz(func(t *testing.T, first uint64, script []byte) {
		d := NewDecoder(first)
		next := func() (b byte) {
			if len(script) > 0 {
				b, script = script[0], script[1:]
			}
			return b
		}
		bytes := func(count int) []byte {
			count = min(count, len(script))
			b := script[:count]
			script = script[count:]
			return b
		}
		for len(script) > 5 {
			choice := next()
			by := int32(binary.BigEndian.Uint32(bytes(4)))
			if choice&0x80 == 0 {
				by %= 300
			}
			n := d.top + uint64(int64(by))
			var unknown []uint64
			for n := d.oldest(); n != d.top+MaxSpan; n++ {
				if _, _, here := d.history.get(n); !here {
					unknown = append(unknown, n)
				}
			}
			var recovered []Recovered
			switch choice % 4 {
			case 0:
				recovered = d.Message(n, bytes(int(next())))
			case 1:
				recovered = d.Repair(n, int(next()), uint16(next()), bytes(int(next())))
			case 2:
				recovered = d.Repair(n, int(int8(next())), uint16(next())<<8, make([]byte, 16*int(next())))
			case 3:
				recovered = d.Message(n, make([]byte, 16*int(next())))
			}
			for _, r := range recovered {
				if !slices.Contains(unknown, r.Number) {
					t.Fatalf("message %d was recovered, the unknown ones are %v", r.Number, unknown)
				}
			}
			checkRows(t, d)
		}
	})
}
