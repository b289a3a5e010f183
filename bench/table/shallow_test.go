package table

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/congestion"
)

// beside is what flows that share one bottleneck of 50 Mbit/s and 50 ms did for
// 20 s, beginning 10 s after the last of them; they begin a second apart.
type beside struct {
	shares  []float64 // of what all deliver
	use     float64   // of the rate
	refused float64   // by the queue, of the packets
}

func runBeside(t *testing.T, queue time.Duration, loss float64, names ...string) beside {
	t.Helper()
	l := link{rate: 50e6, roundTrip: 50 * ms, loss: loss}
	ahead, back := l.profiles()
	ahead.Queue = queue
	var dialed atomic.Int32
	s := newStage(context.Background(), 1, settings{packet: 1452, congestion: func(c congestion.Config) congestion.Controller {
		return congestion.Named(names[dialed.Load()])(c)
	}}.arq(), ahead, back)
	s.feeding = messageSize
	run := func(d time.Duration) {
		if err := s.run(d); err != nil {
			t.Fatal(err)
		}
	}
	for i := range names {
		dialed.Store(int32(i))
		s.dial()
		run(time.Second)
	}
	run(10 * time.Second)
	delivered := func() (each []uint64, stats lossy.Stats) {
		for _, e := range s.senders {
			each = append(each, s.delivered(e))
		}
		return each, s.ahead.Stats()
	}
	before, earlier := delivered()
	const length = 20 * time.Second
	run(length)
	after, later := delivered()
	var b beside
	sum := uint64(0)
	for i := range after {
		after[i] -= before[i]
		sum += after[i]
	}
	for _, bytes := range after {
		b.shares = append(b.shares, float64(bytes)/float64(sum))
	}
	b.use = 8 * float64(sum) / length.Seconds() / l.rate
	b.refused = float64(later.Dropped[lossy.CauseQueue]-earlier.Dropped[lossy.CauseQueue]) / float64(later.PacketsIn-earlier.PacketsIn)
	return b
}

func TestTheEngineObeysAShallowQueue(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine: there is nothing to race")
	}
	const d = "dalt"
	for _, c := range []struct {
		name  string
		queue time.Duration
		loss  float64
		flows []string
	}{
		{"two flows in 5 ms", 5 * ms, 0, []string{d, d}},
		{"two flows in 2 ms at 1 % loss", 2 * ms, 0.01, []string{d, d}},
		{"eight flows in 5 ms", 5 * ms, 0, []string{d, d, d, d, d, d, d, d}},
	} {
		b := runBeside(t, c.queue, c.loss, c.flows...)
		t.Logf("%s: %.2f %% refused at %.3f of the rate, shares %.3f", c.name, 100*b.refused, b.use, b.shares)
		if b.refused > 0.03 || b.use < 0.92 {
			t.Errorf("%s: %.2f %% refused at %.3f of the rate, want <= 3 %% at >= 0.92", c.name, 100*b.refused, b.use)
		}
	}
	if b := runBeside(t, 5*ms, 0, "fixed", "fixed"); b.refused < 0.1 {
		t.Errorf("fixed windows: %.2f %% refused, want over 10 %%: the bound can fail", 100*b.refused)
	}
}

func TestDaltBesideLossBasedFlowsInTheEngine(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine: there is nothing to race")
	}
	// What congestion/DESIGN.md says of a deep queue. Choose another controller
	// there.
	for _, other := range []string{"cubic", "newreno"} {
		b := runBeside(t, queueLimit, 0, "dalt", other)
		t.Logf("dalt beside %s: shares %.3f", other, b.shares)
		if b.shares[0] < 0.01 || b.shares[0] > 0.2 {
			t.Errorf("dalt beside %s has %.3f of what both have, DESIGN.md says 0.03 to 0.08", other, b.shares[0])
		}
	}
}
