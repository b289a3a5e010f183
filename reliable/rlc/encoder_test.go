package rlc

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// A symbol written out by hand: 2 bytes of length and the bytes, each times the
// coefficient of its message.
func TestRepairVector(t *testing.T) {
	e := NewEncoder(2)
	e.Add(0, []byte{0x01})
	e.Add(1, []byte{0x02, 0x80})
	// The coefficients are 90 and 85: 90*00 + 85*00, 90*01 + 85*02, 90*01 + 85*02, 85*80.
	want := []byte{9, 0, 90 ^ 170, 90 ^ 170, product(85, 0x80)}
	if got := e.Repair([]byte{9}, 0, 2, 1); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// The arithmetic is right for slices of any length and any coefficient, also in
// place, and touches nothing else.
func TestFieldArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.Byte().Draw(t, "c")
		in := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "in")
		out := rapid.SliceOfN(rapid.Byte(), len(in)+8, len(in)+8).Draw(t, "out")
		begin := rapid.IntRange(0, 8).Draw(t, "begin")
		sum := bytes.Clone(out)
		for i, x := range in {
			sum[begin+i] ^= product(c, x)
		}
		if field.GalMulSliceXor(c, in, out[begin:]); !bytes.Equal(out, sum) {
			t.Fatalf("sum %x, want %x", out, sum)
		}
		for i := range in {
			sum[begin+i] = product(c, sum[begin+i])
		}
		part := out[begin : begin+len(in)]
		if field.GalMulSlice(c, part, part); !bytes.Equal(out, sum) {
			t.Fatalf("product %x, want %x", out, sum)
		}
	})
}

func TestWindow(t *testing.T) {
	e := NewEncoder(4)
	want := func(first uint64, count int) {
		t.Helper()
		if f, c := e.Window(); c != count || c > 0 && f != first {
			t.Errorf("%d messages from %d, want %d from %d", c, f, count, first)
		}
		held := 0
		for _, m := range e.messages {
			if m != nil {
				held++
			}
		}
		if held != count {
			t.Errorf("%d messages are held, %d are in the window", held, count)
		}
	}
	want(0, 0)
	for n := uint64(10); n < 20; n++ {
		e.Add(n, []byte{1})
	}
	want(16, 4)
	e.Forget(10)
	want(16, 4)
	e.Forget(18)
	want(18, 2)
	e.Add(30, []byte{1}) // not the next one
	want(30, 1)
	e.Add(31, make([]byte, MaxMessage))
	want(30, 2)
	e.Add(32, make([]byte, MaxMessage+1)) // too long
	want(0, 0)
	e.Add(33, []byte{1})
	want(33, 1)
	e.Forget(1000)
	want(0, 0)
	e.Add(34, []byte{1})
	want(34, 1)
	e.Add(3, []byte{1}) // back
	want(3, 1)
}

func TestMisuse(t *testing.T) {
	e := NewEncoder(8)
	for n := uint64(10); n < 14; n++ {
		e.Add(n, []byte{1})
	}
	for name, f := range map[string]func(){
		"window 0":      func() { NewEncoder(0) },
		"window 65":     func() { NewEncoder(65) },
		"before":        func() { e.Repair(nil, 9, 4, 1) },
		"behind":        func() { e.Repair(nil, 11, 4, 1) },
		"far behind":    func() { e.Repair(nil, 1<<63, 1, 1) },
		"too many":      func() { e.Repair(nil, 10, 5, 1) },
		"none":          func() { e.Repair(nil, 10, 0, 1) },
		"less than one": func() { e.Repair(nil, 10, -1, 1) },
		"no key":        func() { e.Repair(nil, 10, 4, 0) },
	} {
		if !panics(f) {
			t.Errorf("%s: no panic", name)
		}
	}
	for first := uint64(10); first < 14; first++ {
		for span := 1; first+uint64(span) <= 14; span++ {
			e.Repair(nil, first, span, 1)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
