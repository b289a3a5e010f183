package evidence

import (
	"errors"
	"hash/fnv"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// oracle is a test by rule, which also checks that no list is tried twice.
func oracle(t fataler, rule func([]int) bool) func([]int) (bool, error) {
	var tried [][]int
	return func(keep []int) (bool, error) {
		if slices.ContainsFunc(tried, func(before []int) bool { return slices.Equal(before, keep) }) {
			t.Fatal("tried twice:", keep)
		}
		tried = append(tried, keep)
		return rule(keep), nil
	}
}

// minimal checks a result against the rule itself.
func minimal(t fataler, n int, m Minimal, rule func([]int) bool) {
	t.Helper()
	if !rule(m.Keep) || !m.Proved {
		t.Fatal("the result does not fail, or is not said to be proved:", m)
	}
	for i := range m.Keep {
		if rule(slices.Delete(slices.Clone(m.Keep), i, i+1)) {
			t.Fatal("item", m.Keep[i], "can be spared of", m.Keep)
		}
	}
	if m.Trials > n*n+3*n {
		t.Fatal(m.Trials, "trials for", n, "items")
	}
}

// Where a set of items makes the test fail, however many others there are, that
// set is what is found.
func TestMinimiseFindsTheCulprits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		culprits := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, min(n, 6), rapid.ID[int]).Draw(t, "culprits")
		slices.Sort(culprits)
		rule := func(keep []int) bool {
			return !slices.ContainsFunc(culprits, func(c int) bool { return !slices.Contains(keep, c) })
		}
		m, err := Minimise(n, oracle(t, rule))
		if err != nil || !slices.Equal(m.Keep, culprits) {
			t.Fatalf("%v, %v, want %v", m, err, culprits)
		}
		minimal(t, n, m, rule)
	})
}

// Whatever the test does, the result fails it and nothing can be spared: of a
// test with several ways to fail, and of one without rhyme or reason.
func TestMinimiseIsMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 24).Draw(t, "n")
		ways := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 4), 1, 4).Draw(t, "ways")
		salt := rapid.Byte().Draw(t, "salt")
		wild := rapid.Bool().Draw(t, "wild")
		rule := func(keep []int) bool {
			if len(keep) == n {
				return true
			}
			if len(keep) == 0 {
				return false
			}
			if wild {
				h := fnv.New32a()
				h.Write([]byte{salt})
				for _, i := range keep {
					h.Write([]byte{byte(i)})
				}
				return h.Sum32()%3 == 0
			}
			return slices.ContainsFunc(ways, func(way []int) bool {
				return !slices.ContainsFunc(way, func(c int) bool { return !slices.Contains(keep, c) })
			})
		}
		m, err := Minimise(n, oracle(t, rule))
		if err != nil {
			t.Fatal(err)
		}
		minimal(t, n, m, rule)
	})
}

// One culprit among many is found as by bisection.
func TestMinimiseBisects(t *testing.T) {
	const n = 1000
	for culprit := range n {
		m, err := Minimise(n, func(keep []int) (bool, error) { return slices.Contains(keep, culprit), nil })
		if most := 2 * bits.Len(n); err != nil || !slices.Equal(m.Keep, []int{culprit}) || m.Trials > most {
			t.Fatalf("culprit %d: %+v, %v, want it alone within %d trials", culprit, m, err, most)
		}
	}
}

// Who ends the search early gets the best list so far.
func TestMinimiseInterrupted(t *testing.T) {
	enough := errors.New("enough")
	trials := 0
	m, err := Minimise(64, func(keep []int) (bool, error) {
		if trials++; trials > 3 {
			return false, enough
		}
		return slices.Contains(keep, 0), nil
	})
	if !errors.Is(err, enough) || m.Proved || len(m.Keep) != 8 || m.Trials != 4 {
		t.Errorf("%+v, %v, want the eighth that failed last", m, err)
	}
}
