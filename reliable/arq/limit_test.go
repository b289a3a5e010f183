package arq

import (
	"testing"
	"time"

	"udplab/reliable/congestion"
)

// fixedRate is a controller with a window and a rate.
type fixedRate struct {
	congestion.Controller
	window int
	rate   float64
}

func (f fixedRate) Window() int         { return f.window }
func (f fixedRate) PacingRate() float64 { return f.rate }

// What keeps a connection from sending is timed: nothing to send, no credit, a
// full window, the pacer. Together the times are all the time there was.
func TestTimesOfEachLimit(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		window int
		rate   float64
		read   bool
		which  func(s Stats) time.Duration
	}{
		{"application", Config{}, 1 << 20, 0, true, func(s Stats) time.Duration { return s.TimeApplicationLimited }},
		{"flow", Config{ReceiveWindow: 4096}, 1 << 20, 0, false, func(s Stats) time.Duration { return s.TimeFlowLimited }},
		{"congestion", Config{}, 2400, 0, true, func(s Stats) time.Duration { return s.TimeCongestionLimited }},
		{"pacing", Config{}, 1 << 20, 30_000, true, func(s Stats) time.Duration { return s.TimePacingLimited }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Congestion = func(k congestion.Config) congestion.Controller {
				return fixedRate{congestion.NewFixed(k, 1<<20), c.window, c.rate}
			}
			p := newPair(t, c.config)
			dialer, listener := p.connect()
			p.quiet()
			before, start := dialer.Stats(), p.now
			if c.name != "application" {
				dialer.Send(p.now, make([]byte, 300_000), false)
			}
			for range 100 {
				dialer.HandleTimeout(p.now) // an input brings the times up to date
				p.drain(0)
				p.pass(10 * time.Millisecond)
				if c.read {
					collect(listener, p.now, 0)
				}
			}
			dialer.HandleTimeout(p.now)
			p.drain(0)
			after := dialer.Stats()
			total := func(s Stats) time.Duration {
				return s.TimeApplicationLimited + s.TimeFlowLimited + s.TimeCongestionLimited + s.TimePacingLimited
			}
			if got, want := total(after)-total(before), p.now-start; got < want*99/100 || got > want {
				t.Errorf("%v added up in %v", got, want)
			}
			if got := c.which(after) - c.which(before); got < 900*time.Millisecond {
				t.Errorf("limited for %v of a second: %+v", got, after)
			}
		})
	}
}

// A packet that comes after packets with higher numbers is counted with how
// many these were.
func TestReorderingExtent(t *testing.T) {
	var a acks
	for i, number := range []uint64{100, 101, 103, 104, 106, 102, 105, 99} {
		a.received(0, number)
		if want := map[int]int{5: 3, 6: 3, 7: 7}[i]; a.extent < want {
			t.Errorf("after packet %d: %d, want at least %d", number, a.extent, want)
		}
	}
	if a.extent != 7 {
		t.Errorf("packet 99 came after 7 higher ones, counted %d", a.extent)
	}
}
