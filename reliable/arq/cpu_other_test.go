//go:build !linux

package arq

import "time"

var cpuEpoch = time.Now()

// cpuTime is the clock, where no thread can be asked for its own.
func cpuTime() time.Duration { return time.Since(cpuEpoch) }
