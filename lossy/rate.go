package lossy

import "time"

// transmitter is the link behind the queue. It sends one datagram after the
// other, at a fixed rate or when a trace gives it a chance. Times are whole
// nanoseconds and what a division leaves over is carried on, so that the
// long-run rate is exact.
type transmitter struct {
	rate      uint64        // bits per second, 0 = unlimited; without meaning if there is a trace
	busyUntil time.Duration // when the last bit of all that was accepted is out
	carry     uint64        // what busyUntil owes, in 1/rate of a nanosecond
	trace     chances
}

// set changes the rate. What was accepted already keeps its time; see retime.go.
func (t *transmitter) set(rate uint64, trace *LinkTrace) {
	if rate != t.rate {
		t.rate, t.carry = rate, 0
	}
	if trace != t.trace.of {
		t.trace = chances{of: trace, after: t.busyUntil}
	}
}

// hold has nothing sent before a time.
func (t *transmitter) hold(until time.Duration) {
	if t.busyUntil < until {
		t.busyUntil, t.carry = until, 0
	}
}

// limited says whether anything ever waits for the transmitter.
func (t *transmitter) limited() bool { return t.rate != 0 || t.trace.of != nil }

// start is when the first bit of a datagram gets out that arrives now and has
// nothing before it but what was accepted.
func (t *transmitter) start(now time.Duration) time.Duration {
	if t.trace.of != nil {
		return t.trace.next(now)
	}
	return max(now, t.busyUntil)
}

// behind is start for a datagram that has so many bytes waiting before it.
func (t *transmitter) behind(now time.Duration, bytes int) time.Duration {
	switch {
	case bytes == 0 || !t.limited():
		return t.start(now)
	case t.trace.of != nil:
		c := t.trace
		return c.behind(now, bytes)
	}
	work := uint64(bytes)*8*uint64(time.Second) + t.carry
	return max(now, t.busyUntil) + time.Duration(work/t.rate)
}

// backlog is how long a datagram that arrives now waits for its first bit to
// be sent.
func (t *transmitter) backlog(now time.Duration) time.Duration {
	return t.start(now) - now
}

// transmit accepts a datagram and returns when its last bit is out.
func (t *transmitter) transmit(now time.Duration, size int) time.Duration {
	if t.trace.of != nil {
		t.busyUntil, t.carry = t.trace.take(now, size), 0
		return t.busyUntil
	}
	if t.rate == 0 {
		return max(now, t.busyUntil)
	}
	t.hold(now)
	work := uint64(size)*8*uint64(time.Second) + t.carry
	t.busyUntil += time.Duration(work / t.rate)
	t.carry = work % t.rate
	return t.busyUntil
}
