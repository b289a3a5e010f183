//go:build unix

package bench

import (
	"syscall"
	"time"
)

// usageNow is what this process has used so far.
func usageNow() (usage, bool) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, false
	}
	return usage{
		cpu:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		wakeUps: uint64(r.Nvcsw),
	}, true
}
