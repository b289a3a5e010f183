package congestion

import (
	"math"
	"slices"
	"time"
)

// Dalt is the default: delay-aware, loss-tolerant.
type Dalt struct {
	config   Config
	state    daltState
	window   float64 // bytes
	full     float64 // the window that just fills the path, as the last backing off saw it
	path     daltPath
	losses   daltLosses
	standing daltRound // of the rounds since the queue stands
	round    daltRound
	srtt     time.Duration
	joins    int
	failed   int // drains in a row that left a queue

	pathRTT     time.Duration // the mean round trip without a queue of ours
	ceiling     float64       // growth is plain up to here
	step        float64       // bytes the window grows in this round
	emptyRounds int
	climbed     int // rounds since the last backing off
	fullRate    float64
	fullRounds  int
	fromStartup bool
	probed      bool    // the window grew too fast for Little's law
	peakRate    float64 // the highest rate seen since the last backing off began
}

type daltState uint8

const (
	daltStartup daltState = iota
	daltDrain             // below the path's capacity, until the acks are of packets sent so
	daltMeasure           // acks are of packets sent below the path's capacity
	daltClimb
)

const (
	daltTarget = 10 * time.Millisecond
	daltLow    = 0.94
	daltHeavy  = 0.3
)

func NewDalt(c Config) *Dalt {
	d := &Dalt{config: c, window: float64(c.initialWindow())}
	d.round.window = d.window
	return d
}

func (d *Dalt) Name() string { return "dalt" }

func (d *Dalt) Window() int {
	w := d.window
	if d.state == daltClimb {
		w *= 2
	}
	return min(max(int(w), d.config.minimumWindow()), maxWindow)
}

func (d *Dalt) PacingRate() float64 {
	if d.srtt == 0 {
		return 0
	}
	switch d.state {
	case daltStartup:
		return 2 * d.window / d.srtt.Seconds()
	case daltClimb:
		return (1.0*d.window + d.step) / d.srtt.Seconds()
	}
	return 1.05 * d.window / d.pathRTT.Seconds()
}

func (d *Dalt) PacketSent(time.Duration, Sent) {}

// packetTime is how long a full packet takes on the bottleneck at our rate.
func (d *Dalt) packetTime() time.Duration {
	return time.Duration(float64(d.config.MaxPacket) * float64(d.srtt) / d.window)
}

// empty is the standing queue below which the bottleneck counts as empty.
func (d *Dalt) empty() time.Duration { return max(d.target()/10, d.packetTime()) }

// target is the standing queue at which the window is cut.
func (d *Dalt) target() time.Duration {
	return max(daltTarget, min(d.path.base/5, 2*daltTarget), 3*d.packetTime())
}

func (d *Dalt) Lost(now time.Duration, l Loss) {
	if l.LargestSentAt >= d.round.lossesFrom {
		d.round.lost += float64(l.Bytes)
	}
	if l.Persistent {
		d.window = float64(d.config.minimumWindow())
	}
}

func (d *Dalt) Spurious(_ time.Duration, s Spurious) { d.round.lost -= float64(s.Bytes) }

