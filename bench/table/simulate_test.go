package table

import (
	"context"
	"maps"
	"testing"
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// fixed is a controller whose window is that many bytes, so that what a path
// does to it can be worked out by hand.
func fixed(window int) func(congestion.Config) congestion.Controller {
	return func(c congestion.Config) congestion.Controller { return congestion.NewFixed(c, window) }
}

func simulate(t *testing.T, w work, s settings, seed uint64) Figures {
	t.Helper()
	f, err := w.simulate(context.Background(), s, seed)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %v, want %v to %v", what, got, low, high)
	}
}

// clean is 50 Mbit/s and a round trip of 50 ms: 312,500 bytes are in flight
// when it is full.
var clean = bulk{link{rate: 50e6, roundTrip: 50 * ms}}

func TestBulkFiguresAreThoseOfTheWindow(t *testing.T) {
	s := settings{duration: 2 * time.Second, packet: 1452}
	// A fifth of what fills the path: a window each round trip and the
	// acknowledgment's delay, 10 Mbit/s less headers and two round trips.
	s.congestion = fixed(62_500)
	f := simulate(t, clean, s, 1)
	within(t, "goodput of a fifth of the window", f[Goodput], 8.2, 9.6)
	within(t, "its wire", f[Wire], 1.015, 1.035)
	if f[Queue] > 1 || f[Spurious] != 0 || f[Retransmits] != 0 {
		t.Errorf("a fifth of the window: queue %v ms, spurious %v %%, %v retransmits, want none", f[Queue], f[Spurious], f[Retransmits])
	}
	// 187,500 bytes more than fill the path: 30 ms, of which those wait
	// elsewhere that are acknowledged late.
	s.congestion = fixed(500_000)
	f = simulate(t, clean, s, 1)
	within(t, "goodput of a window and a half", f[Goodput], 44, 49)
	within(t, "its queue", f[Queue], 24, 30)
	// 78 ms more than fill the path: the queue of 50 ms overflows.
	s.congestion = fixed(800_000)
	f = simulate(t, clean, s, 1)
	within(t, "retransmits of two windows and a half", f[Retransmits], 50, 1e6)
	within(t, "its wire", f[Wire], 1.04, 5)
}

// Wire counts what is lost: each byte delivered crosses the sender's end
// 1/(1-loss) times.
func TestWireCountsRepairs(t *testing.T) {
	s := settings{duration: 2 * time.Second, packet: 1452, congestion: fixed(100_000)}
	without := simulate(t, clean, s, 1)
	lossy := clean
	lossy.loss = 0.1
	with := simulate(t, lossy, s, 1)
	within(t, "wire at 10 % loss over wire without", with[Wire]/without[Wire], 1.09, 1.16)
}

func TestSimulationsRepeat(t *testing.T) {
	s := settings{duration: time.Second, flows: 3 * time.Second, messages: 1000, packet: 1452}
	lossy := clean
	lossy.loss = 0.02
	for name, w := range map[string]work{
		"bulk": lossy, "flows": flows{clean.link, "newreno", "newreno"},
		"isolated": isolated{losses: 10, bytes: 1 << 20}, "handshakes": handshakes{count: 50, within: 5 * time.Second},
		"paced": paced{lossy.link, 200, 100, arq.RedundancyOff}, "lanes": chat, "deadlines": telemetry,
	} {
		if a, b := simulate(t, w, s, 3), simulate(t, w, s, 3); !maps.Equal(a, b) {
			t.Errorf("%s: seed 3 gave %v, then %v", name, a, b)
		}
	}
	if a, b := simulate(t, lossy, s, 3), simulate(t, lossy, s, 4); maps.Equal(a, b) {
		t.Errorf("seeds 3 and 4 gave the same: %v", a)
	}
}

// Two of a kind share, and one that takes what it can is found out.
func TestSharesAreOfBothFlows(t *testing.T) {
	if f := shares(300, 100, time.Second); f[Share] != 0.25 || f[FirstShare] != 0.75 {
		t.Errorf("300 and 100: shares %v, want 0.25 and 0.75", f)
	}
	if f := shares(100, 300, time.Second); f[Share] != 0.25 || f[FirstShare] != 0.25 || f[Goodput] != 0.0032 {
		t.Errorf("100 and 300: shares %v, want 0.25, 0.25 and 0.0032 Mbit/s", f)
	}
	s := settings{flows: 5 * time.Second, packet: 1452}
	f := simulate(t, flows{clean.link, "newreno", "fixed"}, s, 1)
	within(t, "share of newreno beside a fixed window of 1 MiB", f[FirstShare], 0, 0.35)
	f = simulate(t, flows{clean.link, "fixed", "newreno"}, s, 1)
	within(t, "share of the fixed window", f[FirstShare], 0.65, 1)
}

// Without losses nothing is sent again, with them at least that much.
func TestRetransmitsFollowTheLosses(t *testing.T) {
	s := settings{packet: 1452}
	if f := simulate(t, isolated{losses: 1, bytes: 2 << 20}, s, 1); f[Retransmits] < 1 || f[Retransmits] > 3 {
		t.Errorf("one loss: %v retransmits, want one packet's", f[Retransmits])
	}
	if f := simulate(t, isolated{losses: 20, bytes: 2 << 20}, s, 1); f[Retransmits] < 20 {
		t.Errorf("20 losses: %v retransmits", f[Retransmits])
	}
}

// 200 ms are eight ways of 25 ms, of which every second loses: most do not get
// through, and are not counted. The row can fail.
func TestHandshakesThatFailAreNotCounted(t *testing.T) {
	f := simulate(t, handshakes{count: 300, within: 200 * time.Millisecond}, settings{packet: 1452}, 1)
	within(t, "handshakes of 300 within 200 ms", f[Handshakes], 1, 150)
}

func TestSimulationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, w := range map[string]work{
		"bulk": clean, "flows": flows{clean.link, "newreno", "newreno"},
		"isolated": isolated{losses: 10, bytes: 1 << 20}, "handshakes": handshakes{count: 50, within: time.Second},
		"paced": paced{clean.link, 10, 100, arq.RedundancyOff}, "lanes": chat, "deadlines": telemetry,
	} {
		if _, err := w.simulate(ctx, settings{duration: time.Hour, flows: time.Hour, messages: 1000, packet: 1452}, 1); err != context.Canceled {
			t.Errorf("%s: %v, want the context's error", name, err)
		}
	}
}
