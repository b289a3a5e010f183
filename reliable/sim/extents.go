package sim

import "slices"

// extents is a set of bytes of a message, as ascending runs that do not touch.
type extents []extent

// extent is the bytes [lo, hi).
type extent struct{ lo, hi int }

func (s *extents) add(lo, hi int) {
	set := *s
	i := len(set)
	for i > 0 && set[i-1].hi >= lo { // from the end, where new bytes usually belong
		i--
	}
	j := i
	for j < len(set) && set[j].lo <= hi {
		lo, hi = min(lo, set[j].lo), max(hi, set[j].hi)
		j++
	}
	*s = slices.Replace(set, i, j, extent{lo, hi})
}

// all reports whether all bytes below n are there.
func (s extents) all(n int) bool { return n == 0 || len(s) == 1 && s[0] == extent{0, n} }
