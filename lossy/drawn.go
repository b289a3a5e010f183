package lossy

import (
	"math"
	"time"
)

// DelayTally sums up delays that were drawn, in nanoseconds, beside what their law
// promised of each. As with Tally, it survives changes of profile.
type DelayTally struct {
	Packets uint64
	// Mean, Variance and Fourth sum what was promised: the mean, the variance, and
	// the variance of the squared distance from the mean.
	Mean, Variance, Fourth float64
	// Off and Square sum the distances from that mean, and their squares.
	Off, Square float64
}

// drawn is what the tally of a link's delays lacks: what was promised is summed up
// for all packets of one law at once.
type drawn struct {
	law     *moments // of the packets beyond
	settled uint64   // so many, whose promises are in the tally
}

func (d *drawn) add(t *DelayTally, delay time.Duration, law *moments) {
	if law != d.law {
		*t = d.complete(*t)
		d.law, d.settled = law, t.Packets
	}
	off := float64(delay) - law.mean
	t.Packets++
	t.Off += off
	t.Square += float64(off * off)
}

// complete is the tally with all promises in it.
func (d *drawn) complete(t DelayTally) DelayTally {
	if n := float64(t.Packets - d.settled); n > 0 {
		t.Mean += n * d.law.mean
		t.Variance += n * d.law.variance
		t.Fourth += n * d.law.fourth
	}
	return t
}

func (t *DelayTally) join(o *DelayTally) {
	t.Packets += o.Packets
	t.Mean += o.Mean
	t.Variance += o.Variance
	t.Fourth += o.Fourth
	t.Off += o.Off
	t.Square += o.Square
}

// enoughDelays is how many packets it takes for their mean to be normal, nearly.
const enoughDelays = 100

// DelayEstimate compares a time that a law of delay promises with the one drawn.
type DelayEstimate struct {
	Name                 string // "mean" or "sd", the standard deviation
	Packets              uint64
	Configured, Observed time.Duration
	Low, High            time.Duration // 99 % confidence interval for what the law has in truth
}

// Holds says whether the configured time lies within the interval. One time in a
// hundred it does not although all is well.
func (e DelayEstimate) Holds() bool { return e.Low <= e.Configured && e.Configured <= e.High }

// ObservedDelays compares the delays drawn for the packets that were not lost, nor
// sent at once (Profile.ReorderGap), with their law, jitter included: the mean, and
// the standard deviation where the law's tail lets it be estimated. It is empty for
// fewer than a hundred packets, for a delay that does not vary, and for laws that
// promise nothing in figures (traces, netem's arithmetic, or a law cut off at zero).
// Waiting in queues and for packets ahead is no part of it.
func (s Stats) ObservedDelays() []DelayEstimate {
	t := &s.Delays
	if t.Packets < enoughDelays {
		return nil
	}
	n := float64(t.Packets)
	mean, half := (t.Mean+t.Off)/n, z99*math.Sqrt(t.Variance)/n
	list := []DelayEstimate{{"mean", t.Packets, nanoseconds(t.Mean / n), nanoseconds(mean), nanoseconds(mean - half), nanoseconds(mean + half)}}
	if math.IsInf(t.Fourth, 1) {
		return list
	}
	square, wide := t.Square/n, z99*math.Sqrt(t.Fourth)/n
	root := func(x float64) time.Duration { return nanoseconds(math.Sqrt(max(0, x))) }
	return append(list, DelayEstimate{"sd", t.Packets, root(t.Variance / n), root(square), root(square - wide), root(square + wide)})
}

func nanoseconds(x float64) time.Duration { return time.Duration(math.Round(x)) }
