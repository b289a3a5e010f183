package congestion

import (
	"math"
	"time"
)

// startup doubles the window per round trip until a queue stands, the delivery
// rate grows no more, or losses tell that it can't.
func (d *Dalt) startup(now time.Duration, a Ack, ended bool) {
	if a.WindowLimited {
		d.window = min(d.window+d.startGain()*float64(a.Bytes), maxWindow)
	}
	// A quarter of a round trip is watched: this is a race with the queue.
	if q := d.path.standing(now, d.srtt/4); q >= d.target()*3/4 {
		d.backOff(now, a, q, 1)
		return
	}
	if a.CE > 0 {
		d.backOff(now, a, 0, daltMarked)
		return
	}
	if !ended {
		return
	}
	excess := d.losses.excess(d.round.tally, d.config.MaxPacket, false)
	switch {
	case d.round.rate >= d.startRate*(1+d.startGain()/4):
		d.startRate, d.flatRounds = d.round.rate, 0
	case !a.Rate.AppLimited:
		d.flatRounds++
	}
	if d.flatRounds > 0 && excess || d.flatRounds >= 2 || d.heavy() {
		d.backOff(now, a, d.queue(now), 1)
		return
	}
	if !excess {
		d.losses.learn(d.round.tally, d.config.MaxPacket)
	}
	d.enter(daltStartup, a)
}

// startGain is the part of a window that startup adds to it in a round trip.
func (d *Dalt) startGain() float64 {
	if d.quiet.wanted {
		return daltQuietGain
	}
	return 1
}

// heavy reports whether the round lost more than any path is forgiven.
func (d *Dalt) heavy() bool {
	return d.round.tally.loss() > daltHeavy && d.round.tally.packets(d.config.MaxPacket) > 40
}

// queue is the standing queue, as well as it is known.
func (d *Dalt) queue(now time.Duration) time.Duration {
	if q := d.path.standing(now, d.srtt); q > 0 {
		return q
	}
	return max(d.round.minRTT-d.path.base(), 0)
}

// drain waits for the first ack of a packet that left since it began.
func (d *Dalt) drain(a Ack, ended bool) {
	d.peakRate = max(d.peakRate, d.round.rate)
	if d.byRate {
		d.full = max(d.full, d.peakRate*d.pathRTT.Seconds()+d.round.bytesPerAck())
		d.window = d.full * daltLow
	}
	if ended {
		if d.failed == 0 && d.depth.halvings == 0 {
			d.window = max(d.window, d.full) // what the acks tell from now on has left
		}
		d.enter(daltMeasure, a)
		d.round.lossesFrom = a.LargestSentAt
	}
}

// measured takes in a round of packets that left while the flow drained, and
// fills the path again.
func (d *Dalt) measured(now time.Duration, a Ack) {
	left := d.round.minRTT - d.path.base()
	if left >= d.target()/3 && d.failed < 4 {
		// The others did not drain, or our idea of full is too large: lower.
		d.failed++
		d.byRate = false
		d.full = d.window
		if left >= d.target() {
			// The path has become slow: what it delivers now is all it can.
			d.full = max(min(d.full, d.round.rate*d.pathRTT.Seconds()+d.round.bytesPerAck()), d.leastWindow())
		}
		d.window = max(d.full*daltLow, d.leastWindow())
		d.enter(daltDrain, a)
		return
	}
	d.failed = 0
	if d.fromStart {
		// What was lost on the way here says little.
		d.losses, d.fromStart = daltLosses{}, false
	}
	d.path.jittery = d.round.spread() > max(d.goal()/2, 3*d.packetTime())
	if d.path.emptyOnAverage(now, d.round.mean(), max(d.empty(), d.round.doubt())) {
		d.losses.learn(d.round.tally, d.config.MaxPacket)
	}
	if d.byRate {
		// The delivery rate is what random loss left of the path's; acks that
		// come in lumps need a lump more in flight.
		through := 1 - min(d.losses.base, daltHeavy)
		d.quiet.learn(d.peakRate / through)
		d.full = d.peakRate/through*(d.srtt-max(left, 0)).Seconds() + d.round.bytesPerAck()
		d.byRate = false
		if d.depth.halvings > 0 {
			// No room for an estimate that is too large.
			d.full = max(d.full*daltBelow, d.leastWindow())
			d.window = min(d.window, d.full)
		}
	}
	d.window = min(max(d.window, d.full), maxWindow)
	d.ceiling = max(d.ceiling, d.full)
	d.rounds, d.emptyRounds = 0, 0
	d.step = d.plainStep()
	d.quiet.listen(&d.round, left, d.goal()/daltQuietNoise)
	if d.quiet.begin(now, d.pathRTT) {
		d.window, d.step = d.full, 0
	}
	d.enter(daltClimb, a)
}

