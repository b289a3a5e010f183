package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubbleConfig sends 100 messages in the first 990 ms.
func bubbleConfig() Config { return Config{Messages: 100, Size: 40, Rate: 100} }

// checkCounts compares everything the application counts.
func checkCounts(t *testing.T, name string, got, want Half) {
	t.Helper()
	got.Latency, want.Latency = Latency{}, Latency{}
	got.Connect, want.Connect = 0, 0
	want.PayloadBytes = uint64(want.Delivered) * 40
	if got != want {
		t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
	}
}

func TestBothModesRunAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, reliable := newFake(40*time.Millisecond), newFake(90*time.Millisecond)
		reliable.connectTime = 200 * time.Millisecond
		raw.fate = func(index int) (copies int, damaged bool) {
			switch {
			case index < 10:
				return 0, false // lost
			case index < 13:
				return 2, false // doubled
			case index < 15:
				return 1, true // damaged
			}
			return 1, false
		}
		run := start(t.Context(), bubbleConfig(), raw, reliable)
		r := run.Wait()
		checkCounts(t, "raw", r.Raw, Half{Sent: 100, Delivered: 88, Lost: 12, Duplicate: 3, Corrupt: 2})
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 100, Delivered: 100})
		if !r.Complete || !r.Reliable.ExactlyOnce() || r.Raw.ExactlyOnce() {
			t.Errorf("complete %v, reliable exactly once %v, raw exactly once %v; want true, true, false",
				r.Complete, r.Reliable.ExactlyOnce(), r.Raw.ExactlyOnce())
		}
		// In the bubble nothing takes time but the delay; the histogram keeps
		// three digits.
		if got := r.Raw.Latency.P50; got < 40 || got > 40.04 {
			t.Errorf("raw p50: got %v ms, want 40", got)
		}
		if got := r.Reliable.Latency.P99; got < 90 || got > 90.09 {
			t.Errorf("reliable p99: got %v ms, want 90", got)
		}
		if r.Raw.Connect != 0 || r.Reliable.Connect != 200 {
			t.Errorf("time to connect: raw %v ms, reliable %v ms; want 0, 200", r.Raw.Connect, r.Reliable.Connect)
		}
		if !raw.closed || !reliable.closed {
			t.Error("a transport is still open after the run")
		}
	})
}

// The schedule goes on while no mode can send: what a peer that is not there
// costs is to be seen in both halves of the table.
func TestAPeerThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, reliable := newFake(0), newFake(0)
		raw.fate = func(int) (int, bool) { return 0, false }
		reliable.connectTime = time.Hour
		r := start(t.Context(), bubbleConfig(), raw, reliable).Wait()
		checkCounts(t, "raw", r.Raw, Half{Sent: 100, Lost: 100})
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 100, Lost: 100, Error: "no connection: no answer within 5s"})
		if !r.Complete {
			t.Error("the run came to rest, but is not complete")
		}
		if r.Seconds < 5.99 || r.Seconds > 6.5 {
			t.Errorf("took %v s, want 5 s for the handshake, 1 s for the messages and a moment", r.Seconds)
		}
	})
}

func TestConnectErrorSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reliable := newFake(0)
		reliable.connectErr = errors.New("refused")
		r := start(t.Context(), bubbleConfig(), newFake(0), reliable).Wait()
		if got, want := r.Reliable.Error, "no connection: refused"; got != want {
			t.Errorf("error: got %q, want %q", got, want)
		}
	})
}

// An interrupted run stops sending and waits for what is under way: a message
// that arrives in that time is not lost.
func TestInterruptDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(495*time.Millisecond, cancel) // 50 messages are due then
		r := start(ctx, bubbleConfig(), newFake(200*time.Millisecond), newFake(time.Second)).Wait()
		checkCounts(t, "raw", r.Raw, Half{Sent: 50, Delivered: 50})
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 50, Delivered: 50})
		if r.Complete {
			t.Error("an interrupted run is complete")
		}
	})
}

