package raw

import "time"

// jitter is the interarrival jitter of RFC 3550 section 6.4.1, in its integer
// form (appendix A.8): "J(i) = J(i-1) + (|D(i-1,i)| - J(i-1))/16", where D is
// how much longer this packet took than the one that arrived before it. Only
// differences enter, so the clocks of the two sides need not agree.
type jitter struct {
	started bool
	transit int64 // microseconds, off by the unknown difference of the clocks
	scaled  int64 // 16 J, microseconds
}

// maxStep bounds one difference of transit times. A larger one is a clock that
// was set, or a lie, and says nothing about the network.
const maxStep = int64(time.Hour / time.Microsecond)

// arrived takes the arrival time and the sender's timestamp in microseconds.
func (j *jitter) arrived(now time.Duration, sentAt uint64) {
	transit := now.Microseconds() - int64(sentAt) // wraps like the timestamp does
	d := transit - j.transit
	j.transit = transit
	if !j.started {
		j.started = true
		return
	}
	if d < 0 {
		d = -d
	}
	if d < 0 || d > maxStep { // -d of the smallest integer is negative
		return
	}
	j.scaled += d - (j.scaled+8)/16
}

func (j *jitter) value() time.Duration {
	return time.Duration(j.scaled) * time.Microsecond / 16
}
