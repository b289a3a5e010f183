package arq

import "time"

// limit is what keeps a connection from sending more.
type limit uint8

const (
	limitApplication limit = iota // nothing waits to be sent
	limitFlow                     // the peer gave no credit
	limitCongestion               // the congestion window is full
	limitPacing                   // the next packet's time has not come
	limitCount
)

// limits adds up for how long each was the one.
type limits struct {
	present limit
	since   time.Duration // up to which time is added up
	begun   bool
	times   [limitCount]time.Duration
}

// note says what the limit is from now on.
func (l *limits) note(now time.Duration, what limit) {
	if l.begun {
		l.times[l.present] += now - l.since
	}
	l.begun, l.present, l.since = true, what, now
}
