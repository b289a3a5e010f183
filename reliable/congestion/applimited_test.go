package congestion

import (
	"testing"
	"time"
)

// An application that sends less than the path carries tells nothing about the
// path, so no window may grow on its acks (RFC 9002 section 7.8): it would let a
// burst out that nothing has earned.
func TestNoWindowGrowsWhileTheApplicationIsTheLimit(t *testing.T) {
	const rate = 4e6
	for _, name := range []string{"dalt", "bbr", "cubic", "newreno"} {
		windowAfter := func(length time.Duration, appRate float64) (window int, share float64) {
			m := link(t, name)
			m.length, m.flows[0].appRate = length, appRate
			share = m.run().share()
			return m.flows[0].controller.Window(), share
		}
		// At the start the window is the limit.
		started, _ := windowAfter(5*time.Second, rate)
		later, share := windowAfter(time.Minute, rate)
		bulk, _ := windowAfter(5*time.Second, 0)
		most := started
		if name == "bbr" {
			most = bulk / 2 // its window is the limit for 200 ms of each 5 s, while it probes the round trip
		}
		if later > most {
			t.Errorf("%s: the window grew from %d bytes after 5 s to %d after a minute", name, started, later)
		}
		if want := rate / 50e6; share < 0.99*want {
			t.Errorf("%s: %.4f of the link, want what the application sends, %.4f", name, share, want)
		}
		if bulk <= started {
			t.Errorf("%s: bulk has a window of %d bytes, want over %d: the bound can fail", name, bulk, started)
		}
	}
}
