package lossy

import (
	"math"
	"slices"
	"testing"
)

// Bugs of reordering and damage, each given to the check that must catch it;
// see planted_test.go.

// gapFates runs netem's gap with its two constants for the taking.
func gapFates(p float64, least int, resets bool) []bool {
	draws := planted(drawReorder)
	fates := make([]bool, plantedPackets)
	delayed := 0
	for i := range fates {
		fates[i] = delayed >= least && draws.hits(uint64(i), p)
		switch {
		case fates[i] && resets:
			delayed = 0
		case !fates[i]:
			delayed++
		}
	}
	return fates
}

func TestChecksCatchAWrongGap(t *testing.T) {
	const p, gap = 0.25, 5
	report(t, "the planted gap without a bug", checkGap(gapFates(p, gap-1, true), p, gap))
	wantCaught(t, "one packet more between two", checkGap(gapFates(p, gap, true), p, gap))
	wantCaught(t, "one packet less", checkGap(gapFates(p, gap-2, true), p, gap))
	wantCaught(t, "a count that is never begun anew", checkGap(gapFates(p, gap-1, false), p, gap))
	// The right share and the wrong distances: every eighth packet.
	regular := make([]bool, plantedPackets)
	for i := range regular {
		regular[i] = i%8 == 7
	}
	wantCaught(t, "a gap without chance", checkGap(regular, p, gap))
}

func TestChecksCatchWrongDisplacements(t *testing.T) {
	draws := planted(drawDisplacement)
	lengths := make([]int, plantedPackets)
	for i := range lengths {
		lengths[i] = 1 + int(draws.below(uint64(i), 7))
	}
	wantCaught(t, "an upper bound that is never reached", oneToEight(lengths).wrong)
	for i := range lengths {
		lengths[i] = int(math.Log(1-float64(draws.at(uint64(i))>>11)*0x1p-53) / math.Log(1-1.0/3))
	}
	wantCaught(t, "a geometric law that begins at 0", checkGeometric(lengths, 1.0/3))
	for i := range lengths {
		lengths[i] = 1 + int(math.Log(1-float64(draws.at(uint64(i))>>11)*0x1p-53)/math.Log(1-1.0/4))
	}
	wantCaught(t, "the mean taken for the odds", checkGeometric(lengths, 1.0/3))
}

// plantedWounds damages payloads of zeros by a wrong rule.
func plantedWounds(damage func(draw func(n int) int, payload []byte) []byte) []wound {
	wounds := make([]wound, plantedPackets/10)
	draws, key := planted(drawDamage), uint64(0)
	draw := func(n int) int {
		key++
		return int(draws.below(key, uint64(n)))
	}
	before := make([]byte, woundSize)
	for i := range wounds {
		wounds[i] = wound{before, damage(draw, slices.Clone(before))}
	}
	return wounds
}

func TestChecksCatchWrongDamage(t *testing.T) {
	const size = woundSize
	wantCaught(t, "bits drawn twice", checkPlaces(plantedWounds(func(draw func(int) int, b []byte) []byte {
		for range 3 {
			flip(b, draw(size*8))
		}
		return b
	}), DamageBits, 3))
	wantCaught(t, "never the last byte", checkPlaces(plantedWounds(func(draw func(int) int, b []byte) []byte {
		flip(b, draw((size-1)*8))
		return b
	}), DamageBits, 1))
	wantCaught(t, "neighbours of one bit", checkPlaces(plantedWounds(func(draw func(int) int, b []byte) []byte {
		first := draw(size*8 - 2)
		for i := range 3 {
			flip(b, first+i)
		}
		return b
	}), DamageBits, 3))
	wantCaught(t, "a byte that may stay as it was", checkPlaces(plantedWounds(func(draw func(int) int, b []byte) []byte {
		b[draw(size)] ^= byte(draw(256))
		return b
	}), DamageBytes, 1))
	wantCaught(t, "a byte with one bit flipped", checkPlaces(plantedWounds(func(draw func(int) int, b []byte) []byte {
		flip(b, draw(size*8))
		return b
	}), DamageBytes, 1))
	wantCaught(t, "cut to its whole length", cut(plantedWounds(func(draw func(int) int, b []byte) []byte {
		return b[:draw(size+1)]
	})).wrong)
	wantCaught(t, "never cut to nothing", cut(plantedWounds(func(draw func(int) int, b []byte) []byte {
		return b[:1+draw(size-1)]
	})).wrong)
	wantCaught(t, "extended by zeros", extended(plantedWounds(func(_ func(int) int, b []byte) []byte {
		return append(b, 0, 0, 0)
	}), 3).wrong)
}
