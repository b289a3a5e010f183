package workload

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"udplab/bench/rival/contender"
)

// The figures of workloads, where what they should be is known exactly: in
// virtual time, over a contender whose messages take as long as the test says.

func TestBulkCountsWhatArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 64 KiB each millisecond, on each of two connections.
		values, err := runBulk(t.Context(), fake{send: time.Millisecond}.contender(), contender.Options{}, 2, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		const want = 2 * 65536 * 8 / 1e6 * 1000
		if got := values["goodput_mbit_s"]; got < 0.99*want || got > 1.01*want {
			t.Errorf("goodput %.1f Mbit/s, want %.1f", got, want)
		}
	})
}

func TestBulkThatStallsSaysHowFarItGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The greeting is the first of the hundred.
		_, err := runBulk(t.Context(), fake{send: time.Millisecond, stalls: 101}.contender(), contender.Options{}, 1, Settings{})
		if err == nil || err.Error() != "stalled after 6553600 bytes" {
			t.Errorf("error %v, want that it stalled after 100 messages", err)
		}
	})
}

func TestPingTimesThereAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values, err := runPing(t.Context(), fake{delay: 3 * time.Millisecond}.contender(), 64, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"p50_us", "p99_us", "p99_9_us"} {
			// Three digits of a histogram.
			if got := values[q]; got < 5990 || got > 6010 {
				t.Errorf("%s is %v, want 6000", q, got)
			}
		}
	})
}

func TestPingThatStallsEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := runPing(ctx, fake{delay: 100 * time.Millisecond, stalls: 10}.contender(), 64, Settings{})
		if err == nil || !strings.HasPrefix(err.Error(), "stalled after 8 answers") {
			t.Errorf("error %v, want that it stalled: a greeting and one to get warm came first", err)
		}
	})
}

func TestConnectsCountsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Each takes 10 ms, eight at a time.
		values, err := runConnects(t.Context(), fake{delay: 5 * time.Millisecond}.contender(), Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if got := values["connects_s"]; got < 790 || got > 810 {
			t.Errorf("%v connects a second, want 800", got)
		}
	})
}

func TestConnectsThatFailAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// An answer that takes longer than anyone waits.
		_, err := runConnects(t.Context(), fake{delay: callPatience}.contender(), Settings{})
		if err == nil || err.Error() != "stalled: no connection was made" {
			t.Errorf("error %v, want that there was no connection", err)
		}
		// One that can't be sent: the listener got its greeting, and waits.
		values, err := runConnects(t.Context(), fake{delay: 50 * time.Millisecond, stalls: -1}.contender(), Settings{})
		if err == nil || !strings.Contains(err.Error(), "connections failed, one because: refused") {
			t.Errorf("error %v and %v, want that connections failed", err, values)
		}
	})
}

func TestGameTimesOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := noNetwork{carried{late: 7 * time.Millisecond}}
		values, err := runGame(t.Context(), fake{delay: 25 * time.Millisecond}.contender(), path, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if got := values["p99_9_ms"]; got < 24.9 || got > 25.1 {
			t.Errorf("p99.9 is %v ms, want 25", got)
		}
		if got := values["path_late_p99_ms"]; got != 7 {
			t.Errorf("the path was %v ms late, want 7", got)
		}
	})
}

func TestGameThatStallsSaysHowFarItGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := runGame(ctx, fake{delay: time.Millisecond, stalls: 31}.contender(), noNetwork{}, Settings{})
		if err == nil || !strings.HasPrefix(err.Error(), "stalled after 30 of 3600 messages") {
			t.Errorf("error %v, want that it stalled after 30", err)
		}
	})
}

func TestBottleneckCountsFromTheDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The greeting takes a second each way, so of 15 s 13 are left, and half
		// a second and more passes until the first message has arrived.
		c := fake{send: 10 * time.Millisecond, delay: time.Second}.contender()
		values, err := runBottleneck(t.Context(), c, noNetwork{}, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		const want = 12.0 / 15 * 65536 * 8 / 1e6 * 100
		if got := values["goodput_mbit_s"]; got < 0.98*want || got > 1.02*want {
			t.Errorf("goodput %.2f Mbit/s, want %.2f", got, want)
		}
	})
}

func TestWireOfABottleneckLeavesOutWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake{send: 10 * time.Millisecond}.contender()
		const arrived = 15 * 100 * 65536 // bytes in 15 s
		path := noNetwork{carried{ahead: 3 * arrived, underway: arrived}}
		values, err := runBottleneck(t.Context(), c, path, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if got := values["wire_per_goodput"]; got < 1.98 || got > 2.02 {
			t.Errorf("wire over goodput is %v, want 2", got)
		}
	})
}

// A bottleneck that says nothing in its second half has stalled.
func TestBottleneckThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fake{send: 10 * time.Millisecond, stalls: 51}.contender()
		_, err := runBottleneck(t.Context(), c, noNetwork{}, Settings{})
		if err == nil || err.Error() != "stalled after 3276800 bytes" {
			t.Errorf("error %v, want that it stalled after 50 messages", err)
		}
	})
}
