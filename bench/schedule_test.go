package bench

import (
	"encoding/binary"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// alarm sleeps until a point in time, and wakes as soon after it as the system
// knows how to.
type alarm interface {
	sleepUntil(t time.Time)
	close()
}

// timerAlarm is the portable alarm. Go timers may be a millisecond late on an
// idle machine.
type timerAlarm struct{}

func (timerAlarm) sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
func (timerAlarm) close()                 {}

// schedule says when each message is due, whatever became of those before it:
// an open loop. The latency of a message counts from then, so that a stall is
// charged to every message that was due during it, not only to the one that
// was being sent (no coordinated omission).
type schedule struct {
	alarm    alarm
	start    time.Time
	interval time.Duration
	latency  *hdrhistogram.Histogram // nanoseconds
}

const (
	latencyMost   = time.Hour // what takes longer is recorded as that
	latencyDigits = 3
	dueBytes      = 8
)

// newSchedule makes the first message due one interval after start.
func newSchedule(a alarm, start time.Time, interval time.Duration) *schedule {
	return &schedule{
		alarm: a, start: start, interval: interval,
		latency: hdrhistogram.New(1, int64(latencyMost), latencyDigits),
	}
}

func (s *schedule) due(number uint64) time.Duration { return s.interval * time.Duration(number+1) }

// pace waits until the message is due and writes into it when that was.
func (s *schedule) pace(number uint64, msg []byte) {
	due := s.due(number)
	s.alarm.sleepUntil(s.start.Add(due))
	binary.BigEndian.PutUint64(msg[numberBytes:], uint64(due))
}

// arrived records the latency of a message. It belongs to one goroutine.
func (s *schedule) arrived(msg []byte) {
	due := time.Duration(binary.BigEndian.Uint64(msg[numberBytes : numberBytes+dueBytes]))
	late := max(time.Since(s.start)-due, 1)
	// RecordValue refuses only what is above latencyMost.
	_ = s.latency.RecordValue(int64(min(late, latencyMost)))
}

// quantile is in microseconds.
func (s *schedule) quantile(q float64) float64 {
	return float64(s.latency.ValueAtQuantile(100*q)) / 1e3
}
