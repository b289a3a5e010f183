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

// spent is what was used from one moment to another.
type spent struct {
	took, cpu       time.Duration
	mallocs, malloc uint64
}

func (u usage) since(start usage) spent {
	return spent{u.at.Sub(start.at), u.cpu - start.cpu, u.mallocs - start.mallocs, u.malloc - start.malloc}
}