// plainStep is how much the window grows per round below the ceiling. It is
// the same for flows of any window, or they would not become equal, and grows
// with the rounds since the last drain, which flows of one bottleneck share, so
// that large windows do not take long. Small windows take small steps, for
// their flow is slow or has many beside it, and so do halved targets.
func (d *Dalt) plainStep() float64 {
	packets := d.window / float64(d.config.MaxPacket)
	step := min(4+float64(d.rounds)/4, math.Sqrt(packets)/2.5, packets/16)
	return step / float64(1+min(d.depth.halvings, 2)) * float64(d.config.MaxPacket)
}

// climb lets the window grow until a queue stands or losses tell that one
// would overflow.
func (d *Dalt) climb(now time.Duration, a Ack, ended bool) {
	if a.WindowLimited {
		d.window = min(d.window+d.step*float64(a.Bytes)/d.window, maxWindow)
	}
	if d.quiet.cruising() {
		if !d.quiet.over(now) {
			d.cruise(now, a, ended)
			return
		}
		d.step = d.plainStep()
	}
	q := d.path.standing(now, d.srtt)
	d.round.peak = max(d.round.peak, q)
	d.depth.largest.add(now, q)
	switch before := d.round.peakBefore; {
	case q >= d.target():
		// The queue took that much without overflowing: the losses of this
		// climb were not ours.
		d.losses.commit(d.config.MaxPacket)
		if d.round.limited && !a.Rate.AppLimited {
			d.quiet.learn(a.Rate.BytesPerSecond / (1 - min(d.losses.base, daltHeavy)))
		}
		d.depth.reached()
		d.byRate = d.emptyRounds > 2
		d.backOff(now, a, q, 1)
	case before >= d.target()*2/3 && q > 0 && q <= before-d.target()/2:
		// Another flow drains. Draining with it empties the queue for both.
		d.losses.discard()
		d.backOff(now, a, before, 1)
	case a.CE > 0:
		d.losses.discard()
		d.byRate = false
		d.backOff(now, a, q, daltMarked)
	case ended:
		d.climbed(now, a)
	}
}

// climbed judges a round of the climb.
func (d *Dalt) climbed(now time.Duration, a Ack) {
	size := d.config.MaxPacket
	stands := d.round.minRTT-d.path.base() >= d.empty()
	d.standing.add(d.round.tally)
	if !stands {
		d.standing, d.stood = daltTally{}, 0
	} else if d.stood++; d.stood >= daltPatience && d.standing.loss() > 0.01 {
		// Others may keep the queue there, and what is lost in it may have
		// become our reference: take another.
		d.losses.discard()
		d.byRate = false
		d.backOff(now, a, d.queue(now), 1)
		return
	}
	peak := max(d.round.peak, d.round.peakBefore)
	switch {
	case d.heavy():
		carried := d.round.carried * (1 - d.round.tally.loss())
		d.losses.discard()
		d.depth.overflowed(peak, d.goal())
		d.byRate = false
		d.backOff(now, a, d.queue(now), 0.7)
		d.ceiling = max(d.ceiling, carried)
		return
	case stands && d.losses.excess(d.standing, size, true), d.losses.excess(d.round.tally, size, stands):
		carried := d.round.carried
		d.losses.discard()
		d.depth.overflowed(peak, d.goal())
		d.byRate = true
		d.backOff(now, a, d.queue(now), 1)
		if !stands {
			d.ceiling = max(d.ceiling, carried) // no queue showed: this is all that is known of it
		}
		return
	}
	d.losses.suspend(d.round.tally, size)
	d.rounds++
	d.step = d.plainStep()
	wait := 1 << d.depth.halvings
	if stands || !d.round.limited || d.window < d.ceiling*1.03 || d.losses.suspicious(d.round.tally, size) {
		d.emptyRounds = 0
	} else if d.emptyRounds++; d.emptyRounds > wait {
		// The path has become wider: look for its width in doubling steps.
		d.step = min(d.step*float64(uint(1)<<min(d.emptyRounds-wait, 10)), d.window/2)
	}
	d.enter(daltClimb, a)
}
