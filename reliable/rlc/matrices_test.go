//go:build !race

package rlc

import (
	"math"
	"math/rand/v2"
	"testing"
)

// As many symbols as lost messages fail to recover them all about as seldom as with
// coefficients drawn at random: once in 255, and a symbol more makes that once in
// 65,000. Keys are successive, as a sender makes them. (There is one goroutine,
// and the race detector makes it thirty times slower.)
func TestMatricesAreAsGoodAsRandomOnes(t *testing.T) {
	const trials, span = 20_000, 16
	random := rand.New(rand.NewPCG(3, 4))
	d, base := NewDecoder(0), uint64(0)
	failures := func(lost, symbols int) (count int) {
		for range trials {
			base += historySize + random.Uint64N(1<<20) // a leap: nothing is left of the trial before
			key, before := uint16(1+random.Uint32N(65000)), d.Stats().Recovered
			for _, i := range random.Perm(span)[lost:] {
				d.Message(base+uint64(i), nil)
			}
			for i := range symbols {
				d.Repair(base, span, key+uint16(i), []byte{0, 0})
			}
			if d.Stats().Recovered-before < uint64(lost) {
				count++
			}
		}
		return count
	}
	for _, lost := range []int{2, 3, 5} {
		// A binomial with p = 1/255: 78 +- 9; six deviations are allowed.
		if got := failures(lost, lost); math.Abs(float64(got)-trials/255.0) > 53 {
			t.Errorf("%d lost, %d symbols: %d of %d failed, %d are expected", lost, lost, got, trials, trials/255)
		}
		// p = 1/65,000: 0.3 +- 0.6.
		if got := failures(lost, lost+1); got > 4 {
			t.Errorf("%d lost, %d symbols: %d of %d failed", lost, lost+1, got, trials)
		}
	}
}
