package lossy

import (
	"fmt"
	"math"
	"strconv"
)

// Impairment names a random impairment whose observed rate is compared with
// the configured one. Its String is the word of the flag.
type Impairment uint8

const (
	ImpairmentLoss Impairment = iota
	ImpairmentDuplicate
	ImpairmentCorrupt
	ImpairmentReorder
	impairmentCount
)

// Impairments returns all of them in a fixed order.
func Impairments() []Impairment {
	return []Impairment{ImpairmentLoss, ImpairmentDuplicate, ImpairmentCorrupt, ImpairmentReorder}
}

// String returns "loss", "duplicate", "corrupt" or "reorder".
func (i Impairment) String() string {
	if i < impairmentCount {
		return [...]string{"loss", "duplicate", "corrupt", "reorder"}[i]
	}
	return fmt.Sprintf("impairment %d", uint8(i))
}

// Stats counts what happened on a Link, or on several of them after Add. It is
// a plain value. At any moment
//
//	PacketsIn + Duplicated = PacketsOut + Drops() + PacketsInFlight
//
// so nothing is ever lost without a cause.
type Stats struct {
	PacketsIn, BytesIn   uint64             // given to Send
	PacketsOut, BytesOut uint64             // given out by Receive
	Dropped              [causeCount]uint64 // packets and copies by Cause; index 0 stays 0

	// Copies are made, and packets hit by an impairment (Tallies), before the policer
	// and the queue, which may drop them yet. Packets let in have passed both.
	Duplicated uint64 // copies made
	Corrupted  uint64 // packets let in with damage, copies not counted
	Displaced  uint64 // packets let in to be overtaken, or to overtake, copies not counted
	Reordered  uint64 // datagrams that came out after one sent later (RFC 4737)

	Marked uint64 // datagrams that a queue marked CE instead of dropping them (RFC 3168)

	PacketsInFlight, BytesInFlight uint64 // sent and not yet received

	Tallies [impairmentCount]Tally // by Impairment; see Observed
	Delays  DelayTally             // see ObservedDelays
}

// Drops returns the sum of Dropped over all causes.
func (s Stats) Drops() uint64 {
	var sum uint64
	for _, n := range s.Dropped {
		sum += n
	}
	return sum
}

// Unaccounted returns by how much the packets sent and copied exceed those
// that came out, were dropped or are in flight. It is 0, or this package has
// a bug.
func (s Stats) Unaccounted() int64 {
	return int64(s.PacketsIn + s.Duplicated - s.PacketsOut - s.Drops() - s.PacketsInFlight)
}

// Add adds the counts of another link.
func (s *Stats) Add(o Stats) {
	s.PacketsIn += o.PacketsIn
	s.BytesIn += o.BytesIn
	s.PacketsOut += o.PacketsOut
	s.BytesOut += o.BytesOut
	for i, n := range o.Dropped {
		s.Dropped[i] += n
	}
	s.Duplicated += o.Duplicated
	s.Corrupted += o.Corrupted
	s.Displaced += o.Displaced
	s.Reordered += o.Reordered
	s.Marked += o.Marked
	s.PacketsInFlight += o.PacketsInFlight
	s.BytesInFlight += o.BytesInFlight
	s.Delays.join(&o.Delays)
	for i, t := range o.Tallies {
		s.Tallies[i].Trials += t.Trials
		s.Tallies[i].Events += t.Events
		s.Tallies[i].Expected += t.Expected
		s.Tallies[i].Variance += t.Variance
	}
}

// Observed compares the configured with the observed rate of an impairment,
// over all packets that were exposed to it.
func (s Stats) Observed(i Impairment) Estimate { return s.Tallies[i].estimate() }

// Tally counts how often an impairment could have happened and did. It counts
// only while the impairment is configured, and survives changes of profile,
// because it sums what was expected of each packet.
type Tally struct {
	Trials, Events uint64
	Expected       float64 // sum of the probabilities that each had; see MODEL.md, 4
	Variance       float64 // sum of what each adds to the variance of Events
}

func (t *Tally) add(happened bool, of expectation) {
	t.Trials++
	t.Expected += of.probability
	t.Variance += of.variance
	if happened {
		t.Events++
	}
}

// Estimate is an observed rate and how far it may be trusted.
type Estimate struct {
	Trials, Events uint64
	Configured     float64 // mean over the trials of the probability that each had
	Observed       float64 // Events/Trials
	Low, High      float64 // 99 % confidence interval for the true rate
}

// Holds says whether the configured rate lies within the interval. One time in
// a hundred it does not although all is well.
func (e Estimate) Holds() bool { return e.Low <= e.Configured && e.Configured <= e.High }

// z99 is the two-sided 99 % quantile of the normal distribution.
const z99 = 2.5758293035489004

func (t Tally) estimate() Estimate {
	if t.Trials == 0 {
		return Estimate{High: 1}
	}
	n := float64(t.Trials)
	expected, observed := max(0, t.Expected/n), float64(t.Events)/n
	low, high := observed, observed // of what chance has no part in
	if t.Variance > 0 {
		// As many independent trials would vary as much: fewer than n for bursts,
		// more for what is partly certain.
		low, high = wilson(observed, max(0, expected*(1-expected))*n*n/t.Variance, z99)
	}
	// All in the same manner, so that what is inside stays inside.
	return Estimate{t.Trials, t.Events, nineDigits(expected), nineDigits(observed), nineDigits(low), nineDigits(high)}
}

// wilson is the score interval for a proportion seen in n independent trials
// (E. B. Wilson, 1927). Unlike the textbook one it holds for rare events.
func wilson(share, n, z float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	zz := z * z
	centre := (share + zz/(2*n)) / (1 + zz/n)
	half := z / (1 + zz/n) * math.Sqrt(share*(1-share)/n+zz/(4*n*n))
	low, high = max(0, centre-half), min(1, centre+half)
	// What nothing or everything happened to leaves an end that is exact, and that
	// the subtraction misses by 1e-17.
	if share == 0 {
		low = 0
	}
	if share == 1 {
		high = 1
	}
	return low, high
}

// nineDigits rounds what a long sum has left in the last places: 0.05, and not
// 0.04999999999999983.
func nineDigits(x float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 9, 64), 64) // what was just formatted parses
	return rounded
}
