package lossy

import (
	"fmt"
	"math"
	"testing"
)

// sequences returns the numbers a decision may be made of, along every axis on
// which neighbours must have nothing to do with each other.
func sequences() map[string]func(i uint64) uint64 {
	base := newStream(1, 2, Up, drawLoss)
	return map[string]func(uint64) uint64{
		"packets":            base.at,
		"packets from 2^32":  func(i uint64) uint64 { return base.at(1<<32 + i) },
		"seeds":              func(i uint64) uint64 { return newStream(i, 0, Up, drawLoss).at(0) },
		"flows":              func(i uint64) uint64 { return newStream(1, i, Up, drawLoss).at(0) },
		"seed and flow":      func(i uint64) uint64 { return newStream(i, i, Up, drawLoss).at(i) },
		"purposes and sides": func(i uint64) uint64 { return newStream(i/16, 0, Direction(i%2), purpose(1+i/2%8)).at(5) },
		"high bits of seeds": func(i uint64) uint64 { return newStream(i<<44, 0, Up, drawLoss).at(0) },
	}
}

// Every byte of the numbers, and every pair of neighbouring bytes' high
// halves, is uniform.
func TestNumbersAreUniform(t *testing.T) {
	const n = 100_000
	for name, at := range sequences() {
		var bytes [8][256]int
		var pairs [256]int
		for i := range uint64(n) {
			x := at(i)
			for b := range 8 {
				bytes[b][byte(x>>(8*b))]++
			}
			pairs[x>>60<<4|at(i+1)>>60]++
		}
		for b := range 8 {
			report(t, fmt.Sprintf("%s, byte %d", name, b), checkEven(bytes[b][:]))
		}
		report(t, name+", neighbours", checkEven(pairs[:]))
	}
}

// Each bit of a number is independent of the same bit of the next: they agree
// half the time, and so do all 64 taken together.
func TestNeighbouringNumbersAreIndependent(t *testing.T) {
	const n = 50_000
	for name, at := range sequences() {
		var agree [64]int
		last := at(0)
		for i := range uint64(n) {
			next := at(i + 1)
			same := ^(last ^ next)
			for b := range 64 {
				agree[b] += int(same >> b & 1)
			}
			last = next
		}
		for b, seen := range agree {
			report(t, fmt.Sprintf("%s, bit %d", name, b), checkRate(seen, n, 0.5))
		}
	}
}

// A change of any one bit of any input changes each bit of the number half of
// the time.
func TestNumbersAvalanche(t *testing.T) {
	const n = 4000
	inputs := map[string]func(i, flip uint64) (a, b uint64){
		"index": func(i, flip uint64) (a, b uint64) {
			s := newStream(3, 4, Up, drawLoss)
			return s.at(i), s.at(i ^ flip)
		},
		"seed": func(i, flip uint64) (a, b uint64) {
			return newStream(i, 4, Up, drawLoss).at(9), newStream(i^flip, 4, Up, drawLoss).at(9)
		},
		"flow": func(i, flip uint64) (a, b uint64) {
			return newStream(3, i, Up, drawLoss).at(9), newStream(3, i^flip, Up, drawLoss).at(9)
		},
	}
	for name, pair := range inputs {
		for in := range 64 {
			var changed [64]int
			for i := range uint64(n) {
				a, b := pair(i, 1<<in)
				for out := range 64 {
					changed[out] += int((a ^ b) >> out & 1)
				}
			}
			for out, seen := range changed {
				report(t, fmt.Sprintf("bit %d of the %s, bit %d", in, name, out), checkRate(seen, n, 0.5))
			}
		}
	}
}

func TestHitsIsExactAtTheEnds(t *testing.T) {
	s := newStream(1, 1, Up, drawLoss)
	for i := range uint64(10_000) {
		if s.hits(i, 0) {
			t.Fatalf("an event of probability 0 happened to packet %d", i)
		}
		if !s.hits(i, 1) {
			t.Fatalf("an event of probability 1 did not happen to packet %d", i)
		}
	}
}

func TestBelowCoversItsRangeEvenly(t *testing.T) {
	s := newStream(1, 1, Up, drawBit)
	for _, n := range []uint64{1, 2, 3, 7, 100} {
		seen := make([]int, n)
		for i := range uint64(50_000) {
			seen[s.below(i, n)]++
		}
		if n > 1 {
			report(t, fmt.Sprintf("below %d", n), checkEven(seen))
		}
	}
	if got := s.below(0, math.MaxUint64); got > s.at(0) {
		t.Errorf("below(2^64-1) = %d, want at most the number itself, %d", got, s.at(0))
	}
}

// The numbers themselves, so that a rewrite of the generator for speed that
// changes one is noticed here and not in every scenario.
func TestNumbersKeepTheirValues(t *testing.T) {
	s := newStream(7, 3, Down, drawJitter)
	got := [3]uint64{s.at(0), s.at(1), s.at(1 << 40)}
	want := [3]uint64{0x10070c9ab5511a01, 0xe13617bc6631a3ff, 0x40f17bc9608f93ab}
	if got != want {
		t.Errorf("got %#x, want %#x", got, want)
	}
}