// An interrupt after the last message was sent cuts nothing short if all that
// was under way arrives in time.
func TestInterruptAfterTheLastMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(995*time.Millisecond, cancel)
		r := start(ctx, bubbleConfig(), newFake(0), newFake(time.Second)).Wait()
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 100, Delivered: 100})
		if !r.Complete {
			t.Error("every message was sent and arrived, but the run is not complete")
		}
	})
}

func TestInterruptDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(495*time.Millisecond, cancel)
		begun := time.Now()
		r := start(ctx, bubbleConfig(), newFake(0), newFake(time.Hour)).Wait()
		if took := time.Since(begun); took != 495*time.Millisecond+drainLimit {
			t.Errorf("ended after %v, want %v after the interrupt", took, drainLimit)
		}
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 50, Lost: 50})
		time.Sleep(time.Hour) // what is still under way in the fake lands
	})
}

func TestInterruptWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		reliable := newFake(0)
		reliable.connectTime = time.Hour
		r := start(ctx, bubbleConfig(), newFake(0), reliable).Wait()
		checkCounts(t, "reliable", r.Reliable, Half{})
		if r.Complete || r.Raw.Sent != 0 {
			t.Errorf("complete %v, raw sent %d; want a run that never began", r.Complete, r.Raw.Sent)
		}
	})
}

// A sender that has to wait does not slow the schedule down: the messages that
// fell due meanwhile count as sent, and as late or lost.
func TestBlockedSenderMissesNoDueMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := bubbleConfig()
		cfg.Timeout = 605 * time.Millisecond // 61 messages are due then
		reliable := newFake(0)
		reliable.full = true
		r := start(t.Context(), cfg, newFake(0), reliable).Wait()
		checkCounts(t, "raw", r.Raw, Half{Sent: 61, Delivered: 61, Error: errTimeout.Error()})
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 61, Lost: 61, Error: errTimeout.Error()})
		if r.Complete {
			t.Error("a run that ran out of time is complete")
		}
	})
}

func TestTimeoutBlamesTheHalfThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reliable := newFake(0)
		reliable.busy = true
		r := start(t.Context(), bubbleConfig(), newFake(0), reliable).Wait()
		if r.Raw.Error != "" || r.Reliable.Error != errTimeout.Error() {
			t.Errorf("errors: raw %q, reliable %q; want the timeout for reliable alone", r.Raw.Error, r.Reliable.Error)
		}
		if want := (990*time.Millisecond + grace).Seconds(); r.Seconds != want {
			t.Errorf("took %v s, want the schedule and the grace, %v s", r.Seconds, want)
		}
	})
}

// A connection that breaks ends its half at once, not at the timeout, and the
// other half goes on.
func TestBrokenTransportEndsItsHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reliable := newFake(0)
		reliable.breaks, reliable.breakErr = 30, errors.New("peer was restarted")
		r := start(t.Context(), bubbleConfig(), newFake(0), reliable).Wait()
		checkCounts(t, "raw", r.Raw, Half{Sent: 100, Delivered: 100})
		checkCounts(t, "reliable", r.Reliable, Half{Sent: 100, Delivered: 30, Lost: 70, Error: "peer was restarted"})
		if !r.Complete || r.Seconds > 2 {
			t.Errorf("complete %v after %v s, want true without waiting for the timeout", r.Complete, r.Seconds)
		}
	})
}

// Snapshots while the run goes on are consistent, and the last one is the
// result.
func TestSnapshotWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := start(t.Context(), bubbleConfig(), newFake(40*time.Millisecond), newFake(90*time.Millisecond))
		time.Sleep(505 * time.Millisecond)
		synctest.Wait()
		s := run.Snapshot()
		checkCounts(t, "raw", s.Raw, Half{Sent: 51, Delivered: 47})
		checkCounts(t, "reliable", s.Reliable, Half{Sent: 51, Delivered: 42})
		if s.Complete || s.Seconds != 0.505 {
			t.Errorf("complete %v at %v s, want false at 0.505 s", s.Complete, s.Seconds)
		}
		end := run.Wait()
		if again := run.Snapshot(); again != end {
			t.Errorf("snapshot after the end:\n got %+v\nwant %+v", again, end)
		}
	})
}
