package settings

import (
	"errors"
	"fmt"
	"math"
	"time"

	"udplab/lossy"
)

// amount is how the value of a field is a number: a share from 0 to 1, a time in
// nanoseconds, a rate in bits per second, a count.
type amount struct {
	get  func(*lossy.Profile) float64
	set  func(*lossy.Profile, float64)
	per  float64 // computed values are rounded to one part of this many
	zero string  // what 0 stands for, "" if it is a number like others
}

// Numeric says whether the value is a number that may lie between two others, so
// that Number, SetNumber, ParseNumber and Between work.
func (f *Field) Numeric() bool { return f.amount != nil }

// Number is the value as a number: a share from 0 to 1, nanoseconds, bits per
// second, or a count.
func (f *Field) Number(p *lossy.Profile) float64 { return f.amount.get(p) }

// SetNumber sets the value to what Number or Between returned. Ranges are for
// lossy.Profile.Validate.
func (f *Field) SetNumber(p *lossy.Profile, v float64) { f.amount.set(p, v) }

// ParseNumber reads a value as Set does, as a number. If the field is not numeric
// the error says so.
func (f *Field) ParseNumber(value string) (float64, error) {
	if !f.Numeric() {
		return 0, errors.New("is no number, so that nothing lies between two of its values")
	}
	var p lossy.Profile
	if err := f.Set(&p, value); err != nil {
		return 0, err
	}
	return f.Number(&p), nil
}

// CheckEnd says why values cannot lie between v and another, if so: 0 may stand
// for something else than nothing, such as a rate without limit.
func (f *Field) CheckEnd(v float64) error {
	if v == 0 && f.amount.zero != "" {
		return fmt.Errorf("0 stands for %s here, and nothing lies between that and a number", f.amount.zero)
	}
	return nil
}

// Between is the value at a share of the way from a to b: a at 0 and b at 1, both
// exactly. What lies between is rounded to what the field can have and people can
// read: shares to 1e-9, bursts to 1e-6, rates to bits per second, times to
// nanoseconds, counts to whole numbers.
func (f *Field) Between(a, b, share float64) float64 {
	switch share {
	case 0:
		return a
	case 1:
		return b
	}
	// The conversions keep compilers from fusing the operations, which would
	// round otherwise on other machines.
	return f.round(a + float64((b-a)*share))
}

// BetweenRatios is Between by equal ratios instead of equal differences: halfway
// from 1 to 100 lies 10. Neither a nor b may be 0.
func (f *Field) BetweenRatios(a, b, share float64) float64 {
	switch share {
	case 0:
		return a
	case 1:
		return b
	}
	return f.round(float64(a * math.Pow(b/a, share)))
}

func (f *Field) round(v float64) float64 { return math.Round(v*f.amount.per) / f.amount.per }

// share is a probability.
func share(of func(*lossy.Profile) *float64) *amount { return fraction(of, 1e-9, "") }

// fraction is a number whose computed values are rounded to multiples of unit.
func fraction(of func(*lossy.Profile) *float64, unit float64, zero string) *amount {
	return &amount{
		get:  func(p *lossy.Profile) float64 { return *of(p) },
		set:  func(p *lossy.Profile, v float64) { *of(p) = v },
		per:  math.Round(1 / unit),
		zero: zero,
	}
}

// whole is a number without fractions. Durations that are valid are far below
// 2^53 ns, where float64 ends to be exact.
func whole[T int | time.Duration](of func(*lossy.Profile) *T, zero []string) *amount {
	a := &amount{
		get: func(p *lossy.Profile) float64 { return float64(*of(p)) },
		set: func(p *lossy.Profile, v float64) { *of(p) = T(v) },
		per: 1,
	}
	if len(zero) > 0 {
		a.zero = zero[0]
	}
	return a
}
