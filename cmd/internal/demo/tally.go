package demo

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept to three digits between a microsecond and an hour.
const (
	latencyUnit   = time.Microsecond
	latencyMost   = time.Hour
	latencyDigits = 3
)

// A tally is what the application at the receiving end of one half saw. It
// judges messages by what is in them alone. Safe for concurrent use.
type tally struct {
	size    int
	observe func(latency time.Duration) // called for each delivered message; may be nil

	mu         sync.Mutex
	have       []bool // by index
	sent       int    // messages due so far
	finished   bool   // what is missing now is lost
	next       int    // one above the highest index delivered
	delivered  int
	outOfOrder int
	duplicate  int
	corrupt    int
	latency    *hdrhistogram.Histogram
}

func newTally(messages, size int, observe func(time.Duration)) *tally {
	return &tally{
		size:    size,
		observe: observe,
		have:    make([]bool, messages),
		latency: hdrhistogram.New(1, int64(latencyMost/latencyUnit), latencyDigits),
	}
}

// offered says that n messages have been due by now.
func (t *tally) offered(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = max(t.sent, n)
}

// arrived takes a payload that the transport handed over at the given time of
// the run. intact is what the transport says of it.
func (t *tally) arrived(now time.Duration, payload []byte, intact bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	index, due, ok := parseMessage(payload, len(t.have), t.size)
	switch {
	case !intact || !ok:
		t.corrupt++
		return
	case t.have[index]:
		t.duplicate++
		return
	case index < t.next:
		t.outOfOrder++
	}
	t.have[index] = true
	t.next = max(t.next, index+1)
	t.delivered++
	latency := max(0, now-due)
	// An hour is longer than any run; a clock that jumps is cut there.
	_ = t.latency.RecordValue(int64(min(latency, latencyMost) / latencyUnit))
	if t.observe != nil {
		t.observe(latency)
	}
}

// finish ends the run: what has not arrived is lost.
func (t *tally) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished = true
}

// arrivals is how many there were in all.
func (t *tally) arrivals() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.delivered + t.duplicate + t.corrupt
}

// half is the tally as the application's part of a Half.
func (t *tally) half() Half {
	t.mu.Lock()
	defer t.mu.Unlock()
	missing := t.next - t.delivered
	if t.finished {
		missing = t.sent - t.delivered
	}
	return Half{
		Sent: t.sent, Delivered: t.delivered, Lost: missing,
		OutOfOrder: t.outOfOrder, Duplicate: t.duplicate, Corrupt: t.corrupt,
		PayloadBytes: uint64(t.delivered) * uint64(t.size),
		Latency:      Latency{t.quantile(50), t.quantile(95), t.quantile(99)},
	}
}

// quantile is a percentile of the latency. t.mu is held.
func (t *tally) quantile(percent float64) Millis {
	if t.delivered == 0 {
		return unknown
	}
	return millis(time.Duration(t.latency.ValueAtPercentile(percent)) * latencyUnit)
}
