package congestion

import (
	"math"
	"time"
)

// Dalt is the default: delay-aware, loss-tolerant.
type Dalt struct {
	config Config
	state  daltState
	window float64 // bytes
	full   float64 // the window that just fills the path, as the last backing off saw it
	path   daltPath
	losses daltLosses
	round  daltRound
	srtt   time.Duration

	step        float64 // bytes the window grows in this round
	emptyRounds int
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
	daltLow    = 0.9
	daltHeavy  = 0.3
)

func NewDalt(c Config) *Dalt {
	d := &Dalt{config: c, window: float64(c.initialWindow())}
	d.round.window = d.window
	return d
}

func (d *Dalt) Name() string { return "dalt" }

func (d *Dalt) Window() int { return min(max(int(d.window), d.config.minimumWindow()), maxWindow) }

func (d *Dalt) PacingRate() float64 {
	if d.srtt == 0 {
		return 0
	}
	gain := 1.2
	if d.state == daltStartup {
		gain = 2
	}
	return gain * d.window / d.srtt.Seconds()
}

func (d *Dalt) PacketSent(time.Duration, Sent) {}

// packetTime is how long a full packet takes on the bottleneck at our rate.
func (d *Dalt) packetTime() time.Duration {
	return time.Duration(float64(d.config.MaxPacket) * float64(d.srtt) / d.window)
}

