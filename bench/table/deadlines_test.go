package table

import (
	"context"
	"testing"
	"time"

	"udplab/reliable"
	"udplab/reliable/arq"
)

// telemetry loses every second packet, and a repair comes too late.
var telemetry = deadlines{paced{link{roundTrip: 50 * ms, loss: 0.5}, 60, 200, arq.RedundancyOff}, 60 * ms}

func TestDeadlinesAreKept(t *testing.T) {
	s := settings{messages: 1000, packet: 1452}
	for _, d := range []deadlines{
		telemetry,
		{paced{link{roundTrip: 50 * ms, loss: 0.2}, 60, 200, arq.RedundancyAdaptive}, 100 * ms},
		{paced{link{roundTrip: 50 * ms, jitter: 20 * ms}, 60, 200, arq.RedundancyOff}, 30 * ms},
	} {
		f := simulate(t, d, s, 1)
		if f[TooLate] != 0 || f[Unreported] != 0 {
			t.Errorf("%+v: %v too late, %v not reported, want none", d, f[TooLate], f[Unreported])
		}
	}
	within(t, "delivered % of what is lost half of the time", simulate(t, telemetry, s, 1)[Delivered], 40, 60)
	clean := telemetry
	clean.loss = 0
	within(t, "delivered % of what is never lost", simulate(t, clean, s, 1)[Delivered], 100, 100)
}

// Each way in which a promise can be broken shows.
func TestBrokenDeadlinesAreCounted(t *testing.T) {
	on := punctual{lifetime: 100 * ms}
	for _, took := range []time.Duration{25 * ms, 100 * ms, 100*ms + 1, time.Second} {
		on.record(took)
	}
	for _, c := range []struct {
		skipped, passedOver uint64
		want                float64
	}{{6, 6, 0}, {5, 6, 1}, {6, 4, 2}, {7, 6, 1}, {5, 8, 3}} {
		sender, receiver := reliable.Stats{MessagesSkipped: c.skipped}, reliable.Stats{MessagesPassedOver: c.passedOver}
		f := on.figures(10, 4, &sender, &receiver)
		if f[TooLate] != 2 || f[Unreported] != c.want || f[Delivered] != 40 {
			t.Errorf("4 of 10 arrived, %d skipped, %d passed over: %v", c.skipped, c.passedOver, f)
		}
	}
}

func TestDeadlinesOverSockets(t *testing.T) {
	d := telemetry
	d.roundTrip, d.rate, d.loss = 10*ms, 500, 0.1 // a close gets through that
	f, err := d.overSockets(context.Background(), settings{messages: 1000, paced: time.Second, packet: 1452})
	if err != nil {
		t.Fatal(err)
	}
	if f[Unreported] != 0 {
		t.Errorf("%v messages not reported", f[Unreported])
	}
	within(t, "delivered %", f[Delivered], 70, 100)
}
