package demo

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const tallySize = 40

// take hands message index, due at index milliseconds, to the tally.
func take(t *tally, index int, latency time.Duration) {
	due := time.Duration(index) * time.Millisecond
	t.arrived(due+latency, appendMessage(nil, index, due, tallySize), true)
}

func TestTallyJudgesEachArrivalOnce(t *testing.T) {
	var observed []time.Duration
	y := newTally(6, tallySize, func(d time.Duration) { observed = append(observed, d) })
	y.offered(6)
	take(y, 0, 40*time.Millisecond) // in order
	take(y, 2, 41*time.Millisecond) // 1 is missing now
	if h := y.half(); h.Lost != 1 {
		t.Errorf("while message 1 is overtaken: lost %d, want 1", h.Lost)
	}
	take(y, 1, 60*time.Millisecond) // late: out of order, not lost
	take(y, 2, 70*time.Millisecond) // a copy
	take(y, 2, 71*time.Millisecond) // another copy
	damaged := appendMessage(nil, 3, 0, tallySize)
	damaged[20] ^= 1
	y.arrived(time.Second, damaged, true)                              // the application's own checksum finds it
	y.arrived(time.Second, nil, false)                                 // the transport knows
	y.arrived(time.Second, appendMessage(nil, 4, 0, tallySize), false) // the transport says so, and is believed
	h := y.half()
	if h.Lost != 0 {
		t.Errorf("3, 4 and 5 are not overtaken yet: lost %d, want 0", h.Lost)
	}
	y.finish()
	h = y.half()
	want := Half{
		Sent: 6, Delivered: 3, Lost: 3, OutOfOrder: 1, Duplicate: 2, Corrupt: 3,
		PayloadBytes: 3 * tallySize, Latency: h.Latency,
	}
	if h != want {
		t.Errorf("in the end:\n got %+v\nwant %+v", h, want)
	}
	if got := []time.Duration{40e6, 41e6, 60e6}; len(observed) != 3 || observed[0] != got[0] || observed[1] != got[1] || observed[2] != got[2] {
		t.Errorf("observed latencies %v, want %v: each delivered message once", observed, got)
	}
}

func TestTallyPercentiles(t *testing.T) {
	y := newTally(100, tallySize, nil)
	if h := y.half(); h.Latency.P50.Known() {
		t.Errorf("p50 of nothing: got %v, want unknown", h.Latency.P50)
	}
	for i := range 100 {
		take(y, i, time.Duration(i+1)*time.Millisecond)
	}
	h := y.half()
	for name, c := range map[string]struct{ got, want Millis }{
		"p50": {h.Latency.P50, 50}, "p95": {h.Latency.P95, 95}, "p99": {h.Latency.P99, 99},
	} {
		// Three digits are kept: 0.1 % is as exact as the histogram promises.
		if c.got < c.want*0.999 || c.got > c.want*1.001 {
			t.Errorf("%s of 1..100 ms: got %v ms, want %v", name, c.got, c.want)
		}
	}
}

// The tally against a dumb count, whatever arrives in whatever order.
func TestTallyAgreesWithADumbCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const messages = 12
		arrivals := rapid.SliceOf(rapid.IntRange(0, messages-1)).Draw(t, "arrivals")
		y := newTally(messages, tallySize, nil)
		y.offered(messages)
		var seen []int
		want := Half{Sent: messages}
		for _, index := range arrivals {
			take(y, index, time.Millisecond)
			copyOf, overtaken := false, false
			for _, earlier := range seen {
				copyOf = copyOf || earlier == index
				overtaken = overtaken || earlier > index
			}
			seen = append(seen, index)
			switch {
			case copyOf:
				want.Duplicate++
				continue
			case overtaken:
				want.OutOfOrder++
			}
			want.Delivered++
		}
		y.finish()
		want.Lost = messages - want.Delivered
		want.PayloadBytes = uint64(want.Delivered * tallySize)
		got := y.half()
		got.Latency = Latency{}
		if got != want {
			t.Fatalf("arrivals %v:\n got %+v\nwant %+v", arrivals, got, want)
		}
	})
}
