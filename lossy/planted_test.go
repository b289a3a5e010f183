package lossy

import (
	"math"
	"slices"
	"testing"
	"time"
)

// Bugs that real tools had or that are easily made, each planted in a small
// wrong model and given to the check that must catch it. A check that lets its
// bug pass proves nothing about the right model either.

const plantedPackets = 300_000

// planted is a source of good uniform randomness for the wrong models.
func planted(use purpose) stream { return newStream(99, 0, Up, use) }

func wantCaught(t *testing.T, bug string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: passed the check", bug)
		return
	}
	accuracy.enter(t, plantedTable, cells(bug, t.Name()), cells(err))
}

// clumsy drew rand()%10000 from a generator that ends at 32767, so that
// "10 %" lost 12.2 %.
func TestChecksCatchModuloOfAShortGenerator(t *testing.T) {
	draws := planted(drawLoss)
	var lost int
	for i := range uint64(plantedPackets) {
		lost += digit(draws.below(i, 32768)%10000 < 1000)
	}
	wantCaught(t, "rand()%10000 over 32767, as in clumsy", checkRate(lost, plantedPackets, 0.1))
}

// Percentages cut to whole numbers make 5.7 % into 5 %.
func TestChecksCatchWholePercents(t *testing.T) {
	draws := planted(drawLoss)
	const percent = 5.7
	var lost int
	for i := range uint64(plantedPackets) {
		lost += digit(int(draws.below(i, 100)) < int(math.Floor(percent)))
	}
	wantCaught(t, "whole percents", checkRate(lost, plantedPackets, percent/100))
}

// netem's correlation mixes each uniform draw with the one before, which is
// then no longer uniform: "loss 10% 25%" loses 1.75 %.
func TestChecksCatchCorrelatedUniforms(t *testing.T) {
	draws := planted(drawLoss)
	const rho = 0.25
	last := 0.5
	fates := make([]bool, plantedPackets)
	for i := range fates {
		last = (1-rho)*float64(draws.at(uint64(i))>>11)*0x1p-53 + rho*last
		fates[i] = last < 0.1
	}
	wantCaught(t, "AR(1) of uniforms, as in netem: rate", checkRate(count(fates), len(fates), 0.1))
	wantCaught(t, "AR(1) of uniforms, as in netem: memory", checkIndependent(fates))
}

// A generator that repeats its draw for pairs of packets has the right rate
// and the wrong gaps.
func TestChecksCatchRepeatedDraws(t *testing.T) {
	draws := planted(drawLoss)
	fates := make([]bool, plantedPackets)
	for i := range fates {
		fates[i] = draws.hits(uint64(i/2), 0.1)
	}
	gaps, _ := runLengths(fates)
	wantCaught(t, "memory of repeated draws", checkIndependent(fates))
	wantCaught(t, "gaps of repeated draws", checkGeometric(gaps, 0.1))
}

// plantedGilbert runs a chain with the given moves; the bugs are in them.
func plantedGilbert(enter, leave float64) []bool {
	draws := planted(drawBurst)
	fates := make([]bool, plantedPackets)
	bad := false
	for i := range fates {
		fates[i] = bad
		if bad {
			bad = !draws.hits(uint64(i), leave)
		} else {
			bad = draws.hits(uint64(i), enter)
		}
	}
	return fates
}

// The sch_netem of about 2012 had its probabilities inverted.
func TestChecksCatchGilbertWithInvertedR(t *testing.T) {
	const mean, burst = 0.05, 4.0
	r := 1 / burst
	p := mean * r / (1 - mean)
	if err := checkGilbertMoves(plantedGilbert(p, r), mean, burst); err != nil {
		t.Fatalf("the planted chain without a bug: %v", err)
	}
	fates := plantedGilbert(p, 1-r)
	wantCaught(t, "Gilbert with inverted r, as in sch_netem of 2012: mean", checkGilbertMean(fates, mean, burst))
	wantCaught(t, "Gilbert with inverted r, as in sch_netem of 2012: moves", checkGilbertMoves(fates, mean, burst))
	// With p made to fit the inverted r the mean is right and only the bursts
	// are too short.
	fates = plantedGilbert(mean*(1-r)/(1-mean), 1-r)
	report(t, "mean with r and p inverted", checkGilbertMean(fates, mean, burst))
	wantCaught(t, "bursts with r and p inverted", checkGilbertMoves(fates, mean, burst))
}