func (d *Dalt) Acked(now time.Duration, a Ack) {
	d.srtt = a.RTT.Smoothed
	d.path.sample(now, a.RTT.Latest)
	d.round.acked(a)
	ended := a.Rate.PriorDelivered >= d.round.end
	switch d.state {
	case daltStartup:
		if a.WindowLimited {
			d.window += float64(a.Bytes)
		}
		if d.path.standing(now, d.srtt/4) >= d.target()*3/4 {
			d.probed = true
			d.backOff(now, a, 1)
			break
		}
		if ended {
			d.startupRound(now, a)
		}
	case daltDrain:
		d.peakRate = max(d.peakRate, d.round.rate)
		if d.probed {
			d.full = max(d.full, d.peakRate*d.pathRTT.Seconds()+d.round.delivered/d.round.acks)
			d.window = d.full * daltLow
		}
		if ended {
			d.begin(daltMeasure, a)
			d.round.lossesFrom = a.LargestSentAt
		}
	case daltMeasure:
		if ended {
			d.measured(now, a)
		}
	case daltClimb:
		if a.WindowLimited {
			d.window += d.step * float64(a.Bytes) / d.window
		}
		s := d.path.standing(now, d.srtt)
		d.round.peak = max(d.round.peak, s)
		if s >= d.target() {
			d.losses.commit()
			d.backOff(now, a, 1)
			break
		}
		if d.round.peakBefore >= d.target()*2/3 && s > 0 && s <= d.round.peakBefore-d.target()/2 {
			// Someone else drains the queue.
			d.losses.discard()
			d.joins++
			d.backOffFrom(a, d.round.peakBefore, 1)
			break
		}
		if ended {
			d.climbRound(now, a)
		}
	}
}

func (d *Dalt) begin(s daltState, a Ack) {
	if s != daltClimb || d.state != daltClimb {
		d.path.forget()
	}
	d.state = s
	d.round.begin(a, d.window)
}

// plainStep is how much the window grows per round.
func (d *Dalt) plainStep() float64 {
	p := float64(d.config.MaxPacket)
	return min(2+float64(d.climbed)/4, max(0.25, math.Sqrt(d.window/p)/2.5)) * p
}

func (d *Dalt) startupRound(now time.Duration, a Ack) {
	grown := d.round.rate >= d.fullRate*1.25
	excess := d.losses.excess(&d.round, d.config.MaxPacket, false)
	if grown {
		d.fullRate, d.fullRounds = d.round.rate, 0
	} else if !a.Rate.AppLimited {
		d.fullRounds++
	}
	if !grown && (excess || d.fullRounds >= 2) || d.round.loss() > daltHeavy && d.round.packets(d.config.MaxPacket) > 40 {
		d.backOff(now, a, 0.95)
		return
	}
	if !excess {
		d.losses.learn(&d.round, d.config.MaxPacket)
	}
	d.begin(daltStartup, a)
}

func (d *Dalt) measured(now time.Duration, a Ack) {
	if d.fromStartup {
		// What was lost on the way here says little.
		d.losses = daltLosses{}
		d.fromStartup = false
	}
	if d.round.minRTT-d.path.base >= d.target()/3 && d.failed < 4 {
		d.failed++
		d.probed = false
		d.full = d.window
		d.window *= daltLow
		d.begin(daltDrain, a)
		return
	}
	d.failed = 0
	if d.round.mean()-d.path.lowestMean(now, d.round.mean()) < d.empty() {
		d.losses.learn(&d.round, d.config.MaxPacket)
	}
	if d.probed {
		d.probed = false
		d.full = d.peakRate/(1-min(d.losses.base, daltHeavy))*(d.srtt-max(d.round.minRTT-d.path.base, 0)).Seconds() + d.round.delivered/d.round.acks
	}
	d.window = max(d.window, d.full)
	d.ceiling = max(d.ceiling, d.full)
	d.emptyRounds = 0
	d.climbed = 0
	d.step = d.plainStep()
	d.begin(daltClimb, a)
}

