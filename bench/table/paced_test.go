package table

import (
	"context"
	"testing"
	"time"

	"udplab/reliable/arq"
)

// Nothing is lost and nothing waits: every message takes the way's 25 ms.
func TestPacedMessagesTakeTheDelay(t *testing.T) {
	f := simulate(t, paced{link{roundTrip: 50 * ms}, 500, 200, arq.RedundancyOff}, settings{messages: 1000, packet: 1452}, 1)
	for _, m := range []Measure{P50, P99, P999} {
		if f[m] != 25 {
			t.Errorf("%v is %v ms, want the 25 ms of one way", m, f[m])
		}
	}
	within(t, "wire of 200 bytes each in a packet of its own", f[Wire], 1.1, 1.25)
}

// A lost message comes a round trip later at the earliest, and holds up those
// behind it: those of about 56 ms, 28 of them, for each of 5 %.
func TestPacedMessagesWaitForThoseLostBeforeThem(t *testing.T) {
	f := simulate(t, paced{link{roundTrip: 50 * ms, loss: 0.05}, 500, 200, arq.RedundancyOff}, settings{messages: 2000, packet: 1452}, 1)
	within(t, "p50 in order at 5 % loss", f[P50], 40, 70)
	within(t, "p99 in order at 5 % loss", f[P99], 75, 200)
	alone := simulate(t, paced{link{roundTrip: 50 * ms, loss: 0.05}, 5, 200, arq.RedundancyOff}, settings{messages: 1000, packet: 1452}, 1)
	within(t, "p50 of messages 200 ms apart, none of which waits for another", alone[P50], 25, 25)
	within(t, "p99 of those, which were lost once", alone[P99], 75, 200)
}

// A percentile that so few messages do not have is left out.
func TestPercentilesNeedMessages(t *testing.T) {
	l := newLatencies()
	for n := range 1000 {
		if _, ok := l.figures()[P999]; ok {
			t.Fatalf("%d messages have a 99.9th percentile", n)
		}
		l.record(time.Duration(n+1) * time.Millisecond)
	}
	f := l.figures()
	for m, want := range map[Measure]float64{P50: 500, P99: 990, P999: 999} {
		within(t, m.String()+" of 1 to 1000 ms", f[m], want*0.9999, want*1.0001)
	}
	l = newLatencies()
	for range 99 {
		l.record(ms)
	}
	if f := l.figures(); len(f) != 1 || f[P50] != 1 {
		t.Errorf("99 messages of 1 ms: %v, want their median alone", f)
	}
}

// Over sockets a run is as short as real time demands.
func TestPacedRunsEndWithTheirTime(t *testing.T) {
	p := paced{rate: 60}
	if got := p.count(settings{messages: 20_000}); got != 20_000 {
		t.Errorf("without a limit: %d messages, want all 20000", got)
	}
	if got := p.count(settings{messages: 20_000, paced: 15 * time.Second}); got != 900 {
		t.Errorf("in 15 s at 60 Hz: %d messages, want 900", got)
	}
	if got := p.count(settings{messages: 800, paced: 15 * time.Second}); got != 800 {
		t.Errorf("in 15 s at 60 Hz: %d messages of 800, want 800", got)
	}
}

// No message is faster than the network it went through.
func TestPacedOverSockets(t *testing.T) {
	p := paced{link{roundTrip: 10 * ms}, 2000, 200, arq.RedundancyOff}
	f, err := p.overSockets(context.Background(), settings{messages: 1000, paced: time.Second, packet: 1452})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Measure{P50, P99, P999} {
		if f[m] < 5 {
			t.Errorf("%v is %v ms, want at least the 5 ms of one way", m, f[m])
		}
	}
	within(t, "wire", f[Wire], 1.02, 1.5)
}
