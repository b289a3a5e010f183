package sim

import (
	"math/rand/v2"
	"testing"
)

// The set agrees with a map for runs that begin and end anywhere, wrap
// included, with and without holes.
func TestNumberSetFindsTheLowestMissing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		first, count := uint32(-r.IntN(9000)), uint32(1+r.IntN(9000))
		var set numberSet
		want, some := uint32(0), false
		holes := r.IntN(3)
		for n := range count {
			if holes > 0 && r.IntN(int(count)) == 0 {
				if !some {
					want, some = first+n, true
				}
				holes--
				continue
			}
			set.add(first + n)
		}
		if got, found := set.missing(first, count); got != want || found != some {
			t.Fatalf("of %d numbers from %d on: lowest missing %d (%v), want %d (%v)", count, first, got, found, want, some)
		}
		if _, found := set.missing(first-1, 1); !found {
			t.Fatalf("number %d is there, and was never added", first-1)
		}
		if got, found := set.missing(first+count-1, 2); !found || got != first+count && got != first+count-1 {
			t.Fatalf("number %d is there, and was never added", first+count)
		}
	}
}
