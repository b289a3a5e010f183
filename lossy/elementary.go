package lossy

import "math"

// The few functions that laws are drawn with, made of operations that IEEE 754
// rounds alike on every machine, so that a seed means the same everywhere.
// Package math has them too, in assembly on some machines; and a compiler may
// fuse a product with a sum where there is an instruction for it, which rounds
// once instead of twice. The conversions to float64 around products forbid that
// (Go specification, Arithmetic operators).

// logarithm is the natural logarithm of a normal x > 0, to about 1e-14 of its
// value. With x = m * 2^k, m nearest to 1, and c one of 32 steps near m it is
// k*ln(2) + ln(c) + ln(1+t) with t = m/c - 1; |t| <= 1/63. Which power of two is
// nearest is a guess that a processor often gets wrong, so there is no branch.
func logarithm(x float64) float64 {
	const root = 0x3fe6a09e667f3bcd // the bits of sqrt(1/2): k is the distance from it
	bits := math.Float64bits(x)
	k := int64(bits-root) >> 52
	bits -= uint64(k) << 52
	c := &logarithms[(bits+1<<46)>>47%64]
	t := float64(math.Float64frombits(bits)*c.inverse) - 1
	tt := float64(t * t)
	low := float64(float64(t*(1.0/3))*tt) + (t - float64(tt/2))
	high := float64((float64(tt*(-1.0/8))+(float64(t*(1.0/7))-1.0/6))*tt) + (float64(t*(1.0/5)) - 1.0/4)
	high = float64(high * float64(tt*tt))
	return float64(float64(k)*math.Ln2) + c.of + (low + high)
}

// logarithms are 1/c and ln(c) of the steps, 1/32 apart above 1 and 1/64 below,
// by the last bit of the exponent and the first of the fraction. Half of them are
// of no use.
var logarithms = func() (steps [64]struct{ inverse, of float64 }) {
	for i := range steps {
		c := math.Float64frombits(1022<<52 + uint64(i)<<47)
		inverse := 1 / c
		// 2*atanh(s), of the inverse as it is rounded.
		s := (1 - inverse) / (1 + inverse)
		steps[i].inverse = inverse
		steps[i].of = float64(2 * s * polynomial7(float64(s*s), &atanhSeries))
	}
	return steps
}()

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
// wait for, and just short enough to be inlined.
func polynomial7(x float64, c *[8]float64) float64 {
	xx := float64(x * x)
	high := float64((float64(c[7]*x)+c[6])*xx) + (float64(c[5]*x) + c[4])
	return float64(high*float64(xx*xx)) + (float64((float64(c[3]*x)+c[2])*xx) + (float64(c[1]*x) + c[0]))
}
