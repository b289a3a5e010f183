package proxy

import "time"

// alarm wakes one waiting goroutine after a time. set and close are called
// under one lock, and set never after close; wait runs beside them.
type alarm interface {
	// set has wait return once after d, at once if d is not positive, and
	// forgets what was set before.
	set(d time.Duration)
	// wait blocks until the alarm goes off. False means closed. It may also
	// return early, so the caller looks at the clock.
	wait() bool
	close()
}

// timerAlarm is the portable alarm. Go timers below a millisecond are up to a
// millisecond late when the process is idle.
type timerAlarm struct {
	timer *time.Timer
	done  chan struct{}
}

func newTimerAlarm() *timerAlarm {
	a := &timerAlarm{timer: time.NewTimer(time.Hour), done: make(chan struct{})}
	a.timer.Stop()
	return a
}

// set relies on Reset leaving no stale value in the channel (Go 1.23).
func (a *timerAlarm) set(d time.Duration) { a.timer.Reset(d) }

func (a *timerAlarm) wait() bool {
	select {
	case <-a.timer.C:
		return true
	case <-a.done:
		return false
	}
}

func (a *timerAlarm) close() {
	a.timer.Stop()
	close(a.done)
}
