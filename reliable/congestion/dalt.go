package congestion

import "time"

// Constants of Dalt; DESIGN.md gives the reasons.
const (
	// daltTarget is the standing queue at which a flow drains, on paths of up
	// to 50 ms; on longer ones it is a fifth of the round trip, up to twice
	// daltTarget.
	daltTarget = 10 * time.Millisecond
	// daltLow is the part of a full window that a drain leaves.
	daltLow = 0.94
	// daltHeavy is the loss rate that no path is forgiven.
	daltHeavy = 0.3
	// daltMarked is what a CE mark leaves of the window (RFC 8511).
	daltMarked = 0.85
	// daltPatience is for how many round trips a climb may see a queue stand
	// while packets are lost.
	daltPatience = 16
	// daltRoom is how far the window stands above what the rate alone keeps in
	// flight while climbing, so that a burst of lost acks does not stop it.
	daltRoom = 1.5
)

// daltState is where in its cycle a Dalt is.
type daltState uint8

const (
	daltStartup daltState = iota // the window doubles each round trip
	daltDrain                    // little leaves, until the acks are of packets sent so
	daltMeasure                  // the acks are of packets that met no queue of ours
	daltClimb                    // the window grows until a queue stands
)

func (s daltState) String() string {
	return [...]string{"startup", "drain", "measure", "climb"}[s]
}

// Dalt is the delay-aware, loss-tolerant controller of this package, and its
// default. It lets a small queue grow, drains it when it stands at
// daltTarget, and measures in the drained path what the round trip and the
// loss rate are when nobody queues. Loss that is there in the drained path too
// is not congestion and costs nothing but its repair; loss beyond it is, and
// so is a queue that stands. DESIGN.md tells why, with what evidence, and
// where it is weak.
//
//	startup -> drain -> measure -> climb -> drain -> measure -> climb ...
//	           drain <- measure    while a queue is left after a drain
//	any of them -> startup         after persistent congestion
//
// While the connection has urgent messages to send beside its bulk, a climb
// begins with a long cruise at an empty queue: see daltQuiet.
type Dalt struct {
	config Config
	state  daltState
	window float64 // bytes that the rate keeps in flight
	srtt   time.Duration
	path   daltPath
	losses daltLosses
	depth  daltDepth
	quiet  daltQuiet
	round  daltRound

	// Of the last drain.
	full     float64       // the window that just fills the path
	pathRTT  time.Duration // the mean round trip without a queue of ours
	peakRate float64       // the highest delivery rate since it began
	byRate   bool          // full comes from peakRate: the window grew too fast to tell
	failed   int           // drains in a row that left a queue

	// Of the climb.
	ceiling     float64   // growth is plain up to here
	step        float64   // bytes the window grows in this round
	rounds      int       // since it began
	emptyRounds int       // in a row beyond the ceiling without a queue
	standing    daltTally // of the rounds since a queue stands
	stood       int       // how many these are

	// Of startup.
	startRate  float64 // the highest delivery rate
	flatRounds int     // in a row in which it did not grow
	fromStart  bool    // the next measurement is the first
}

// NewDalt returns a Dalt in startup.
func NewDalt(c Config) *Dalt {
	return &Dalt{config: c, window: float64(c.initialWindow())}
}

// Name implements Controller.
func (d *Dalt) Name() string { return "dalt" }

// Window implements Controller.
func (d *Dalt) Window() int {
	w := d.window
	if d.state == daltClimb {
		w *= daltRoom
	}
	return min(max(int(w), d.config.minimumWindow()), maxWindow)
}

// PacingRate implements Controller. In a climb the rate holds the flow, not
// the window: a window per smoothed round trip keeps a window in flight, and
// when a queue makes the round trip longer the rate falls with it.
func (d *Dalt) PacingRate() float64 {
	if d.srtt == 0 {
		return 0
	}
	switch d.state {
	case daltStartup:
		return (1 + d.startGain()) * d.window / d.srtt.Seconds()
	case daltClimb:
		if d.quiet.cruising() {
			return d.quiet.cruiseRate()
		}
		return (d.window + d.step) / d.srtt.Seconds()
	case daltDrain, daltMeasure:
		rate := 1.05 * d.window / d.pathRTT.Seconds()
		if d.quiet.next() {
			rate = min(rate, daltQuietDrain*d.quiet.rate)
		}
		return rate
	}
	panic("BUG: dalt state")
}

// SetMaxPacket implements Resizer.
func (d *Dalt) SetMaxPacket(bytes int) { d.config.MaxPacket = bytes }

// PacketSent implements Controller.
func (d *Dalt) PacketSent(time.Duration, Sent) {}