// target is the standing queue at which the window is cut.
func (d *Dalt) target() time.Duration {
	return max(daltTarget, 3*d.packetTime())
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
		if d.path.standing() >= d.target()*3/4 {
			d.probed = true
			d.backOff(a, float64(a.Rate.TxInFlight), 1)
			break
		}
		if ended {
			d.startupRound(a)
		}
	case daltDrain:
		d.peakRate = max(d.peakRate, d.round.rate)
		if ended {
			d.begin(daltMeasure, a)
			d.round.lossesFrom = a.LargestSentAt
		}
	case daltMeasure:
		if ended {
			d.measured(a)
		}
	case daltClimb:
		if a.WindowLimited {
			d.window += d.step * float64(a.Bytes) / d.window
		}
		if d.path.standing() >= d.target() {
			d.backOff(a, d.round.before, 1)
			break
		}
		if ended {
			d.climbRound(a)
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
	return max(0.25, math.Sqrt(d.window/p)/5) * p
}

func (d *Dalt) startupRound(a Ack) {
	grown := d.round.rate >= d.fullRate*1.25
	excess := d.losses.excess(&d.round, d.config.MaxPacket)
	if grown {
		d.fullRate, d.fullRounds = d.round.rate, 0
	} else if !a.Rate.AppLimited {
		d.fullRounds++
	}
	if !grown && (excess || d.fullRounds >= 2) || d.round.loss() > daltHeavy && d.round.packets(d.config.MaxPacket) > 40 {
		d.backOff(a, float64(a.Rate.TxInFlight), 0.95)
		return
	}
	if !excess {
		d.losses.learn(&d.round, d.config.MaxPacket)
	}
	d.begin(daltStartup, a)
}

func (d *Dalt) measured(a Ack) {
	d.losses.learn(&d.round, d.config.MaxPacket)
	if d.fromStartup {
		// What was lost on the way here says little.
		d.losses = daltLosses{}
		d.losses.learn(&d.round, d.config.MaxPacket)
		d.fromStartup = false
	}
	if d.probed {
		d.probed = false
		d.full = d.peakRate / (1 - min(d.losses.base, daltHeavy)) * (d.srtt - max(d.round.minRTT-d.path.base, 0)).Seconds()
	}
	d.window = max(d.window, d.full)
	d.emptyRounds = 0
	d.step = d.plainStep()
	d.begin(daltClimb, a)
}

func (d *Dalt) climbRound(a Ack) {
	if d.round.loss() > daltHeavy && d.round.packets(d.config.MaxPacket) > 40 {
		d.probed = true
		d.backOff(a, d.round.before, 0.7)
		return
	}
	if d.losses.excess(&d.round, d.config.MaxPacket) {
		d.backOff(a, d.round.before, 0.95)
		return
	}
	d.losses.observe(&d.round, d.config.MaxPacket)
	if d.round.minRTT-d.path.base < max(d.target()/10, d.packetTime()) {
		d.emptyRounds++
	} else {
		d.emptyRounds = 0
	}
	d.step = d.plainStep()
	d.probed = d.emptyRounds > 4
	if d.emptyRounds > 3 {
		d.step = min(d.step*float64(uint(1)<<min(d.emptyRounds-3, 10)), d.window/2)
	}
	d.begin(daltClimb, a)
}

// backOff drains the queue.
func (d *Dalt) backOff(a Ack, carried, factor float64) {
	q := d.path.standing()
	if q <= 0 {
		q = max(d.round.minRTT-d.path.base, 0)
	}
	least := float64(d.config.minimumWindow())
	d.full = max(min(carried, d.window)*(1-q.Seconds()/d.srtt.Seconds())*factor, least)
	if d.state == daltStartup {
		d.fromStartup = true
		d.full = max(d.fullRate, d.round.rate) * (d.srtt - q).Seconds()
	}
	d.peakRate = d.round.rate
	d.window = max(d.full*daltLow, least)
	d.begin(daltDrain, a)
}

// daltRound is what one round trip brought.
type daltRound struct {
	end             uint64
	lost, delivered float64
	rate            float64
	minRTT          time.Duration
	window          float64       // when it began
	lossesFrom      time.Duration // packets sent before are another round's
	before          float64       // when the one before began: what the packets acked now were sent with
}

func (r *daltRound) begin(a Ack, window float64) {
	*r = daltRound{end: a.Rate.TotalDelivered, window: window, before: r.window}
}

func (r *daltRound) acked(a Ack) {
	r.delivered += float64(a.Bytes)
	r.rate = max(r.rate, a.Rate.BytesPerSecond)
	if a.RTT.Latest > 0 && (r.minRTT == 0 || a.RTT.Latest < r.minRTT) {
		r.minRTT = a.RTT.Latest
	}
}

func (r *daltRound) packets(size int) float64 { return (r.lost + r.delivered) / float64(size) }

func (r *daltRound) loss() float64 { return r.lost / (r.lost + r.delivered) }

// daltPath knows the round trip.
type daltPath struct {
	base   time.Duration
	baseAt time.Duration
	recent [16]time.Duration
	n      int
}

func (p *daltPath) sample(now, latest time.Duration) {
	if latest <= 0 {
		return
	}
	if p.base == 0 || latest <= p.base || now-p.baseAt > 10*time.Second {
		p.base, p.baseAt = latest, now
	}
	p.recent[p.n%len(p.recent)] = latest
	p.n++
}

func (p *daltPath) forget() { p.n = 0 }

func (p *daltPath) standing() time.Duration {
	if p.n < len(p.recent) {
		return 0
	}
	m := p.recent[0]
	for _, r := range p.recent {
		m = min(m, r)
	}
	return m - p.base
}

// daltLosses knows which losses are not ours.
type daltLosses struct {
	base     float64
	weight   float64
	variance float64
	vweight  float64
}

func (l *daltLosses) learn(r *daltRound, size int) {
	n := r.packets(size)
	l.weight = min(l.weight+n, 3000)
	l.base += (r.loss() - l.base) * min(n/l.weight, 1)
	l.observe(r, size)
}

func (l *daltLosses) observe(r *daltRound, size int) {
	n := r.packets(size)
	l.vweight = min(l.vweight+n, 6000)
	e := r.loss() - l.base
	l.variance += (e*e*n - l.variance) * min(n/l.vweight, 1)
}

func (l *daltLosses) excess(r *daltRound, size int) bool {
	n := r.packets(size)
	spread := math.Sqrt(max(l.variance, l.base*(1-l.base)) / n)
	return r.loss() > l.base+max(0.02, 3*spread)+2/n
}
