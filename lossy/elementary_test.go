package lossy

import (
	"math"
	"testing"
)

func TestElementaryFunctions(t *testing.T) {
	draws := newStream(1, 0, Up, drawLoss)
	worst := map[string]float64{}
	far := func(what string, got, want float64) {
		worst[what] = max(worst[what], math.Abs(got/want-1))
	}
	for i := range uint64(100_000) {
		u := draws.open(i)
		far("logarithm", logarithm(u), math.Log(u))
		far("logarithm", logarithm(u*0x1p-40), math.Log(u*0x1p-40))
		x := 100 * (u - 0.5)
		far("exponential", exponential(x), math.Exp(x))
		// The quantile by what it is the quantile of.
		for _, tail := range []uint{0, 10, 20, 30, 40} {
			p := (float64(draws.at(i)>>12>>tail) + 0.5) * 0x1p-52
			far("quantile", math.Erfc(-normalQuantile(p)/math.Sqrt2)/2, p)
		}
		for _, p := range []float64{u, u * 0x1p-10, u * 0x1p-45} {
			far("any quantile", math.Erfc(-wichura(p)/math.Sqrt2)/2, p)
		}
		if a, b := normalQuantile(u), normalQuantile(1-u); math.Abs(a+b) > 1e-12*math.Abs(a) && u > 0.001 && u < 0.999 {
			t.Fatalf("quantiles of %v and its complement are %v and %v", u, a, b)
		}
	}
	for what, limit := range map[string]float64{"logarithm": 1e-13, "exponential": 2e-14, "quantile": 1e-12, "any quantile": 1e-12} {
		if !(worst[what] < limit) || worst[what] == 0 {
			t.Errorf("%s is off by %.2g of its value, want less than %v and not nothing", what, worst[what], limit)
		}
		t.Logf("%s: %.2g", what, worst[what])
	}
}
