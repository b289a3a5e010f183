package proxy

import (
	"math/bits"
	"sync"
	"time"
)

// Lateness is a histogram of how long after its scheduled time each datagram
// was sent. Its buckets grow by an eighth of a power of two from 1 µs on, so a
// quantile is at most 12.5 % too high; below 1 µs they are 128 ns wide. The
// zero value is empty. It is a plain value, not for concurrent use.
type Lateness struct {
	Count uint64
	Sum   time.Duration
	Max   time.Duration

	buckets [latenessBuckets]uint64
}

const (
	latenessUnitBits = 10 // the first octave is 1024 ns
	latenessSubBits  = 3
	latenessSubs     = 1 << latenessSubBits
	latenessOctaves  = 26 // up to 2^35 ns, 34 s; the last bucket takes what is later
	latenessBuckets  = latenessOctaves * latenessSubs
)

// observe enters one datagram. Sent before its time counts as on time; that
// takes a clock that runs backwards.
func (l *Lateness) observe(late time.Duration) {
	late = max(0, late)
	l.Count++
	l.Sum += late
	l.Max = max(l.Max, late)
	l.buckets[latenessBucket(late)]++
}

// punctuality is the lateness of one direction, of all flows together: a
// histogram for each would be the larger part of a flow's memory. The recent
// part is that of the last one to two windows.
type punctuality struct {
	mu     sync.Mutex
	past   Lateness // before the recent part
	before Lateness // of the window before
	latest Lateness // of this window
	begun  time.Duration
}

const latenessWindow = 5 * time.Second

// observe enters what was sent now.
func (p *punctuality) observe(now time.Duration, dues []time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	for _, due := range dues {
		p.latest.observe(now - due)
	}
}

// turn begins a new window if this one is over.
func (p *punctuality) turn(now time.Duration) {
	windows := (now - p.begun) / latenessWindow
	if windows < 1 {
		return
	}
	p.past.add(&p.before)
	p.before = p.latest
	if windows > 1 {
		p.past.add(&p.before)
		p.before = Lateness{}
	}
	p.latest = Lateness{}
	p.begun += windows * latenessWindow
}

func (p *punctuality) total() Lateness {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.past
	l.add(&p.before)
	l.add(&p.latest)
	return l
}

func (p *punctuality) recent(now time.Duration) Lateness {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	l := p.before
	l.add(&p.latest)
	return l
}

// latenessBucket finds the bucket: octave 0 is below 1024 ns, octave k from
// 2^(k-1) to 2^k times that.
func latenessBucket(late time.Duration) int {
	v := uint64(late)
	octave := bits.Len64(v >> latenessUnitBits)
	if octave == 0 {
		return int(v >> (latenessUnitBits - latenessSubBits))
	}
	if octave >= latenessOctaves {
		return latenessBuckets - 1
	}
	sub := v >> (latenessUnitBits + octave - 1 - latenessSubBits) & (latenessSubs - 1)
	return octave<<latenessSubBits | int(sub)
}

// latenessBound is the first value above the bucket.
func latenessBound(bucket int) time.Duration {
	octave, sub := bucket>>latenessSubBits, bucket&(latenessSubs-1)
	if octave == 0 {
		return time.Duration(sub+1) << (latenessUnitBits - latenessSubBits)
	}
	return time.Duration(latenessSubs+sub+1) << (latenessUnitBits + octave - 1 - latenessSubBits)
}

// Quantile returns a time that the share q (0..1) of the datagrams did not
// exceed, 0 if there are none.
func (l *Lateness) Quantile(q float64) time.Duration {
	if l.Count == 0 {
		return 0
	}
	rank := min(uint64(q*float64(l.Count)), l.Count-1)
	var seen uint64
	for i, n := range l.buckets {
		if seen += n; seen > rank {
			if i == latenessBuckets-1 {
				return l.Max
			}
			return min(latenessBound(i), l.Max)
		}
	}
	panic("BUG: the buckets hold fewer than Count")
}

// AtMost returns how many datagrams were at most that late, to the precision
// of the buckets: what a cumulative (Prometheus) histogram asks for.
func (l *Lateness) AtMost(late time.Duration) uint64 {
	if late >= l.Max {
		return l.Count
	}
	var seen uint64
	for i, n := range l.buckets[:latenessBuckets-1] {
		if latenessBound(i) > late {
			break
		}
		seen += n
	}
	return seen
}

func (l *Lateness) add(o *Lateness) {
	l.Count += o.Count
	l.Sum += o.Sum
	l.Max = max(l.Max, o.Max)
	for i, n := range o.buckets {
		l.buckets[i] += n
	}
}
