package proto

import (
	"math"
	"testing"
)

// SPEC 3.4, around the ends of 32 and of 64 bits.
func TestExpand(t *testing.T) {
	const k = 1 << 32
	for _, c := range []struct {
		comment        string
		low            uint32
		expected, want uint64
	}{
		{"the expected one", 7, 7, 7},
		{"a late one", 5, 7, 5},
		{"an early one", 9, 7, 9},
		{"the first after the wrap, early", 0, k - 3, k},
		{"the last before the wrap, late", math.MaxUint32, k + 3, k - 1},
		{"at the wrap", 0, k, k},
		{"many wraps later", 1, 5*k - 1, 5*k + 1},
		{"as early as can be", 7 + 1<<31 - 1, 7, 7 + 1<<31 - 1},
		{"as late as can be", 7, k + 7 + 1<<31, k + 7},
		{"one earlier is taken for late", 7 + 1<<31, k + 7, 7 + 1<<31},
		{"never below zero", math.MaxUint32, 0, math.MaxUint32},
		{"never below zero, in the first half", 1 << 31, 1, 1 << 31},
		{"never beyond 64 bits", 0, math.MaxUint64, math.MaxUint64 - math.MaxUint32},
		{"the very last", math.MaxUint32, math.MaxUint64, math.MaxUint64},
	} {
		if got := Expand(c.low, c.expected); got != c.want {
			t.Errorf("%s: Expand(%#x, %#x) = %#x, want %#x", c.comment, c.low, c.expected, got, c.want)
		}
	}
}

// What fits the window comes back, wherever the window is.
func TestExpandInvertsTruncation(t *testing.T) {
	offsets := []int64{-1 << 31, -1<<31 + 1, -1 << 16, -2, -1, 0, 1, 2, 1 << 16, 1<<31 - 2, 1<<31 - 1}
	for _, base := range []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 3 << 31, 1<<63 - 1, 1 << 63, math.MaxUint64 - 1<<31, math.MaxUint64} {
		for _, offset := range offsets {
			number := base + uint64(offset)
			if offset < 0 != (number < base) && offset != 0 {
				continue // beyond 64 bits
			}
			if got := Expand(uint32(number), base); got != number {
				t.Errorf("Expand(%#x, %#x) = %#x, want %#x", uint32(number), base, got, number)
			}
		}
	}
}
