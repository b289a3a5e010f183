//go:build unix

package proxy

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used of all cores, the kernel's part
// included. Unlike the time that passed it depends little on what else runs.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