// target is the standing queue at which the flow drains.
func (d *Dalt) target() time.Duration {
	goal := d.goal() >> d.depth.halvings
	if d.quiet.next() {
		goal = min(goal, max(goal/daltQuietPart, d.quietQueue()))
	}
	return max(goal, d.packetTime()/2)
}

// goal is the target where the bottleneck's queue is deep enough for it. Below
// two packets of ours a queue can't be told from a packet on the wire.
func (d *Dalt) goal() time.Duration {
	return max(daltTarget, min(d.path.base()/5, 2*daltTarget), 2*d.packetTime())
}

// empty is the standing queue below which the bottleneck counts as empty.
func (d *Dalt) empty() time.Duration { return max(d.target()/10, d.packetTime()) }

// packetTime is how long a full packet takes at our rate.
func (d *Dalt) packetTime() time.Duration {
	return time.Duration(float64(d.config.MaxPacket) * float64(d.srtt) / d.window)
}

func (d *Dalt) leastWindow() float64 { return float64(d.config.minimumWindow()) }

// Lost implements Controller.
func (d *Dalt) Lost(_ time.Duration, l Loss) {
	if l.LargestSentAt >= d.round.lossesFrom {
		d.round.tally.lost += float64(l.Bytes)
	}
	if l.Persistent {
		// RFC 9002 section 7.6.2. What was known of the path is void, except
		// how short it can be.
		d.state, d.window = daltStartup, d.leastWindow()
		d.startRate, d.flatRounds = 0, 0
		d.losses, d.depth, d.quiet = daltLosses{}, daltDepth{}, daltQuiet{wanted: d.quiet.wanted}
		d.round = daltRound{end: d.round.end}
	}
}

// Spurious implements Controller: what arrived was not lost. A drain that the
// loss caused ends by itself one round trip later, at the window that the path
// carried: there is nothing else to undo.
func (d *Dalt) Spurious(_ time.Duration, s Spurious) {
	d.round.tally.lost = max(d.round.tally.lost-float64(s.Bytes), 0)
}

// Acked implements Controller.
func (d *Dalt) Acked(now time.Duration, a Ack) {
	d.srtt = a.RTT.Smoothed
	d.quiet.wanted = a.Quiet
	d.path.sample(now, a.RTT.Latest)
	d.round.acked(a)
	ended := a.Rate.PriorDelivered >= d.round.end
	switch d.state {
	case daltStartup:
		d.startup(now, a, ended)
	case daltDrain:
		d.drain(a, ended)
	case daltMeasure:
		if ended {
			d.measured(now, a)
		}
	case daltClimb:
		d.climb(now, a, ended)
	default:
		panic("BUG: dalt state")
	}
}

// enter begins a round, in the state it is in or in another.
func (d *Dalt) enter(s daltState, a Ack) {
	if s != daltClimb || d.state != daltClimb {
		d.path.forget()
	}
	d.state = s
	d.round.begin(a)
}

// backOff begins a drain: of a queue that takes q, and to part of the window
// that would fill the path without it.
func (d *Dalt) backOff(now time.Duration, a Ack, q time.Duration, part float64) {
	d.quiet.fail()
	rate := a.Rate.BytesPerSecond
	if rate == 0 {
		rate = d.window / max(d.srtt, time.Microsecond).Seconds()
	}
	carried := max(d.round.carried, d.round.carriedBefore)
	if !d.round.limited {
		carried = max(carried, d.window) // the application did not use it: no reason to take it away
	}
	// What a full queue refused was in flight and never on the path.
	part *= 1 - max(0, d.round.tally.loss()-d.losses.base)
	// Not by more than half on one measurement: after a silence, when a peer
	// slept, all round trips are long and no queue stands. A drain that leaves
	// a queue goes lower.
	d.full = max(max(carried-q.Seconds()*rate, carried/2)*part, d.leastWindow())
	if d.state == daltStartup {
		// The window grew while the packets were on their way: what they tell
		// is the rate alone.
		d.fromStart, d.byRate = true, true
		d.full = max(max(d.startRate, d.round.rate)*(d.srtt-q).Seconds(), d.leastWindow())
		if !d.round.limited {
			d.full, d.byRate = max(d.full, d.window), false // and the application's rate is not the path's
		}
	}
	d.peakRate = a.Rate.BytesPerSecond // rates of before are not those of a path that just became slow
	d.ceiling = d.full
	if sudden := d.path.standing(now, d.srtt/4); sudden > 2*d.target() {
		q = max(q, sudden) // q looks back a round trip, the smoothed round trip less
	}
	d.pathRTT = max(d.srtt-q, d.path.base(), time.Microsecond)
	d.window = max(d.full*daltLow, d.leastWindow())
	d.standing, d.stood = daltTally{}, 0
	d.enter(daltDrain, a)
}
