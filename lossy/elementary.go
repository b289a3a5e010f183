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
	bits := math.Float64bits(x)
	k := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		k++
	}
	s := (m - 1) / (m + 1)
	return float64(float64(k)*math.Ln2) + float64(2*s*polynomial7(float64(s*s), &atanhSeries))
}

// exponential is e^x for |x| < 700, to about 1e-14 of its value. With
// x = k*ln(2) + 8*r it is 2^k * (e^r)^8; |r| <= 0.044.
func exponential(x float64) float64 {
	k := math.Floor(float64(x*(1/math.Ln2)) + 0.5)
	// ln(2) in two parts, the first with so few digits that k times it is exact.
	const high, low = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33
	e := polynomial7((x-float64(k*high)-float64(k*low))/8, &exponentialSeries)
	e = float64(e * e)
	e = float64(e * e)
	return float64(e*e) * math.Float64frombits(uint64(int(k)+1023)<<52)
}

// The first terms of atanh(s)/s in s^2, and of e^r.
var (
	atanhSeries       = [8]float64{1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15}
	exponentialSeries = [8]float64{1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040}
)

// normalQuantile is the x below which a standard normal deviate lies with
// probability p, 0 < p < 1, to about 1e-13 of its probability (M. J. Wichura,
// Algorithm AS 241, PPND16, Applied Statistics 37, 1988).
func normalQuantile(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return float64(q*polynomial7(r, &quantileCentre[0])) / polynomial7(r, &quantileCentre[1])
	}
	r := math.Sqrt(-logarithm(min(p, 1-p)))
	var x float64
	if r <= 5 {
		x = polynomial7(r-1.6, &quantileTail[0]) / polynomial7(r-1.6, &quantileTail[1])
	} else {
		x = polynomial7(r-5, &quantileFar[0]) / polynomial7(r-5, &quantileFar[1])
	}
	if q < 0 {
		return -x
	}
	return x
}

// polynomial7 is of degree 7, in the order that leaves the processor least to
// wait for.
func polynomial7(x float64, c *[8]float64) float64 {
	xx := float64(x * x)
	low := float64((float64(c[3]*x)+c[2])*xx) + (float64(c[1]*x) + c[0])
	high := float64((float64(c[7]*x)+c[6])*xx) + (float64(c[5]*x) + c[4])
	return float64(high*float64(xx*xx)) + low
}

// Numerator and denominator of AS 241 in the centre, the tails and far out.
var (
	quantileCentre = [2][8]float64{
		{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
			4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
		{1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
			2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3},
	}
	quantileTail = [2][8]float64{
		{1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
			1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
		{1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
			1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9},
	}
	quantileFar = [2][8]float64{
		{6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
			2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
		{1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
			7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15},
	}
)
