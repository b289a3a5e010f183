//go:build !linux

package udp

import "sync"

// newSystemAlarm returns nil: there is none better than Go's timers.
func newSystemAlarm(func(), *sync.WaitGroup) Alarm { return nil }
