package arq

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the time this thread has had a processor for: other programs
// change it little. Whoever compares two readings holds the thread
// (runtime.LockOSThread).
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
