package lossy

import (
	"fmt"
	"strings"
)

// Displacement is by how many later datagrams a displaced packet is overtaken,
// where that is not the same for all. The zero value is none: see
// Profile.ReorderBy.
type Displacement struct {
	// Min and Max bound a uniform choice, both included.
	Min, Max int
	// Mean is that of a geometric choice, 1, 2, 3 and so on with falling chance,
	// MaxReorderBy at most; Min and Max are then 0.
	Mean float64
}

// MaxReorderMean is the largest mean of a geometric displacement.
const MaxReorderMean = 1e4

// ParseDisplacement reads "1-8" (uniform) or "geometric:mean=3".
func ParseDisplacement(s string) (Displacement, error) {
	var d Displacement
	t := parseTerms(s)
	if t.name == "geometric" {
		d.Mean = require(t, "mean", parseFloat)
		if err := t.done(); err != nil {
			return Displacement{}, err
		}
	} else {
		least, most, ranged := strings.Cut(s, "-")
		var failed error
		if d.Min, failed = parseInt(strings.TrimSpace(least)); !ranged || failed != nil {
			return Displacement{}, fmt.Errorf("%q is no displacement: write 3, 1-8 or geometric:mean=3", s)
		}
		if d.Max, failed = parseInt(strings.TrimSpace(most)); failed != nil {
			return Displacement{}, fmt.Errorf("%q is no displacement: write 3, 1-8 or geometric:mean=3", s)
		}
	}
	if err := d.validate(); err != nil {
		return Displacement{}, fmt.Errorf("%q: %w", s, err)
	}
	return d, nil
}

// String writes the displacement as ParseDisplacement reads it.
func (d Displacement) String() string {
	if d.Mean != 0 {
		return fmt.Sprintf("geometric:mean=%v", d.Mean)
	}
	return fmt.Sprintf("%d-%d", d.Min, d.Max)
}

func (d Displacement) validate() error {
	if d.Mean != 0 || d == (Displacement{}) {
		if d.Min != 0 || d.Max != 0 {
			return fmt.Errorf("either a mean or bounds, not both")
		}
		if !(d.Mean >= 1 && d.Mean <= MaxReorderMean) {
			return fmt.Errorf("the mean must be between 1 and %v datagrams", int(MaxReorderMean))
		}
		return nil
	}
	if d.Min < 1 || d.Max < d.Min || d.Max > MaxReorderBy {
		return fmt.Errorf("must be a range within 1-%d datagrams", MaxReorderBy)
	}
	return nil
}

// spread draws displacements. The geometric law is P(more than k) = r^k with
// r = 1 - 1/mean: the largest k with r^k > u is put together from powers of two
// by multiplications alone, which round alike on every machine.
type spread struct {
	draws  stream
	law    Displacement
	powers *[20]float64 // r^1, r^2, r^4, r^8..., where they are needed
}

func (s *spread) set(law Displacement) {
	if s.law == law {
		return
	}
	s.law = law
	if law.Mean == 0 {
		return
	}
	s.powers = new([20]float64)
	r := 1 - 1/law.Mean
	for i := range s.powers {
		s.powers[i] = r
		r *= r
	}
}

func (s *spread) of(index uint64) int {
	if s.law.Mean == 0 {
		return s.law.Min + int(s.draws.below(index, uint64(s.law.Max-s.law.Min+1)))
	}
	// Above 0 and at most 1, so that r^k > u ends.
	u := float64(s.draws.at(index)>>11+1) * 0x1p-53
	k, beyond := 1, 1.0
	for i := len(s.powers) - 1; i >= 0; i-- {
		if next := beyond * s.powers[i]; next >= u {
			beyond = next
			k += 1 << i
		}
	}
	return min(k, MaxReorderBy)
}
