package workload

import (
	"runtime"
	"time"
)

// usage is what this process used so far.
type usage struct {
	at              time.Time
	cpu             time.Duration // user and system, of all threads
	mallocs, malloc uint64        // heap objects and their bytes, freed ones included
}

func usageNow() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{time.Now(), cpuTime(), m.Mallocs, m.TotalAlloc}
}

func (u usage) since(start usage) usage {
	return usage{
		at: time.Time{}.Add(u.at.Sub(start.at)), cpu: u.cpu - start.cpu,
		mallocs: u.mallocs - start.mallocs, malloc: u.malloc - start.malloc,
	}
}
