package udp

import (
	"sync"
	"time"
)

// Alarm calls a function when a time has passed. It is what all deadlines of a
// socket wait on. Set and Close are called under one lock of the caller's, and
// Set never after Close; the function runs beside them, and once more after
// Close at most.
type Alarm interface {
	// Set has the function called once after d, at once if d is not positive,
	// instead of at any time set before. The call may come early, so the
	// function looks at the clock.
	Set(d time.Duration)
	// Granularity is how close together calls can come and how late they
	// usually are on an idle machine, whatever was asked for.
	Granularity() time.Duration
	// Close stops it, and does not wait.
	Close()
}

// NewAlarm returns the most precise alarm there is for the socket: that of the
// system for a socket of the system's, and a Go timer for any other, whose
// time need not be the system's (testing/synctest). running counts the
// goroutine it may come to need, from a Set on; it ends after Close.
func (s *Socket) NewAlarm(ring func(), running *sync.WaitGroup) Alarm {
	if s.native && hasSystemAlarms() {
		return &farAlarm{far: newTimerAlarm(ring), open: func() Alarm { return newSystemAlarm(ring, running) }}
	}
	return newTimerAlarm(ring)
}

// timerAlarm is the portable alarm. When a process is idle, Go rounds what is
// left to wait up to a millisecond.
type timerAlarm struct{ timer *time.Timer }

func newTimerAlarm(ring func()) timerAlarm {
	t := time.AfterFunc(time.Hour, ring)
	t.Stop()
	return timerAlarm{t}
}

// Set implements Alarm. A timer that is due at once crashes Go 1.26 in a
// synctest bubble under -race, now and then.
func (a timerAlarm) Set(d time.Duration)        { a.timer.Reset(max(d, 1)) }
func (a timerAlarm) Granularity() time.Duration { return time.Millisecond }
func (a timerAlarm) Close()                     { a.timer.Stop() }
