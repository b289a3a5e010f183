package congestion

import (
	"testing"
	"time"
)

func TestDaltBesideLossBasedFlows(t *testing.T) {
	// The rows of DESIGN.md: dalt yields where they fill a deep queue, holds
	// its own at 10 ms, and takes more where they find no room to grow. The
	// bounds say where that changes, for better or worse.
	for _, c := range []struct {
		other       string
		queue       time.Duration
		least, most float64 // dalt's share of what both have
	}{
		{"cubic", ms(50), 0.02, 0.15},
		{"newreno", ms(50), 0.02, 0.15},
		{"cubic", ms(10), 0.3, 0.7},
		{"cubic", ms(5), 0.7, 0.95},
	} {
		m := link(t, c.other, "dalt")
		m.length, m.queue = 60*time.Second, c.queue
		r := m.run()
		if got := r.flows[1].share / r.share(); got < c.least || got > c.most {
			t.Errorf("beside %s in a queue of %v: %.3f of what both have, want %.2f to %.2f", c.other, c.queue, got, c.least, c.most)
		}
	}
}
