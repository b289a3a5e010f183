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

// A connection that sends little has no thinner acks to ask for, and asks for
// the reports all the same.
func TestJitterOfAThinFlow(t *testing.T) {
	for _, report := range []bool{true, false} {
		p := newPair(t, Config{ReportReceivedAt: report})
		sender, _ := p.connect()
		for _, delay := range []time.Duration{20 * ms, 36 * ms, 20 * ms} {
			p.quiet()
			p.delay = delay
			if _, err := sender.Send(p.now, make([]byte, 100), false); err != nil {
				t.Fatal(err)
			}
			p.drain(0)
			p.run(time.Second, func() bool { return sender.Stats().SendQueueBytes == 0 })
		}
		want := time.Duration(0)
		if report { // of 16 ms and 16 ms, see above
			want = ms + 15*ms/16
		}
		if got := sender.Stats().Jitter; got != want {
			t.Errorf("report=%v: jitter %v, want %v", report, got, want)
		}
	}
}
