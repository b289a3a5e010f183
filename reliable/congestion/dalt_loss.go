package congestion

import (
	"math"
	"slices"
)

// daltTally counts bytes by their fate.
type daltTally struct{ lost, delivered float64 }

func (y *daltTally) add(o daltTally) {
	y.lost += o.lost
	y.delivered += o.delivered
}

func (y daltTally) bytes() float64 { return y.lost + y.delivered }

func (y daltTally) packets(size int) float64 { return y.bytes() / float64(size) }

func (y daltTally) loss() float64 {
	if y.bytes() == 0 {
		return 0
	}
	return y.lost / y.bytes()
}

// Limits of what daltLosses remembers.
const (
	daltCohort = 64   // packets that make a measurement
	daltMemory = 4000 // packets over which the variance is averaged
)

// daltLosses tells losses that the path has whatever we do from those that we
// cause. The first kind is measured where we can't cause any: just after a
// drain, and in a climb that ended because the queue stood at its target, for a
// queue that takes more does not overflow before. Of the last eight measurements
// the second lowest is believed: other flows' overflow can only add to one.
type daltLosses struct {
	base     float64 // the rate of losses that are not ours
	variance float64 // per packet; of bursts it is larger than base*(1-base)
	weight   float64 // packets in variance

	cohorts [8]float64 // the last measurements
	n       int        // how many there were
	open    daltTally  // packets of the next one

	waiting daltTally // of the climb that is not judged yet
	squares float64   // of its rounds, deviations in packets
}

// learn takes in a round in which nothing was lost in a queue.
func (l *daltLosses) learn(y daltTally, size int) {
	n := y.packets(size)
	deviation := (y.loss() - l.base) * n
	l.vary(deviation*deviation, n)
	l.open.add(y)
	if l.open.packets(size) >= daltCohort {
		l.measure(l.open)
		l.open = daltTally{}
	}
}

func (l *daltLosses) measure(y daltTally) {
	l.cohorts[l.n%len(l.cohorts)] = y.loss()
	l.n++
	sorted := l.cohorts
	known := sorted[:min(l.n, len(sorted))]
	slices.Sort(known)
	l.base = known[min(len(known)/4, 1)]
}

// vary takes in squared deviations of rounds of n packets together.
func (l *daltLosses) vary(squares, n float64) {
	if n <= 0 {
		return
	}
	l.weight = min(l.weight+n, daltMemory)
	l.variance += (squares/n - l.variance) * min(n/l.weight, 1)
}

// suspend remembers a round of a climb until it is known what ended it.
func (l *daltLosses) suspend(y daltTally, size int) {
	deviation := (y.loss() - l.base) * y.packets(size)
	l.squares += deviation * deviation
	l.waiting.add(y)
}

// commit learns from the suspended rounds: the queue had room.
func (l *daltLosses) commit(size int) {
	if n := l.waiting.packets(size); n >= daltCohort {
		l.measure(l.waiting)
		l.vary(l.squares, n)
	}
	l.discard()
}

// discard forgets the suspended rounds.
func (l *daltLosses) discard() { l.waiting, l.squares = daltTally{}, 0 }

// excess reports whether more was lost than the path explains: 1 % more and
// three standard deviations, and two packets, which are no evidence. While a
// queue stands the deviation is that of independent losses, so that bursts are
// suspected; it costs a drain that was due soon. While none stands it is the
// measured one.
func (l *daltLosses) excess(y daltTally, size int, stands bool) bool {
	n := y.packets(size)
	if n == 0 {
		return false
	}
	variance := l.base * (1 - l.base)
	if !stands {
		variance = max(variance, l.variance)
	}
	return y.loss() > l.base+max(0.01, 3*math.Sqrt(variance/n))+2/n
}

// suspicious reports whether so much was lost that the window should not grow
// fast: one standard deviation and 1 % over the base.
func (l *daltLosses) suspicious(y daltTally, size int) bool {
	n := y.packets(size)
	return n > 0 && y.loss() > l.base+0.01+math.Sqrt(l.base*(1-l.base)/n)
}
