package lossy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"testing"
	"time"
)

// extents returns the reordering extent of every arrival (RFC 4737 section
// 4.2.1): how many arrivals back lies the first of those with a higher number,
// 0 for one that is not reordered.
func extents(numbers []int) []int {
	highest, extent := make([]int, len(numbers)), make([]int, len(numbers))
	for i, n := range numbers {
		highest[i] = n
		if i > 0 && highest[i-1] > n {
			highest[i] = highest[i-1]
			extent[i] = i - sort.Search(i, func(j int) bool { return highest[j] > n })
		}
	}
	return extent
}

// density counts the arrivals by displacement, place of arrival less number
// (the reorder density of RFC 5236, not normalized and without its threshold).
func density(numbers []int) map[int]int {
	d := make(map[int]int)
	for i, n := range numbers {
		d[i-n]++
	}
	return d
}

func TestExtentsAndDensity(t *testing.T) {
	// The first example of RFC 4737 section 4.2, and RFC 5236 figure 1 in numbers from 0.
	numbers := []int{0, 1, 2, 6, 3, 4, 5, 7}
	if got, want := extents(numbers), []int{0, 0, 0, 0, 1, 2, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("extents %v, want %v", got, want)
	}
	if got := fmt.Sprint(density(numbers)); got != "map[-3:1 0:4 1:3]" {
		t.Errorf("density %s", got)
	}
}

// isolated marks the displaced packets that have no other within a distance, so
// that nothing but their own displacement moved them.
func isolated(verdicts []Verdict, distance int) []bool {
	alone := make([]bool, len(verdicts))
	last := -distance
	for i, v := range verdicts {
		if v.By == 0 {
			continue
		}
		alone[i] = i-last >= distance && i+distance < len(verdicts)
		if i-last < distance && last >= 0 {
			alone[last] = false
		}
		last = i
	}
	return alone
}

// traced sends numbered datagrams and returns the verdicts too.
func traced(p Profile, seed uint64, n int, interval time.Duration) (numbers []int, times []time.Duration, verdicts []Verdict) {
	l := NewLink(seed, 0, Up, p)
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { verdicts = append(verdicts, v) })
	numbers, times = sendNumbered(l, n, interval)
	return numbers, times, verdicts
}

// The law of displacement is that of the draws, of the extents of RFC 4737 and
// of the late part of the density of RFC 5236.
func TestReorderSpreadFollowsItsLaw(t *testing.T) {
	const share = 0.002 // rare, so that hardly any two meet
	for _, c := range []struct {
		law      Displacement
		farthest int // beyond which a displacement is as good as never drawn
		judge    func(lengths []int) finding
	}{
		{Displacement{Min: 1, Max: 8}, 9, oneToEight},
		{Displacement{Mean: 3}, 60, func(lengths []int) finding { return geometric(lengths, 1.0/3) }},
	} {
		enter := func(property string, seed uint64, f finding) {
			row{"Delay and order", "reorder by " + c.law.String(), property, seed}.judge(t, f)
		}
		p := Profile{Delay: time.Millisecond, Reorder: share, ReorderSpread: c.law}
		numbers, _, verdicts := traced(p, 21, aMillion(), 10*time.Microsecond)
		var drawn, late []int
		for _, v := range verdicts {
			if v.By > 0 {
				drawn = append(drawn, v.By)
			}
		}
		alone, extent := isolated(verdicts, c.farthest), extents(numbers)
		for i, n := range numbers {
			if !alone[n] {
				continue
			}
			if extent[i] != verdicts[n].By || i-n != verdicts[n].By {
				t.Fatalf("%v: datagram %d has extent %d and displacement %d, drawn %d", c.law, n, extent[i], i-n, verdicts[n].By)
			}
			late = append(late, extent[i])
		}
		enter("displaced", 21, proportion(len(drawn), len(verdicts), share))
		enter("displacement drawn, 0.2 % of packets", 21, c.judge(drawn))
		enter("extent (RFC 4737) and density (RFC 5236) of those alone", 21, c.judge(late))
		// Each late arrival at displacement k makes k others early by one.
		seen, sum := density(numbers), 0
		for displacement, count := range seen {
			sum += displacement * count
		}
		if sum != 0 {
			t.Errorf("%v: the density has mean %d, want 0", c.law, sum)
		}
		// A million draws of the model, where every packet is displaced.
		m := NewModel(22, 0, Up, Profile{Reorder: 1, ReorderSpread: c.law})
		all := make([]int, aMillion())
		for i := range all {
			all[i] = m.Decide(1).By
		}
		enter("displacement drawn, all packets", 22, c.judge(all))
	}
}

