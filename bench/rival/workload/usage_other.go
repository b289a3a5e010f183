//go:build !unix

package workload

import "time"

// cpuTime is the CPU time of this process; 0 where the system does not say.
func cpuTime() time.Duration { return 0 }
