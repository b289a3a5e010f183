package arq

import (
	"testing"
	"time"
)

// RFC 3550 section 6.4.1 on a known sequence: transit times of 5, 7, 7 and 3 ms
// by a clock that is an hour ahead.
func TestJitterFollowsRFC3550(t *testing.T) {
	var j jitter
	for i, transit := range []time.Duration{5 * ms, 7 * ms, 7 * ms, 3 * ms} {
		sentAt := time.Duration(i) * 20 * ms
		j.sample(sentAt, time.Hour+sentAt+transit)
	}
	// 0 -> +(2-0)/16 -> +(0-J)/16 -> +(4-J)/16
	want := 2.0 / 16
	want += (0 - want) / 16
	want += (4 - want) / 16
	if got := j.smoothed / float64(ms); got < want-1e-9 || got > want+1e-9 {
		t.Errorf("jitter %v ms, want %v", got, want)
	}
}
