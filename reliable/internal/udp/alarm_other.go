//go:build !linux

package udp

import (
	"sync"
	"time"
)

// systemGranularity is that of no alarm.
const systemGranularity time.Duration = 0

// newSystemAlarm returns nil: there is none better than Go's timers.
func newSystemAlarm(func(), *sync.WaitGroup) Alarm { return nil }
