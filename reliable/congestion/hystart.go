package congestion

import "time"

// Constants of HyStart++ (RFC 9406 section 4.3).
const (
	hystartMinThreshold  = 4 * time.Millisecond
	hystartMaxThreshold  = 16 * time.Millisecond
	hystartDivisor       = 8
	hystartSamples       = 8
	hystartGrowthDivisor = 4
	hystartRounds        = 5
)

// hystart is HyStart++ (RFC 9406): slow start slows down when the round trip
// grows, and ends when it stays grown, before the queue overflows. All
// controllers here are paced, so L is infinite (section 4.3). Its zero value is
// ready.
type hystart struct {
	roundEnd uint64
	last     time.Duration // smallest round trip of the round before; 0 = unknown
	current  time.Duration // and of this one
	samples  int
	baseline time.Duration // what conservative slow start began with; 0 = not in it
	rounds   int           // of conservative slow start
}

// acked takes in an ack of the initial slow start. It returns by how many
// bytes the window may grow, and whether slow start is over.
func (h *hystart) acked(a Ack) (grow float64, done bool) {
	if a.Rate.PriorDelivered >= h.roundEnd {
		// Section 4.2: rounds are measured by what was in flight at their start.
		h.roundEnd = a.Rate.TotalDelivered
		h.last, h.current, h.samples = h.current, 0, 0
		if h.baseline > 0 {
			h.rounds++
		}
	}
	if a.RTT.Latest > 0 {
		h.samples++
		if h.current == 0 || a.RTT.Latest < h.current {
			h.current = a.RTT.Latest
		}
	}
	switch {
	case h.baseline > 0 && h.samples >= hystartSamples && h.current < h.baseline:
		h.baseline = 0 // the exit was premature
	case h.baseline == 0 && h.samples >= hystartSamples && h.last > 0:
		threshold := min(max(h.last/hystartDivisor, hystartMinThreshold), hystartMaxThreshold)
		if h.current >= h.last+threshold {
			h.baseline, h.rounds = h.current, 0
		}
	}
	if h.baseline == 0 {
		return float64(a.Bytes), false
	}
	return float64(a.Bytes) / hystartGrowthDivisor, h.rounds >= hystartRounds
}
