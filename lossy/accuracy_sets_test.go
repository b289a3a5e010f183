package lossy

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestEveryNthLoss(t *testing.T) {
	for text, first := range map[string]int{"every:20": 19, "every:20,first=3": 3, "every:1": 0, "every:7,first=100": 100} {
		m := modelFrom(t, text).(EveryNth)
		fates := fatesOf(Profile{LossModel: m}, 34, 100_000)
		f := finding{n: len(fates), expected: "index " + fmt.Sprintf("%d + %d·k", first, m.N), statistic: "exact"}
		for i, lost := range fates {
			if lost != (i >= first && (i-first)%int(m.N) == 0) {
				f.wrong = fmt.Errorf("packet %d: lost %v", i, lost)
			}
		}
		f.estimate = fmt.Sprintf("%d lost", count(fates))
		lossJudge(t, Profile{LossModel: m}, 34)("which packets", f)
	}
}

// exactlyBlocks wants k lost of every block, and returns the blocks as sets of bits.
func exactlyBlocks(fates []bool, k, of int) (finding, []int) {
	f := finding{n: len(fates) / of, estimate: fmt.Sprintf("%d of %d in every block", k, of), expected: fmt.Sprintf("%d of %d", k, of), statistic: "exact"}
	var sets []int
	for b := 0; b+of <= len(fates); b += of {
		block := fates[b : b+of]
		if count(block) != k && f.wrong == nil {
			f.wrong = fmt.Errorf("%d lost of block %d, want %d", count(block), b/of, k)
		}
		set := 0
		for i, lost := range block {
			if i < 10 {
				set |= digit(lost) << i
			}
		}
		sets = append(sets, set)
	}
	return f, sets
}

func TestExactlyKOfN(t *testing.T) {
	big := Profile{LossModel: ExactlyOf{K: 3, Of: 100}}
	fates := fatesOf(big, 35, aMillion())
	exact, _ := exactlyBlocks(fates, 3, 100)
	places := make([]int, 100)
	for i, lost := range fates {
		places[i%100] += digit(lost)
	}
	judge := lossJudge(t, big, 35)
	judge("lost in each block", exact)
	judge("place in the block", even(places))

	small := Profile{LossModel: ExactlyOf{K: 3, Of: 10}}
	fates = fatesOf(small, 36, aMillion())
	exact, sets := exactlyBlocks(fates, 3, 10)
	judge = lossJudge(t, small, 36)
	judge("lost in each block", exact)
	ways := map[int]int{}
	again := 0
	for i, set := range sets {
		ways[set]++
		again += digit(i > 0 && set == sets[i-1])
	}
	seen := slices.Sorted(maps.Values(ways)) // sums of floats depend on the order
	if len(seen) != 120 {
		t.Errorf("%d choices of 3 of 10 occur, want all 120", len(seen))
	}
	judge("all 120 choices", even(seen))
	judge("same choice as in the block before", proportion(again, len(sets)-1, 1.0/120))
}

// Switched on within a block, it loses what it would have lost of the rest.
func TestExactlySwitchedOnWithinABlock(t *testing.T) {
	p := Profile{LossModel: ExactlyOf{K: 40, Of: 100}}
	want := fatesOf(p, 37, 1000)
	m := NewModel(37, 0, Up, Profile{})
	for i := range 1000 {
		switch i {
		case 250, 777:
			m.SetProfile(p)
		case 613:
			m.SetProfile(Profile{})
		}
		lost := m.Decide(1).Drop == CauseLoss
		if on := i >= 250 && i < 613 || i >= 777; on && lost != want[i] {
			t.Fatalf("packet %d: lost %v, want %v", i, lost, want[i])
		}
	}
}

func TestDropListAndTrace(t *testing.T) {
	list := Profile{LossModel: modelFrom(t, "list:3 10-12 7 11-14 15 100000")}
	trace, err := ParseLossModel("trace:t", func(string) ([]byte, error) { return []byte("0,1 # two\n\n0010\r\n1"), nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		profile Profile
		lost    func(i int) bool
	}{
		{list, func(i int) bool { return i == 3 || i == 7 || i >= 10 && i <= 15 || i == 100_000 }},
		{Profile{LossModel: trace}, func(i int) bool { return "0100101"[i%7] == '1' }},
	} {
		for _, from := range []int{0, 11} {
			m := NewModel(38, 0, Up, Profile{})
			f := finding{n: 200_000, expected: "as listed", statistic: "exact"}
			lost := 0
			for i := range 200_000 {
				if i == from {
					m.SetProfile(c.profile)
				}
				got := m.Decide(1).Drop == CauseLoss
				lost += digit(got)
				if got != (i >= from && c.lost(i)) {
					f.wrong = fmt.Errorf("packet %d: lost %v", i, got)
				}
			}
			f.estimate = fmt.Sprintf("%d lost", lost)
			lossJudge(t, c.profile, 38)(fmt.Sprintf("which packets, from index %d on", from), f)
		}
	}
}