// oneToEight wants lengths from 1 to 8, each as often as the others.
func oneToEight(lengths []int) finding {
	var seen [8]int
	for _, n := range lengths {
		if n < 1 || n > len(seen) {
			return finding{wrong: fmt.Errorf("a length of %d, want 1 to %d", n, len(seen))}
		}
		seen[n-1]++
	}
	return even(seen[:])
}

func TestGeometricOfMeanOneIsAlwaysOne(t *testing.T) {
	m := NewModel(1, 0, Up, Profile{Reorder: 1, ReorderSpread: Displacement{Mean: 1}})
	for range 10_000 {
		if by := m.Decide(1).By; by != 1 {
			t.Fatalf("displaced by %d, want 1", by)
		}
	}
}

// A packet held for a time returns exactly then, and the others are on time.
func TestReorderHeldByTime(t *testing.T) {
	const share, hold, interval, delay = 0.05, 20 * time.Millisecond, time.Millisecond, 5 * time.Millisecond
	p := Profile{Delay: delay, Reorder: share, ReorderFor: hold}
	numbers, times, verdicts := traced(p, 23, 200_000, interval)
	held := make([]bool, len(verdicts))
	for i, n := range numbers {
		want := time.Duration(n)*interval + delay + verdicts[n].Hold
		held[n] = verdicts[n].Hold > 0
		if times[i] != want {
			t.Fatalf("datagram %d came out at %v, want %v", n, times[i], want)
		}
	}
	report(t, "order of times", checkOrder(times))
	row{"Delay and order", "reorder 5% held 20ms", "displaced", 23}.judge(t, proportion(count(held), len(held), share))
	row{"Delay and order", "reorder 5% held 20ms", "displaced: neighbours", 23}.judge(t, neighbours(held))
	// All that were sent within the hold and not held themselves overtake.
	for i, e := range extents(numbers) {
		if held[numbers[i]] != (e > 0) {
			t.Fatalf("datagram %d: held %v, extent %d", numbers[i], held[numbers[i]], e)
		}
	}
}

// Held by time and displaced by number wait in one line, and times run forward.
func TestHeldAndDisplacedKeepTheirOrder(t *testing.T) {
	overtakesInOrder(t, Profile{Reorder: 1, ReorderFor: 50 * time.Millisecond})
}

// netem's gap: the share in the long run by the variance of a renewal process,
// and between two packets sent at once N-1 and a geometric number.
func TestReorderGapIsThatOfNetem(t *testing.T) {
	for _, c := range []struct {
		p   float64
		gap int
	}{{0.25, 5}, {0.5, 1}, {0.01, 3}, {0.9, 2}} {
		m := NewModel(24, 0, Up, Profile{Delay: 1, Reorder: c.p, ReorderGap: c.gap})
		fates := make([]bool, aMillion())
		for i := range fates {
			fates[i] = m.Decide(1).AtOnce
		}
		share, apart := gapFindings(fates, c.p, c.gap)
		model := fmt.Sprintf("reorder %v%% gap %d", c.p*100, c.gap)
		row{"Delay and order", model, "sent at once, renewal variance", 24}.judge(t, share)
		row{"Delay and order", model, "packets between two, less N-1", 24}.judge(t, apart)
	}
}

func checkGap(fates []bool, p float64, gap int) error {
	share, apart := gapFindings(fates, p, gap)
	return cmp.Or(share.wrong, apart.wrong)
}

