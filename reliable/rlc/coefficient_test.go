package rlc

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The coefficients are part of the wire format. These were computed with integers
// without bounds (Python).
func TestCoefficientVectors(t *testing.T) {
	for _, v := range []struct {
		key  uint16
		n    uint64
		want byte
	}{
		{1, 0, 90}, {1, 1, 85}, {2, 0, 53}, {65535, 0, 70}, {1, math.MaxUint32, 64}, {40503, 123456789, 48}, {7, math.MaxUint32 + 6, 249},
	} {
		if got := coefficient(v.key, v.n); got != v.want {
			t.Errorf("coefficient(%d, %d) = %d, want %d", v.key, v.n, got, v.want)
		}
	}
}

// wideCoefficient is the formula of the specification in 64-bit arithmetic, with
// every "modulo 2^32" written out.
func wideCoefficient(key, n uint64) byte {
	const modulus = 1 << 32
	x := (key*0x9E3779B1%modulus + n%modulus*0x85EBCA77%modulus) % modulus
	x ^= x >> 15
	x = x * 0x2C1B3C6D % modulus
	x ^= x >> 12
	return byte(1 + (x>>8)%255)
}

func TestCoefficientIsTheFormula(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		key, n := uint16(1+random.Uint32N(65535)), random.Uint64()
		if got, want := coefficient(key, n), wideCoefficient(uint64(key), n); got != want {
			t.Fatalf("coefficient(%d, %d) = %d, the formula says %d", key, n, got, want)
		}
		if coefficient(key, n) != coefficient(key, n+1<<32) {
			t.Fatalf("coefficient(%d, %d) depends on more than 32 bits", key, n)
		}
	}
}

// All 255 values are about as frequent: over 2,000,000 coefficients of successive
// keys and numbers chi-squared with 254 degrees of freedom is in its middle 99.9 %.
func TestCoefficientsAreUniform(t *testing.T) {
	const total = 2_000_000
	var seen [256]int
	for key := range uint16(2000) {
		for n := range uint64(1000) {
			seen[coefficient(key+1, n)]++
		}
	}
	chi := 0.0
	for _, count := range seen[1:] {
		d := float64(count) - total/255.0
		chi += d * d / (total / 255.0)
	}
	if seen[0] != 0 || chi < 184 || chi > 335 {
		t.Errorf("%d zeros, chi-squared %.0f", seen[0], chi)
	}
}
