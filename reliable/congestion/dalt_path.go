package congestion

import (
	"math"
	"time"
)

// daltRound is what one round trip brought.
type daltRound struct {
	end        uint64 // the first packet sent after so much was delivered ends it
	tally      daltTally
	lossesFrom time.Duration // packets sent before are another round's
	acks       int
	limited    bool    // the application had more to send
	rate       float64 // highest delivery rate, bytes per second
	minRTT     time.Duration
	sumRTT     time.Duration
	samples    int

	// Most bytes in flight when a packet acknowledged in this round left, and
	// in the round before.
	carried, carriedBefore float64
	// Largest standing queue of this round and of the one before.
	peak, peakBefore time.Duration
}

func (r *daltRound) begin(a Ack) {
	*r = daltRound{end: a.Rate.TotalDelivered, peakBefore: r.peak, carriedBefore: r.carried}
}

func (r *daltRound) acked(a Ack) {
	r.tally.delivered += float64(a.Bytes)
	r.acks++
	r.limited = r.limited || a.WindowLimited
	r.carried = max(r.carried, float64(a.Rate.TxInFlight))
	r.rate = max(r.rate, a.Rate.BytesPerSecond)
	if rtt := a.RTT.Latest; rtt > 0 {
		r.samples++
		r.sumRTT += rtt
		if r.minRTT == 0 || rtt < r.minRTT {
			r.minRTT = rtt
		}
	}
}

func (r *daltRound) mean() time.Duration { return r.sumRTT / time.Duration(max(r.samples, 1)) }

// spread is how far the mean round trip is above the shortest.
func (r *daltRound) spread() time.Duration { return r.mean() - r.minRTT }

// doubt is how far jitter alone may move the mean round trip: several standard
// errors, for it is compared with the lowest of many.
func (r *daltRound) doubt() time.Duration {
	return time.Duration(4 * float64(r.spread()) / math.Sqrt(float64(max(r.samples, 1))))
}

func (r *daltRound) bytesPerAck() float64 { return r.tally.delivered / float64(max(r.acks, 1)) }

// daltPath knows the round trip of the path.
type daltPath struct {
	lowest  windowedMin // round trips
	average windowedMin // mean round trips of measured rounds
	recent  [32]struct{ at, rtt time.Duration }
	n       int // samples since the last forgetting
	jittery bool
}

func (p *daltPath) sample(now, latest time.Duration) {
	if latest <= 0 {
		return
	}
	p.lowest.add(now, latest)
	r := &p.recent[p.n%len(p.recent)]
	r.at, r.rtt = now, latest
	p.n++
}

// base is the round trip without a queue: the lowest of the last 5 to 10 s.
// Every drain renews it.
func (p *daltPath) base() time.Duration { return p.lowest.value() }

// emptyOnAverage reports whether a measured round's mean round trip is within
// slack of the lowest such mean: there was no queue in most of it.
func (p *daltPath) emptyOnAverage(now, mean, slack time.Duration) bool {
	p.average.add(now, mean)
	return mean-p.average.value() < slack
}

// forget drops the samples that tell of the time before now.
func (p *daltPath) forget() { p.n = 0 }

// standing is the queue that did not go away during the last span of time: the
// lowest round trip in it over the base, from at least four samples, or twelve
// where there is jitter: that each packet has of its own hardly touches it then.
// It is 0 while there are not enough of them.
func (p *daltPath) standing(now, span time.Duration) time.Duration {
	lowest, least := time.Duration(0), 4
	if p.jittery {
		least = 12
	}
	for i := range min(p.n, len(p.recent)) {
		s := p.recent[(p.n-1-i)%len(p.recent)]
		if s.at < now-span && i >= least {
			return lowest - p.base()
		}
		if lowest == 0 || s.rtt < lowest {
			lowest = s.rtt
		}
	}
	if p.n < len(p.recent) {
		return 0 // they do not reach back far enough yet
	}
	return lowest - p.base()
}

// minSpan is how long half of a windowedMin lasts.
const minSpan = 5 * time.Second

// windowedMin is the smallest of the values of the last 5 to 10 s. Its zero
// value has none.
type windowedMin struct {
	now, before time.Duration // of this span and of the one before; 0 = none
	since       time.Duration
}

func (m *windowedMin) add(now, v time.Duration) {
	if now-m.since >= minSpan {
		m.before, m.now, m.since = m.now, 0, now
	}
	if m.now == 0 || v < m.now {
		m.now = v
	}
}

func (m *windowedMin) value() time.Duration {
	if m.before > 0 && m.before < m.now {
		return m.before
	}
	return m.now
}
