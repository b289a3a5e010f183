package lossy

import "math"

// The few functions that laws are drawn with, made of operations that IEEE 754
// rounds alike on every machine, so that a seed means the same everywhere.
// Package math has them too, in assembly on some machines; and a compiler may
// fuse a product with a sum where there is an instruction for it, which rounds
// once instead of twice. The conversions to float64 around products forbid that
// (Go specification, Arithmetic operators).

// logarithm is the natural logarithm of a normal x > 0, to about 1e-14. With
// x = m * 2^k and s = (m-1)/(m+1) it is k*ln(2) + 2*atanh(s); |s| <= 0.172.
func logarithm(x float64) float64 {
	// Which power of two is nearest is a guess that a processor often gets wrong,
	// so there is no branch: k is the whole part of the distance from sqrt(1/2).
	const root = 0x3fe6a09e667f3bcd // the bits of sqrt(1/2)
	bits := math.Float64bits(x)
	k := int64(bits-root) >> 52
	m := math.Float64frombits(bits - uint64(k)<<52)
	s := (m - 1) / (m + 1)
	return float64(float64(k)*math.Ln2) + float64(2*s*polynomial7(float64(s*s), &atanhSeries))
}

// exponential is e^x for |x| < 700, to about 1e-14 of its value. With
// x = (32*k + i)*ln(2)/32 + r it is 2^k * 2^(i/32) * e^r; |r| <= 0.011.
func exponential(x float64) float64 {
	// Adding 1.5*2^52 and taking it away again rounds to a whole number; the
	// lowest bits of the sum are those of that number.
	const whole = 0x1.8p52 // of which the fraction is 2^51
	sum := float64(x*(32/math.Ln2)) + whole
	bits, n := math.Float64bits(sum), sum-whole
	// ln(2)/32 in two parts, the first with so few digits that n times it is exact.
	const high, low = 0x1.62e42feep-6, 0x1.a39ef35793c76p-38
	r := x - float64(n*high) - float64(n*low)
	rr := float64(r * r)
	e := float64((float64(r*(1.0/120))+1.0/24)*float64(rr*rr)) + float64((float64(r*(1.0/6))+1.0/2)*rr) + (r + 1)
	k := (bits&(1<<52-1))>>5 - 1<<46 // n/32, rounded down
	return float64(e*rootsOfTwo[bits%32]) * math.Float64frombits((k+1023)<<52)
}

// rootsOfTwo are 2^(i/32).
var rootsOfTwo = func() (roots [32]float64) {
	for i := range roots {
		roots[i] = float64(uint64(1) << i)
		for range 5 {
			roots[i] = math.Sqrt(roots[i])
		}
	}
	return roots
}()

// atanhSeries are the first terms of atanh(s)/s in s^2.
var atanhSeries = [8]float64{1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15}

// polynomial7 is of degree 7, in the order that leaves the processor least to
// wait for.
func polynomial7(x float64, c *[8]float64) float64 {
	xx := float64(x * x)
	low := float64((float64(c[3]*x)+c[2])*xx) + (float64(c[1]*x) + c[0])
	high := float64((float64(c[7]*x)+c[6])*xx) + (float64(c[5]*x) + c[4])
	return float64(high*float64(xx*xx)) + low
}
