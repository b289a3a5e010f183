package congestion

import "time"

// Constants of daltQuiet; DESIGN.md gives the reasons.
const (
	// daltCruise is the part of the path's rate at which a flow cruises, and
	// what a round with a queue, or with too many losses, leaves of that.
	daltCruise = 0.98
	// daltCruiseLeast is what queues may leave of it before a cruise has failed,
	// daltLossLeast what losses may, and daltLossBack what a round without gives
	// back of that.
	daltCruiseLeast = 0.95
	daltLossLeast   = 0.8
	daltLossBack    = 0.0025
	// daltCruiseRounds is how many round trips a cruise lasts, daltCruiseMost
	// how long at most.
	daltCruiseRounds = 640
	daltCruiseMost   = time.Minute
	// daltCruisesFailed bounds how many climbs follow a cruise that failed: two
	// to this power.
	daltCruisesFailed = 6
	// daltQuietPart is the part of its target at which a climb between cruises
	// ends.
	daltQuietPart = 3
	// daltQuietDrain is the part of the path's rate that empties the queue
	// before a cruise.
	daltQuietDrain = 0.9
	// daltQuietGain is the part of a window that startup adds in a round trip.
	daltQuietGain = 0.25
	// daltQuietNoise is the part of the target that jitter may look like: where a
	// queue of a packet or two can't be seen, none is kept away.
	daltQuietNoise = 8
	// daltQuietSamples is how many round trips tell what jitter there is.
	daltQuietSamples = 8
	// daltRateMemory is the part of the path's rate that one measurement leaves
	// of the last.
	daltRateMemory = 0.95
)

// daltQuiet keeps the bottleneck's queue empty while the connection carries
// urgent messages beside its bulk: between two climbs the flow cruises, a little
// below what the path carries. A climb every now and then notices a path that
// became wider. Where a queue stands in spite of a cruise, somebody else keeps
// it: more and more climbs then come before the next cruise, or the others would
// take what this flow leaves.
type daltQuiet struct {
	wanted bool
	rate   float64       // what the path carried when a queue last stood, bytes per second; 0 = not known
	noise  time.Duration // what the shortest round trip of a round is above the base without a queue
	noisy  bool          // too much for a cruise
	failed int           // cruises in a row that failed
	climbs int           // to go before the next cruise

	// Of a cruise.
	until  time.Duration // it ends; 0 = there is none
	queued float64       // what queues left of the rate
	lossy  float64       // what losses left of it
}

// learn takes in what the path carried. One measurement does not lower it by
// much, for a peer may just have slept; a rate that is too high ends the cruise.
func (q *daltQuiet) learn(rate float64) { q.rate = max(rate, q.rate*daltRateMemory) }

// listen takes in a measured round, whose shortest round trip is so far above
// the base. Most is the noise there may be.
func (q *daltQuiet) listen(r *daltRound, above, most time.Duration) {
	noise := max(above, r.spread()/4, 0)
	if q.noise == 0 {
		q.noise = noise
	}
	q.noise += (noise - q.noise) / 4
	q.noisy = q.noise > most || r.samples < daltQuietSamples
}

func (q *daltQuiet) cruising() bool { return q.until > 0 }

// next reports whether a cruise comes next.
func (q *daltQuiet) next() bool { return q.wanted && q.climbs == 0 && q.rate > 0 && !q.noisy }

// begin reports whether a cruise begins.
func (q *daltQuiet) begin(now, roundTrip time.Duration) bool {
	if !q.next() {
		q.climbs = max(q.climbs-1, 0)
		return false
	}
	q.until = now + min(daltCruiseRounds*roundTrip, daltCruiseMost)
	q.queued, q.lossy = daltCruise, 1
	return true
}

// cruiseRate is the rate of the cruise, bytes per second.
func (q *daltQuiet) cruiseRate() float64 { return q.rate * q.queued * q.lossy }

// over ends a cruise whose time has come, and reports whether it has.
func (q *daltQuiet) over(now time.Duration) bool {
	if q.wanted && now < q.until {
		return false
	}
	q.until, q.failed = 0, 0
	return true
}

// fail ends a cruise, if there is one, before its time.
func (q *daltQuiet) fail() {
	if !q.cruising() {
		return
	}
	q.until, q.rate = 0, 0
	q.climbs = 1 << q.failed
	q.failed = min(q.failed+1, daltCruisesFailed)
}

// quietQueue is the standing queue that is surely one: more than what two
// packets wait for each other, and than what jitter leaves.
func (d *Dalt) quietQueue() time.Duration { return 2 * (d.packetTime() + d.quiet.noise) }

// cruise takes in an ack of a cruise.
func (d *Dalt) cruise(now time.Duration, a Ack, ended bool) {
	switch q := d.path.standing(now, d.srtt); {
	case q >= d.goal(), a.CE > 0:
		d.cruiseFailed(now, a, q)
	case ended:
		d.cruised(now, a)
	}
}

// cruised judges a round of a cruise. Of 640 rounds some lose a lot by chance,
// and some meet a queue that others made: a little less is sent then. If that
// goes on the cruise has failed.
func (d *Dalt) cruised(now time.Duration, a Ack) {
	q := &d.quiet
	if d.round.minRTT-d.path.base() >= d.quietQueue() {
		q.queued *= daltCruise
	}
	if d.losses.excess(d.round.tally, d.config.MaxPacket, false) {
		q.lossy *= daltCruise
	} else {
		q.lossy = min(q.lossy+daltLossBack, 1)
	}
	if d.heavy() || q.queued < daltCruiseLeast || q.lossy < daltLossLeast {
		d.cruiseFailed(now, a, d.queue(now))
		return
	}
	d.losses.suspend(d.round.tally, d.config.MaxPacket)
	d.enter(daltClimb, a)
}

// cruiseFailed drains the queue, as after a climb.
func (d *Dalt) cruiseFailed(now time.Duration, a Ack, queue time.Duration) {
	d.losses.discard()
	d.byRate = false
	part := 1.0
	if a.CE > 0 {
		part = daltMarked
	}
	d.backOff(now, a, queue, part)
}