// A chain that moves to bad with the mean itself loses too much.
func TestChecksCatchGilbertWithMeanForP(t *testing.T) {
	wantCaught(t, "p = L", checkGilbertMean(plantedGilbert(0.05, 0.25), 0.05, 4))
}

func TestChecksCatchBurstsThatAreNone(t *testing.T) {
	fates := fatesOf(Profile{Loss: 0.05}, 1, plantedPackets)
	wantCaught(t, "independent losses sold as bursts", checkBursty(fates))
	wantCaught(t, "moves of independent losses", checkGilbertMoves(fates, 0.05, 4))
}

// An interval that takes bursts for independent losses is too narrow: for
// these ones by a factor of four.
func TestChecksCatchBinomialVarianceForBursts(t *testing.T) {
	binomial := func(e Estimate) bool {
		low, high := wilson(e.Observed, float64(e.Trials), z99)
		return low <= e.Configured && e.Configured <= high
	}
	wantCaught(t, "binomial variance for bursts", coverage(Profile{Loss: 0.2, Burst: 10}, binomial).wrong)
}

// A delay line sorted by each packet's own due time, as netem's is, turns
// jitter into reordering.
func TestChecksCatchJitterThatReorders(t *testing.T) {
	m := NewModel(5, 0, Up, Profile{Delay: time.Millisecond, Jitter: time.Millisecond})
	type packet struct {
		number int
		due    time.Duration
	}
	packets := make([]packet, 10_000)
	for i := range packets {
		packets[i] = packet{i, time.Duration(i)*100*time.Microsecond + m.Decide(1).Delay}
	}
	slices.SortStableFunc(packets, func(a, b packet) int { return int(a.due - b.due) })
	numbers := make([]int, len(packets))
	for i, p := range packets {
		numbers[i] = p.number
	}
	wantCaught(t, "jitter that reorders, as in netem, where order is to be kept", checkOrder(numbers))
}

// A sum of two draws is centred and bounded as it should be, and not uniform;
// and jitter that is only ever added has the wrong range.
func TestChecksCatchJitterThatIsNotUniform(t *testing.T) {
	draws, more := planted(drawJitter), planted(drawBit)
	sums, added := make([]time.Duration, 10_000), make([]time.Duration, 10_000)
	for i := range sums {
		a, b := draws.below(uint64(i), 1000), more.below(uint64(i), 1000)
		sums[i] = time.Duration(a + b)
		added[i] = time.Duration(1000 + a)
	}
	wantCaught(t, "a triangle", checkUniform(sums, 0, 2000))
	wantCaught(t, "half the range", checkUniform(added, 0, 2000))
}

func TestChecksCatchCorruptionThatSparesBits(t *testing.T) {
	draws := planted(drawBit)
	var sevenBits, unfairBytes [8]int
	for i := range uint64(plantedPackets) {
		sevenBits[draws.below(i, 7)]++
		unfairBytes[draws.below(i, 256)%37%8]++ // 256 is no multiple of 37
	}
	wantCaught(t, "the highest bit spared", checkEven(sevenBits[:]))
	wantCaught(t, "a remainder for a range", checkEven(unfairBytes[:]))
}

// A transmitter that rounds each time down sends a little too fast, and a
// token bucket lets bursts through.
func TestChecksCatchRatesThatAreExceeded(t *testing.T) {
	const rate, n, size = 7_777_777, 10_000, 41
	rounded, bucket := make([]time.Duration, n), make([]time.Duration, n)
	sizes := make([]int, n)
	exact := float64(size) * 8 * 1e9 / rate
	for i := range n {
		sizes[i] = size
		rounded[i] = time.Duration(i) * time.Duration(math.Floor(exact))
		bucket[i] = time.Duration(float64(max(0, i-10)) * exact)
	}
	wantCaught(t, "each time rounded down", checkPaced(rounded, sizes, rate))
	wantCaught(t, "ten at once", checkPaced(bucket, sizes, rate))
}

func TestChiSquareTail(t *testing.T) {
	// Critical values from any table of the distribution.
	for _, c := range []struct {
		x       float64
		degrees int
		want    float64
	}{{3.841459, 1, 0.05}, {10.827566, 1, 0.001}, {23.928127, 1, 1e-6}, {18.307038, 10, 0.05}, {124.342113, 100, 0.05}, {77.929465, 100, 0.95}} {
		if got := chiSquareTail(c.x, c.degrees); math.Abs(got/c.want-1) > 1e-4 {
			t.Errorf("chiSquareTail(%v, %d) = %v, want %v", c.x, c.degrees, got, c.want)
		}
	}
}
