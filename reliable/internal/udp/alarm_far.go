package udp

import (
	"sync"
	"time"
)

// near is how soon a ring must be due for the milliseconds by which Go rounds
// to matter.
const near = 2 * time.Millisecond

// farAlarm waits for what is far off with a Go timer, and opens the system's
// alarm, a descriptor and a goroutine, for the first ring that is near. Most
// sockets of a process with thousands are idle, and one that is dialed and
// closed never needs it.
type farAlarm struct {
	far     timerAlarm
	waiting bool  // far is set
	precise Alarm // nil until it was needed
	open    func() Alarm
}

// Set implements Alarm. A process that has no descriptor left waits with what
// it has.
func (a *farAlarm) Set(d time.Duration) {
	if d < near && a.precise == nil {
		a.precise = a.open()
	}
	if d >= near || a.precise == nil {
		// What precise was set to before may ring as well: that is early.
		a.waiting = true
		a.far.Set(d)
		return
	}
	if a.waiting {
		a.waiting = false
		a.far.Close()
	}
	a.precise.Set(d)
}

func (a *farAlarm) Granularity() time.Duration { return systemGranularity }

func (a *farAlarm) Close() {
	a.far.Close()
	if a.precise != nil {
		a.precise.Close()
	}
}

// hasSystemAlarms reports whether the system gave an alarm when it was first
// asked for one.
var hasSystemAlarms = sync.OnceValue(func() bool {
	var running sync.WaitGroup
	a := newSystemAlarm(func() {}, &running)
	if a == nil {
		return false
	}
	a.Close()
	running.Wait()
	return true
})
