package lossy

import "math"

// normalQuantile is the x below which a standard normal deviate lies with
// probability p, a multiple of 2^-53 as stream.open returns it, to about 1e-13 of
// its probability; wichura is for any p between 0 and 1. Almost always it
// is a polynomial of the cell of p, because a division, a logarithm and a guess
// of the processor's that is often wrong would cost each packet more than all
// the rest of a verdict.
func normalQuantile(p float64) float64 {
	q := p - 0.5
	tail := 0.5 - math.Abs(q)
	if tail < leastTail {
		return wichura(p)
	}
	bits := math.Float64bits(tail)
	cell := bits>>cellBits - math.Float64bits(leastTail)>>cellBits
	from := tail - middle(bits)
	return math.Copysign(polynomial7(from, &quantileCells[cell]), q)
}

// The cells are 16 for each power of two from leastTail to 1/2, so that a step
// of a cell is the same share of the probability everywhere.
const (
	leastTail = 0x1p-20
	cellBits  = 52 - 4
)

// middle of the cell in which the number with these bits lies.
func middle(bits uint64) float64 {
	return math.Float64frombits(bits>>cellBits<<cellBits | 1<<(cellBits-1))
}

// quantileCells, of which the last begins at 1/2, are the Taylor series of the quantile around the middle of each
// cell. With f the quantile and d = 1/density(f) its derivative, the n-th is
// d^n * P(f), with P' + n*f*P for the next P.
var quantileCells = func() (cells [19<<4 + 1][8]float64) {
	for i := range cells {
		x := wichura(middle(math.Float64bits(leastTail) + uint64(i)<<cellBits))
		d := exponential(float64(x*x)/2) * math.Sqrt(2*math.Pi)
		xx := float64(x * x)
		derivatives := [8]float64{
			x, 1, x, 1 + float64(2*xx), float64(x * (7 + float64(6*xx))),
			7 + float64(xx*(46+float64(24*xx))),
			float64(x * (127 + float64(xx*(326+float64(120*xx))))),
			127 + float64(xx*(1740+float64(xx*(2556+float64(720*xx))))),
		}
		scale := 1.0
		for n, of := range derivatives {
			if n > 0 {
				scale = float64(scale*d) / float64(n)
			}
			cells[i][n] = float64(of * scale)
		}
	}
	return cells
}()

// wichura is the quantile by M. J. Wichura, Algorithm AS 241, PPND16, Applied
// Statistics 37, 1988.
func wichura(p float64) float64 {
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
