package arq

import "slices"

// spans is a set of integers kept as ascending, disjoint, non-adjacent
// half-open intervals. The zero value is the empty set. Looking up costs
// O(log intervals); adding also moves the intervals behind the new one, of which
// there are few where packets arrive and messages are acknowledged.
type spans []span

// span is the interval [lo, hi).
type span struct{ lo, hi uint64 }

// add puts [lo, hi) into the set and returns how many integers were new.
func (s *spans) add(lo, hi uint64) uint64 {
	if lo >= hi {
		return 0
	}
	set := *s
	if last := len(set) - 1; last >= 0 && set[last].hi == lo { // what comes in order
		set[last].hi = hi
		return hi - lo
	}
	// [i, j) are the intervals that touch or overlap [lo, hi).
	j := len(set)
	if j > 0 && set[j-1].lo > hi {
		j = set.find(hi)
		if j < len(set) && set[j].lo <= hi {
			j++
		}
	}
	i := j
	covered := uint64(0)
	merged := span{lo, hi}
	for i > 0 && set[i-1].hi >= lo {
		i--
		overlap := span{max(set[i].lo, lo), min(set[i].hi, hi)}
		if overlap.lo < overlap.hi {
			covered += overlap.hi - overlap.lo
		}
		merged.lo = min(merged.lo, set[i].lo)
		merged.hi = max(merged.hi, set[i].hi)
	}
	switch {
	case i == j: // touches nothing: insert
		set = append(set, span{})
		copy(set[i+1:], set[i:])
		set[i] = merged
	default: // replace what it touches
		set[i] = merged
		set = append(set[:i+1], set[j:]...)
	}
	*s = set
	return hi - lo - covered
}

// find returns the index of the first interval that ends above x, which is
// also the number of those that end at or below it.
func (s spans) find(x uint64) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); s[mid].hi <= x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// contains reports whether x is in the set.
func (s spans) contains(x uint64) bool {
	if last := len(s) - 1; last < 0 || s[last].hi <= x {
		return false
	}
	i := s.find(x)
	return i < len(s) && s[i].lo <= x
}

// intersects reports whether any of [lo, hi) is in the set.
func (s spans) intersects(lo, hi uint64) bool {
	i := s.find(lo)
	return i < len(s) && s[i].lo < hi && lo < hi
}

// missing calls visit for every maximal part of [lo, hi) that is not in the
// set, in ascending order.
func (s spans) missing(lo, hi uint64, visit func(lo, hi uint64)) {
	for _, in := range s[s.find(lo):] {
		if in.lo >= hi {
			break
		}
		if in.lo > lo {
			visit(lo, in.lo)
		}
		lo = in.hi
	}
	if lo < hi {
		visit(lo, hi)
	}
}

// above is how many integers of the set are larger than x, which is not in it.
func (s spans) above(x uint64) (n int) {
	for i := len(s) - 1; i >= 0 && s[i].lo > x; i-- {
		n += int(s[i].hi - s[i].lo)
	}
	return n
}

// removeBelow takes every integer below floor out of the set.
func (s *spans) removeBelow(floor uint64) {
	set := *s
	keep := set.find(floor)
	if keep > 0 {
		set = append(set[:0], set[keep:]...)
	}
	if len(set) > 0 && set[0].lo < floor {
		set[0].lo = floor
	}
	*s = set
}

// remove takes [lo, hi) out of the set.
func (s *spans) remove(lo, hi uint64) {
	set := *s
	i := set.find(lo)
	if i == len(set) || set[i].lo >= hi || lo >= hi {
		return
	}
	j := i // [i, j) are the intervals that overlap
	for j < len(set) && set[j].lo < hi {
		j++
	}
	var left [2]span // what stays of the first and the last
	kept := left[:0]
	if set[i].lo < lo {
		kept = append(kept, span{set[i].lo, lo})
	}
	if set[j-1].hi > hi {
		kept = append(kept, span{hi, set[j-1].hi})
	}
	*s = slices.Replace(set, i, j, kept...)
}

// spareSpans keeps the memory of sets that are done with for the next ones: few,
// and small ones.
type spareSpans []spans

const (
	spareSets      = 32
	spareIntervals = 16
)

// take returns an empty set.
func (p *spareSpans) take() spans {
	last := len(*p) - 1
	if last < 0 {
		return nil
	}
	s := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	return s
}

// put takes a set that nobody has any more.
func (p *spareSpans) put(s spans) {
	if cap(s) > 0 && cap(s) <= spareIntervals && len(*p) < spareSets {
		*p = append(*p, s[:0])
	}
}
