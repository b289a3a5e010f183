package arq

import (
	"testing"

	"pgregory.net/rapid"
)

// TestSpansAgainstMap holds the set to a map of integers, operation by operation.
func TestSpansAgainstMap(t *testing.T) {
	const space = 80
	rapid.Check(t, func(t *rapid.T) {
		var s spans
		want := make(map[uint64]bool)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				lo := rapid.Uint64Range(0, space).Draw(t, "lo")
				hi := rapid.Uint64Range(0, space).Draw(t, "hi")
				added := uint64(0)
				for x := lo; x < hi; x++ {
					if !want[x] {
						want[x] = true
						added++
					}
				}
				if got := s.add(lo, hi); got != added {
					t.Fatalf("add(%d, %d) = %d, want %d", lo, hi, got, added)
				}
			},
			"removeBelow": func(t *rapid.T) {
				floor := rapid.Uint64Range(0, space/4).Draw(t, "floor")
				for x := range floor {
					delete(want, x)
				}
				s.removeBelow(floor)
			},
			"missing": func(t *rapid.T) {
				lo := rapid.Uint64Range(0, space).Draw(t, "lo")
				hi := rapid.Uint64Range(0, space).Draw(t, "hi")
				next := lo
				s.missing(lo, hi, func(a, b uint64) {
					if a < next || b <= a || b > hi {
						t.Fatalf("missing(%d, %d) gives [%d, %d) after %d", lo, hi, a, b, next)
					}
					for x := next; x < b; x++ {
						if want[x] == (x >= a) {
							t.Fatalf("%d in [%d, %d) is wrongly said to be there or missing", x, lo, hi)
						}
					}
					next = b
				})
				for x := next; x < hi; x++ {
					if !want[x] {
						t.Fatalf("%d is missing and was not said to be", x)
					}
				}
			},
			"": func(t *rapid.T) {
				for x := uint64(0); x <= space; x++ {
					if s.contains(x) != want[x] {
						t.Fatalf("contains(%d) = %v", x, s.contains(x))
					}
				}
				for i := range s {
					if s[i].lo >= s[i].hi || i > 0 && s[i].lo <= s[i-1].hi {
						t.Fatalf("not ascending, disjoint and apart: %v", s)
					}
				}
			},
		})
	})
}
