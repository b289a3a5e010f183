package lossy

import "time"

// transmitter is a link of a fixed rate that sends one datagram after the
// other. Times are whole nanoseconds and what a division leaves over is
// carried on, so that the long-run rate is exact.
type transmitter struct {
	rate      uint64        // payload bits per second, 0 = unlimited
	busyUntil time.Duration // when the last bit of all that was accepted is out
	carry     uint64        // what busyUntil owes, in 1/rate of a nanosecond
}

// set changes the rate. What was accepted already keeps its time.
func (t *transmitter) set(rate uint64) {
	if rate != t.rate {
		t.rate, t.carry = rate, 0
	}
}

// backlog is how long a datagram that arrives now waits for its first bit to
// be sent.
func (t *transmitter) backlog(now time.Duration) time.Duration {
	if t.rate == 0 {
		return 0
	}
	return max(0, t.busyUntil-now)
}

// transmit accepts a datagram and returns when its last bit is out.
func (t *transmitter) transmit(now time.Duration, size int) time.Duration {
	if t.rate == 0 {
		return now
	}
	if t.busyUntil < now {
		t.busyUntil, t.carry = now, 0
	}
	work := uint64(size)*8*uint64(time.Second) + t.carry
	t.busyUntil += time.Duration(work / t.rate)
	t.carry = work % t.rate
	return t.busyUntil
}