func (d *Dalt) climbRound(now time.Duration, a Ack) {
	if d.round.loss() > daltHeavy && d.round.packets(d.config.MaxPacket) > 40 {
		d.probed = true
		d.losses.discard()
		d.backOff(now, a, 0.7)
		return
	}
	standing := d.round.minRTT-d.path.base >= d.empty()
	if standing {
		d.standing.lost += d.round.lost
		d.standing.delivered += d.round.delivered
	} else {
		d.standing = daltRound{}
	}
	if standing && d.losses.excess(&d.standing, d.config.MaxPacket, true) {
		d.losses.discard()
		d.probed = true
		d.backOff(now, a, 1)
		return
	}
	if d.losses.excess(&d.round, d.config.MaxPacket, standing) {
		carried := d.round.carried
		d.losses.discard()
		d.probed = true
		d.backOff(now, a, 1)
		d.ceiling = max(carried, d.full)
		return
	}
	d.losses.suspend(&d.round, d.config.MaxPacket)
	if d.window < d.ceiling*1.03 {
		d.emptyRounds = 0
	} else if !standing {
		d.emptyRounds++
	} else {
		d.emptyRounds = 0
	}
	d.climbed++
	d.step = d.plainStep()
	if d.round.loss() > d.losses.base+0.01+math.Sqrt(d.losses.base*(1-d.losses.base)/d.round.packets(d.config.MaxPacket)) {
		d.emptyRounds = 0
	}
	d.probed = d.emptyRounds > 2
	if d.emptyRounds > 1 {
		d.step = min(d.step*float64(uint(1)<<min(d.emptyRounds-1, 10)), d.window/2)
	}
	d.begin(daltClimb, a)
}

// backOff drains the queue.
func (d *Dalt) backOff(now time.Duration, a Ack, factor float64) {
	q := d.path.standing(now, d.srtt)
	if q <= 0 {
		q = max(d.round.minRTT-d.path.base, 0)
	}
	d.backOffFrom(a, q, factor)
}

func (d *Dalt) backOffFrom(a Ack, q time.Duration, factor float64) {
	least := float64(d.config.minimumWindow())
	// What the queue refused was in flight and not on the path.
	if d.round.delivered > 0 {
		factor *= 1 - max(0, d.round.loss()-d.losses.base)
	}
	carried := max(d.round.carried, d.round.carriedBefore)
	d.full = max((carried-q.Seconds()*a.Rate.BytesPerSecond)*factor, least)
	if a.Rate.BytesPerSecond == 0 {
		d.full = max(carried*(1-q.Seconds()/d.srtt.Seconds())*factor, least)
	}
	if d.state == daltStartup {
		d.fromStartup = true
		d.full = max(d.fullRate, d.round.rate) * (d.srtt - q).Seconds()
	}
	d.peakRate = d.round.rate
	d.ceiling = d.full
	d.pathRTT = d.srtt - q
	d.window = max(d.full*daltLow, least)
	d.standing = daltRound{}
	d.begin(daltDrain, a)
}

// daltRound is what one round trip brought.
type daltRound struct {
	end              uint64
	lost, delivered  float64
	rate             float64
	minRTT           time.Duration
	sum              time.Duration
	samples          int
	acks             float64
	carriedBefore    float64
	peak, peakBefore time.Duration // the largest standing queue of this round and of the one before
	window           float64       // when it began
	lossesFrom       time.Duration // packets sent before are another round's
	carried          float64       // the most in flight when a packet acknowledged in this round left
}

func (r *daltRound) begin(a Ack, window float64) {
	*r = daltRound{end: a.Rate.TotalDelivered, window: window, peakBefore: r.peak, carriedBefore: r.carried}
}

func (r *daltRound) acked(a Ack) {
	r.delivered += float64(a.Bytes)
	r.acks++
	r.carried = max(r.carried, float64(a.Rate.TxInFlight))
	r.rate = max(r.rate, a.Rate.BytesPerSecond)
	if a.RTT.Latest > 0 {
		r.samples++
		r.sum += a.RTT.Latest
	}
	if a.RTT.Latest > 0 && (r.minRTT == 0 || a.RTT.Latest < r.minRTT) {
		r.minRTT = a.RTT.Latest
	}
}

func (r *daltRound) packets(size int) float64 { return (r.lost + r.delivered) / float64(size) }

func (r *daltRound) mean() time.Duration { return r.sum / time.Duration(max(r.samples, 1)) }

func (r *daltRound) loss() float64 { return max(r.lost, 0) / (max(r.lost, 0) + r.delivered) }