// gapFindings judges which packets were sent at once: how many, by the variance
// of a renewal process, and how far apart.
func gapFindings(fates []bool, p float64, gap int) (share, apart finding) {
	var distances []int
	last := -1
	for i, atOnce := range fates {
		if !atOnce {
			continue
		}
		if i-last < gap {
			apart.wrong = cmp.Or(apart.wrong, fmt.Errorf("packets %d and %d at once, want %d apart at least", last, i, gap))
		}
		distances = append(distances, i-last-(gap-1))
		last = i
	}
	n, mean := float64(len(fates)), float64(gap-1)+1/p
	sd := math.Sqrt((1-p)/(p*p)/n) / math.Pow(mean, 1.5)
	share = deviation("share sent at once", len(fates), float64(len(distances))/n, 1/mean, sd)
	if apart.wrong == nil {
		apart = geometric(distances, p)
	}
	return share, apart
}

func TestReorderGapOfEveryPacket(t *testing.T) {
	m := NewModel(25, 0, Up, Profile{Delay: 1, Reorder: 1, ReorderGap: 5})
	for i := range 10_000 {
		if got, want := m.Decide(1).AtOnce, i%5 == 4; got != want {
			t.Fatalf("packet %d at once: %v, want every fifth", i, got)
		}
	}
}

// What is sent at once overtakes what was sent within the delay, and nothing
// else moves: the order is that of a sort by time.
func TestSentAtOnceOvertakesWhatIsDelayed(t *testing.T) {
	const interval, delay = time.Millisecond, 10 * time.Millisecond
	p := Profile{Delay: delay, Jitter: 2 * time.Millisecond, Reorder: 0.25, ReorderGap: 20}
	numbers, times, verdicts := traced(p, 26, 100_000, interval)
	report(t, "order of times", checkOrder(times))
	var last time.Duration
	for i, n := range numbers {
		sent := time.Duration(n) * interval
		switch {
		case verdicts[n].AtOnce:
			if times[i] != sent {
				t.Fatalf("datagram %d came out at %v, want at once, at %v", n, times[i], sent)
			}
		case times[i] != max(last, sent+verdicts[n].Delay):
			t.Fatalf("datagram %d came out at %v, want %v: the others keep their order", n, times[i], max(last, sent+verdicts[n].Delay))
		default:
			last = times[i]
		}
	}
	late := 0
	for _, e := range extents(numbers) {
		late += digit(e > 0)
	}
	l := NewLink(26, 0, Up, p)
	sendNumbered(l, 100_000, interval)
	if got := l.Stats().Reordered; got != uint64(late) || late == 0 {
		t.Errorf("Stats().Reordered = %d, want %d as seen at the receiver (RFC 4737)", got, late)
	}
}

// Copies: as many as configured, each as far behind, and nobody waits for them.
func TestDuplicateCopies(t *testing.T) {
	const share, extra, late, interval = 0.02, 3, 15 * time.Millisecond, 4 * time.Millisecond
	p := Profile{Delay: time.Millisecond, Duplicate: share, DuplicateCopies: extra, DuplicateDelay: late}
	n := aMillion() / 4
	l := NewLink(27, 0, Up, p)
	numbers, times := sendNumbered(l, n, interval)
	came := make([]int, n)
	for i, number := range numbers {
		want := time.Duration(number)*interval + time.Millisecond + time.Duration(came[number])*late
		if times[i] != want {
			t.Fatalf("copy %d of datagram %d came out at %v, want %v", came[number], number, times[i], want)
		}
		came[number]++
	}
	fates := make([]bool, n)
	for i, times := range came {
		if times != 1 && times != 1+extra {
			t.Fatalf("datagram %d came %d times", i, times)
		}
		fates[i] = times > 1
	}
	row{"Duplicates and corruption", "duplicate 2% copies 3 later by 15ms", "share", 27}.judge(t, proportion(count(fates), n, share))
	row{"Duplicates and corruption", "duplicate 2% copies 3 later by 15ms", "neighbours", 27}.judge(t, neighbours(fates))
	report(t, "order of times", checkOrder(times))
	if got, want := l.Stats().Duplicated, uint64(extra*count(fates)); got != want {
		t.Errorf("Duplicated = %d, want %d", got, want)
	}
}
