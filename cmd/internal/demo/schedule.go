package demo

import "time"

// A schedule says when each message of a run is due: message k exactly k/rate
// after the start. It is pure.
type schedule struct {
	messages int
	rate     float64 // messages a second
}

// due is when message index is due.
func (s schedule) due(index int) time.Duration {
	return time.Duration(float64(index) / s.rate * float64(time.Second))
}

// count is how many messages were due by then.
func (s schedule) count(now time.Duration) int {
	if now < 0 {
		return 0
	}
	n := min(int(now.Seconds()*s.rate)+1, s.messages)
	// The product may have been rounded either way; due decides.
	for n < s.messages && s.due(n) <= now {
		n++
	}
	for n > 0 && s.due(n-1) > now {
		n--
	}
	return n
}

// length is when the last message is due.
func (s schedule) length() time.Duration { return s.due(s.messages - 1) }
