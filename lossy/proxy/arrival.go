package proxy

import (
	"sync/atomic"
	"time"
)

// clock is the time that a proxy goes by. In tests it is the test's.
type clock struct {
	now func() time.Duration // monotonic, since New
	// both also reads the clock that the kernel stamps arrivals with, in
	// nanoseconds since 1970. Nil says that stamps mean nothing on this clock.
	both func() (now time.Duration, stamp int64)
}

// newClock begins now. Package time reads both clocks at once.
func newClock() clock {
	epoch := time.Now()
	return clock{
		now: func() time.Duration { return time.Since(epoch) },
		both: func() (time.Duration, int64) {
			t := time.Now()
			return t.Sub(epoch), t.UnixNano()
		},
	}
}

const (
	// Somebody may set the clock of the stamps while a datagram waits to be
	// read, or the machine may sleep. Both clocks are slewed alike, so that is
	// seen by their difference. What is less harms no more than it is.
	clockStep = time.Millisecond

	// What has waited longer is taken to have waited so long.
	longestWait = time.Minute
)

// arrivals finds out when datagrams arrived that are read later: the network's
// time, delay included, begins there, and a proxy that was too busy to read is
// late. Safe for concurrent use.
type arrivals struct {
	clock clock
	apart atomic.Int64 // the stamps' clock less the proxy's
}

func (a *arrivals) begin(c clock) {
	a.clock = c
	if c.both != nil {
		now, stamp := c.both()
		a.apart.Store(stamp - int64(now))
	}
}

// date says of messages that were just read how long they had waited, and
// returns the time. Where nothing is known they have not waited: what has no
// stamp, and what is read when the clock of the stamps has been set.
func (a *arrivals) date(messages []message) (now time.Duration) {
	if a.clock.both == nil {
		return a.clock.now()
	}
	now, stamp := a.clock.both()
	apart := stamp - int64(now)
	if step := time.Duration(apart - a.apart.Load()); step > clockStep || step < -clockStep {
		a.apart.Store(apart)
		return now
	}
	for i := range messages {
		if m := &messages[i]; m.stamp != 0 {
			m.waited = min(max(0, time.Duration(stamp-m.stamp)), longestWait)
		}
	}
	return now
}
