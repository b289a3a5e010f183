package demo

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScheduleOfAHundredASecond(t *testing.T) {
	s := schedule{messages: 400, rate: 100}
	if got := s.due(0); got != 0 {
		t.Errorf("the first message is due at %v, want 0", got)
	}
	if got := s.length(); got != 3990*time.Millisecond {
		t.Errorf("the last of 400 is due at %v, want 3.99s", got)
	}
	for now, want := range map[time.Duration]int{
		-time.Second: 0, 0: 1, 9999 * time.Microsecond: 1, 10 * time.Millisecond: 2,
		3989 * time.Millisecond: 399, 3990 * time.Millisecond: 400, time.Hour: 400,
	} {
		if got := s.count(now); got != want {
			t.Errorf("due by %v: got %d messages, want %d", now, got, want)
		}
	}
}

// count is the inverse of due at every rate, to the nanosecond.
func TestCountAgreesWithDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule{
			messages: rapid.IntRange(1, 100_000).Draw(t, "messages"),
			rate:     rapid.Float64Range(MinRate, MaxRate).Draw(t, "rate"),
		}
		index := rapid.IntRange(0, s.messages-1).Draw(t, "index")
		if got := s.count(s.due(index)); got != index+1 {
			t.Errorf("when message %d is due: got %d due, want %d", index, got, index+1)
		}
		if got := s.count(s.due(index) - 1); got != index {
			t.Errorf("a nanosecond earlier: got %d due, want %d", got, index)
		}
	})
}
