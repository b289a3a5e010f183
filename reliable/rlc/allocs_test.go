//go:build !race

package rlc

import "testing"

// Once the buffers are there nothing allocates, neither without loss nor with it. (Under the race
// detector reedsolomon allocates to annotate its reads.)
func TestNoAllocations(t *testing.T) {
	e, msg := NewEncoder(16), make([]byte, 200)
	for n := range uint64(16) {
		e.Add(n, msg)
	}
	var symbols [][]byte
	for i := range 3 {
		symbols = append(symbols, e.Repair(nil, 0, 16, uint16(i+1)))
	}
	var buf []byte
	d, base := NewDecoder(0), uint64(0)
	for name, f := range map[string]func(){
		"encode":          func() { buf = e.Repair(buf[:0], 0, 16, 7) },
		"decode":          func() { base += 1 << 32; transfer(d, base, msg, symbols[:1], 0) },
		"decode 1 loss":   func() { base += 1 << 32; transfer(d, base, msg, symbols[:1], 1) },
		"decode 3 losses": func() { base += 1 << 32; transfer(d, base, msg, symbols, 3) },
	} {
		for range historySize {
			f()
		}
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
