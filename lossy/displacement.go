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
// r = 1 - 1/mean: the largest k with r^k > u, a whole number from the logarithms,
// is one that every machine finds.
type spread struct {
	draws stream
	law   Displacement
	scale float64           // 1/ln(r) of the geometric law; 0 where r is 0
	ahead *batchOf[float64] // logarithms, if enough packets are displaced for a batch of them
}

func (s *spread) set(law Displacement, share float64) {
	s.law, s.scale = law, 0
	if law.Mean > 1 {
		s.scale = 1 / logarithm(1-1/law.Mean)
	}
	if law.Mean == 0 || share < denseShare {
		s.ahead = nil
	} else if s.ahead == nil {
		s.ahead = new(batchOf[float64])
	}
}

// denseShare is of how many packets a logarithm must be asked for, or to draw all
// of a batch costs more than it saves.
const denseShare = 0.5

func (s *spread) of(index uint64) int {
	if s.law.Mean == 0 {
		return s.law.Min + int(s.draws.below(index, uint64(s.law.Max-s.law.Min+1)))
	}
	k := s.logarithm(index) * s.scale
	if k >= MaxReorderBy {
		return MaxReorderBy
	}
	return 1 + int(k)
}

func (s *spread) logarithm(index uint64) float64 {
	if s.ahead == nil {
		return logarithm(s.draws.open(index))
	}
	if s.ahead.lacks(index) {
		first := s.ahead.begin(index)
		for i := range s.ahead.values {
			s.ahead.values[i] = logarithm(s.draws.open(first + uint64(i)))
		}
	}
	return s.ahead.at(index)
}
