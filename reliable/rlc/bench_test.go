package rlc

import (
	"bytes"
	"fmt"
	"testing"
)

// A symbol over 16 messages of 200 bytes.
func BenchmarkEncode(b *testing.B) {
	e := NewEncoder(16)
	for n := range uint64(16) {
		e.Add(n, make([]byte, 200))
	}
	var buf []byte
	key := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		key = key%65535 + 1
		buf = e.Repair(buf[:0], 0, 16, key)
	}
}

// transfer is what a benchmark of the decoder repeats: 16 messages of 200 bytes, of
// which some are lost, and as many symbols over them.
func transfer(d *Decoder, base uint64, msg []byte, symbols [][]byte, lost int) int {
	recovered := 0
	for i := range uint64(16) {
		if i >= uint64(lost) {
			d.Message(base+i, msg)
		}
	}
	for i, s := range symbols {
		recovered += len(d.Repair(base, 16, uint16(i+1), s))
	}
	return recovered
}

// Of 16 messages some are lost, and as many symbols recover them. The coefficients
// go by the number modulo 2^32, so each round takes numbers 2^32 further on and may
// use the same symbols. One symbol comes too if none is lost.
func BenchmarkDecode(b *testing.B) {
	for _, lost := range []int{0, 1, 3} {
		b.Run(fmt.Sprintf("lost=%d", lost), func(b *testing.B) {
			e := NewEncoder(16)
			msg := make([]byte, 200)
			for n := range uint64(16) {
				e.Add(n, msg)
			}
			var symbols [][]byte
			for i := range max(1, lost) {
				symbols = append(symbols, e.Repair(nil, 0, 16, uint16(i+1)))
			}
			d, base := NewDecoder(0), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				if got := transfer(d, base, msg, symbols, lost); got != lost {
					b.Fatalf("%d recovered", got)
				}
				base += 1 << 32
			}
		})
	}
}

// A message of 200 bytes on a lane that loses nothing.
func BenchmarkMessage(b *testing.B) {
	d, n, msg := NewDecoder(0), uint64(0), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		d.Message(n, msg)
		n++
	}
}

// The dearest symbol there is: the longest, over 64 messages of which 30 are here,
// into a decoder whose 32 rows all have some of the 34 others.
func BenchmarkHostileSymbol(b *testing.B) {
	d := NewDecoder(0)
	for n := uint64(1); n < 60; n += 2 {
		d.Message(n, make([]byte, MaxMessage))
	}
	symbol := bytes.Repeat([]byte{0xA5}, MaxSymbol)
	key := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		key = key%65535 + 1
		d.Repair(0, MaxSpan, key, symbol)
	}
	if s := d.Stats(); s.Dropped < s.Symbols/2 {
		b.Fatalf("most symbols are to become a row: %+v", s)
	}
}
