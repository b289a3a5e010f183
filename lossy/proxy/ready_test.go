package proxy

import (
	"errors"
	"testing"
	"time"

	"udplab/lossy"
)

// Lateness beyond the limit shows while it is recent, and in the totals for
// good.
func TestReady(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	send := func(n int, late time.Duration) {
		now := b.clock()
		for range n {
			b.lateness[lossy.Down].observe(now, []time.Duration{now - late})
		}
	}
	ready := func(want bool, why string) {
		t.Helper()
		err := b.Ready()
		if want {
			if err != nil {
				t.Errorf("%s: %v, want it ready", why, err)
			}
			return
		}
		var late *LateError
		if !errors.As(err, &late) {
			t.Errorf("%s: %v, want a *LateError", why, err)
		} else if late.Direction != lossy.Down || late.Limit != time.Millisecond || late.P99 < 2*time.Millisecond {
			t.Errorf("%s: %+v, want what is down, 2 ms or a little more, and the limit of 1 ms", why, *late)
		}
	}
	b.pass(time.Minute)
	ready(true, "nothing was sent")
	send(59, 0)
	ready(true, "all of a few left on time")
	send(1, 2*time.Millisecond)
	ready(false, "of a few one left 2 ms late")
	b.pass(2 * latenessWindow)
	ready(true, "that is over")
	send(100, 2*time.Millisecond)
	ready(false, "a hundred left 2 ms late")
	b.pass(latenessWindow)
	ready(false, "in the window before")
	b.pass(latenessWindow)
	ready(true, "two windows ago")
	send(990, 0)
	send(10, 2*time.Millisecond)
	ready(false, "one in a hundred left 2 ms late")
	send(20, 0)
	ready(true, "fewer than one in a hundred did")
	b.pass(time.Hour)
	ready(true, "an hour ago")
	late := b.lateness[lossy.Down].total()
	if late.Count != 1180 || late.AtMost(time.Millisecond) != 1069 {
		t.Errorf("%d in all, %d on time, want 1180 and 1069", late.Count, late.AtMost(time.Millisecond))
	}
	b.lateness[lossy.Down] = punctuality{} // they were no link's
}

func TestLateLimit(t *testing.T) {
	for _, c := range []struct {
		limit time.Duration
		ready bool
	}{{0, true}, {-1, true}, {time.Nanosecond, false}} {
		p := startProxy(t, Config{LateLimit: c.limit}, newAlarm(), echo(t, "127.0.0.1:0"))
		client := client(t, p)
		exchange(t, client, "x")
		if c.limit == 0 {
			continue // whether this machine keeps a millisecond is not the test's business
		}
		if err := p.Ready(); (err == nil) != c.ready {
			t.Errorf("with a limit of %v: %v, want ready %v", c.limit, err, c.ready)
		}
	}
}