// daltPath knows the round trip.
type daltPath struct {
	base                 time.Duration
	baseAt               time.Duration
	meanBase, meanBaseAt time.Duration
	recent               [32]daltSample
	n                    int
}

func (p *daltPath) sample(now, latest time.Duration) {
	if latest <= 0 {
		return
	}
	if p.base == 0 || latest <= p.base || now-p.baseAt > 10*time.Second {
		p.base, p.baseAt = latest, now
	}
	p.recent[p.n%len(p.recent)] = daltSample{now, latest}
	p.n++
}

// lowestMean is the lowest mean round trip of a round in the last 10 s.
func (p *daltPath) lowestMean(now, mean time.Duration) time.Duration {
	if p.meanBase == 0 || mean <= p.meanBase || now-p.meanBaseAt > 10*time.Second {
		p.meanBase, p.meanBaseAt = mean, now
	}
	return p.meanBase
}

func (p *daltPath) forget() { p.n = 0 }

type daltSample struct{ at, rtt time.Duration }

// standing is the queue that did not go away within the last span of time,
// and within four samples: the smallest round trip over the base.
func (p *daltPath) standing(now, span time.Duration) time.Duration {
	m := time.Duration(0)
	k := 0
	for i := p.n - 1; i >= max(0, p.n-len(p.recent)); i-- {
		s := p.recent[i%len(p.recent)]
		if s.at < now-span && k >= 4 {
			return m - p.base
		}
		k++
		if m == 0 || s.rtt < m {
			m = s.rtt
		}
	}
	if k < len(p.recent) {
		return 0 // not enough since the last forgetting
	}
	return m - p.base
}

// daltLosses knows which losses are not ours.
type daltLosses struct {
	base     float64
	variance float64
	weight   float64
	waiting  daltTally
	square   float64
	open     daltTally
	cohorts  [8]float64
	n        int
}

type daltTally struct{ n, lost float64 }

func (y *daltTally) add(r *daltRound, size int) {
	y.n += r.packets(size)
	y.lost += r.lost / float64(size)
}

func (l *daltLosses) learn(r *daltRound, size int) {
	l.spread(r, size)
	l.open.add(r, size)
	if l.open.n >= 64 {
		l.close(l.open)
		l.open = daltTally{}
	}
}

func (l *daltLosses) close(y daltTally) {
	l.cohorts[l.n%len(l.cohorts)] = y.lost / y.n
	l.n++
	c := slices.Clone(l.cohorts[:min(l.n, len(l.cohorts))])
	slices.Sort(c)
	l.base = c[min(len(c)/4, 1)]
}

func (l *daltLosses) spread(r *daltRound, size int) {
	n := r.packets(size)
	l.weight = min(l.weight+n, 4000)
	e := r.loss() - l.base
	l.variance += (e*e*n - l.variance) * min(n/l.weight, 1)
}

// suspend remembers a round until it is known what ended the climb.
func (l *daltLosses) suspend(r *daltRound, size int) {
	l.waiting.add(r, size)
	e := r.loss() - l.base
	l.square += e * e * r.packets(size) * r.packets(size)
}

func (l *daltLosses) commit() {
	if l.waiting.n >= 64 {
		l.close(l.waiting)
		l.weight = min(l.weight+l.waiting.n, 4000)
		l.variance += (l.square/l.waiting.n - l.variance) * min(l.waiting.n/l.weight, 1)
	}
	l.discard()
}

func (l *daltLosses) discard() { l.waiting, l.square = daltTally{}, 0 }

func (l *daltLosses) excess(r *daltRound, size int, standing bool) bool {
	n := r.packets(size)
	variance := l.base * (1 - l.base)
	if !standing {
		variance = max(variance, l.variance)
	}
	return r.loss() > l.base+max(0.01, 3*math.Sqrt(variance/n))+2/n
}
