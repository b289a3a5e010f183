package bench

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// usage is what a process takes of its machine.
type usage struct {
	cpu time.Duration // of all cores, the kernel's part included
	// wakeUps is how often a thread of it went to sleep because there was nothing
	// to do: each time, something woke it.
	wakeUps uint64
}

// meter measures what this process uses between two moments.
type meter struct {
	start time.Time
	used  usage
	known bool // whether this system tells
}

func startMeter() meter {
	u, known := usageNow()
	forgetPeak()
	return meter{time.Now(), u, known}
}

// report adds what was used since, for each of count things of that name.
func (m meter) report(b *testing.B, count uint64, of string) {
	passed := time.Since(m.start)
	now, _ := usageNow()
	if !m.known || count == 0 {
		return
	}
	cpu := now.cpu - m.used.cpu
	b.ReportMetric(100*cpu.Seconds()/passed.Seconds(), "cpu/%")
	b.ReportMetric(float64(cpu)/1e3/float64(count), "cpu-µs/"+of)
	b.ReportMetric(float64(now.wakeUps-m.used.wakeUps)/passed.Seconds(), "wake-ups/s")
}

// forgetPeak makes the system count the peak of memory from now on (man 5
// proc, clear_refs). Where that fails it is the peak since the start.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// statusBytes is a field of /proc/self/status that is in kilobytes.
func statusBytes(field string) (bytes uint64, ok bool) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), field+":"); found {
			_, err := fmt.Sscanf(rest, "%d kB", &bytes)
			return bytes << 10, err == nil
		}
	}
	return 0, false
}
