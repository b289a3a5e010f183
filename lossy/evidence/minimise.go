package evidence

import (
	"encoding/binary"
	"slices"
)

// Minimal is what Minimise found.
type Minimal struct {
	Keep   []int // which items still fail, in order
	Proved bool  // without any one of them the test passes
	Trials int   // how often the test was run
}

// Minimise finds, of n items that all together fail a test, a list that fails it
// too and of which no single item can be left out. It is ddmin (Zeller and
// Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE Transactions
// on Software Engineering 28(2), 2002): halves first, then ever smaller parts and
// what is left without them. It takes some 2*log2(n) trials for one culprit and
// n*n+3*n at most. No list is tried twice.
//
// fails is given a list it may keep. An error of it ends the search, and comes
// back with the best list so far. That all items fail and that none passes is not
// tried: callers do, and say so in their own words.
func Minimise(n int, fails func(keep []int) (bool, error)) (Minimal, error) {
	m := Minimal{Keep: make([]int, n)}
	for i := range m.Keep {
		m.Keep[i] = i
	}
	s := search{known: make(map[string]bool), fails: fails, found: &m}
	for parts := 2; len(m.Keep) > 1; {
		smaller, next, err := s.reduce(m.Keep, parts)
		switch {
		case err != nil:
			return m, err
		case smaller != nil:
			m.Keep = smaller
		case parts >= len(m.Keep):
			m.Proved = true
			return m, nil
		}
		parts = min(next, len(m.Keep))
	}
	m.Proved = true // with none, as the caller knows, it passes
	return m, nil
}

// search is one run of Minimise.
type search struct {
	known map[string]bool
	fails func([]int) (bool, error)
	found *Minimal
}

// reduce tries the parts of a list, and then what is left without each of them.
// It returns the first that fails, if one does, and into how many parts to cut
// next.
func (s *search) reduce(list []int, parts int) (smaller []int, next int, err error) {
	for part := range parts {
		from, to := part*len(list)/parts, (part+1)*len(list)/parts
		if failed, err := s.try(list[from:to]); err != nil || failed {
			return slices.Clone(list[from:to]), 2, err
		}
	}
	if parts > 2 { // with two, what is left without one is the other
		for part := range parts {
			from, to := part*len(list)/parts, (part+1)*len(list)/parts
			rest := slices.Concat(list[:from], list[to:])
			if failed, err := s.try(rest); err != nil || failed {
				return rest, max(parts-1, 2), err
			}
		}
	}
	return nil, 2 * parts, nil
}

// try runs the test, unless it was run on that list before.
func (s *search) try(list []int) (bool, error) {
	var key []byte
	for _, i := range list {
		key = binary.AppendUvarint(key, uint64(i))
	}
	if failed, known := s.known[string(key)]; known {
		return failed, nil
	}
	s.found.Trials++
	failed, err := s.fails(slices.Clone(list))
	if err != nil {
		return false, err
	}
	s.known[string(key)] = failed
	return failed, nil
}
