package sim

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// A machine stands still for ten seconds: its hundred connections go on as if
// nothing had been. For an hour: each tells once, at most, that it is over.
// (There is no wall clock to set back: the core does not know one, see
// arq.TestPure.)
func TestA24_MachineStandsStill(t *testing.T) {
	for _, still := range []time.Duration{10 * time.Second, time.Hour} {
		t.Run(still.String(), func(t *testing.T) {
			w := NewWorld(1)
			hub := w.AddNode("hub", arq.EndpointConfig{Listen: true, Conn: arq.Config{KeepAlive: 5 * time.Second}})
			var ends []*End
			for i := range 100 {
				n := w.AddNode(fmt.Sprintf("peer%d", i), arq.EndpointConfig{Conn: arq.Config{KeepAlive: 20 * time.Second}})
				w.Path(n, hub).SetProfile(wire)
				w.Path(hub, n).SetProfile(wire)
				ends = append(ends, n.Dial(hub))
			}
			w.Run(20 * time.Second)
			hub.Pause()
			w.Run(still)
			said := 0
			w.Observe = func(o Observation) {
				if o.Kind == Sent && o.Node == hub {
					said++
				}
			}
			hub.Resume()
			w.Run(10 * time.Millisecond)
			// What came meanwhile is answered: a ping each, or a reset.
			if said > 200 {
				t.Errorf("the hub sends %d datagrams for 100 connections as it wakes up", said)
			}
			w.Observe = nil
			for _, e := range append(ends, hub.Ends()...) {
				if still < time.Minute && e.Conn.Err() == nil {
					e.Queue(100)
				}
			}
			w.Run(3 * time.Minute)
			for _, e := range append(ends, hub.Ends()...) {
				switch {
				case still < time.Minute && e.Delivered() != 1:
					t.Errorf("%v: %v, want it to go on", e, e.Conn.Err())
				case still > time.Minute && !errors.Is(e.Conn.Err(), arq.ErrIdleTimeout) && !errors.Is(e.Conn.Err(), arq.ErrPeerReset):
					t.Errorf("%v: %v, want it to be over", e, e.Conn.Err())
				}
			}
			w.Settled()
			if err := w.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// bulk sends without end for a while and returns the goodput in bits per
// second of its second half.
func bulk(t *testing.T, w *World, a, b *End, d time.Duration) float64 {
	t.Helper()
	var refill func()
	refill = func() {
		for len(a.outbox) < 8 {
			a.Queue(64 << 10)
		}
		w.At(w.now+10*time.Millisecond, refill)
	}
	refill()
	w.Run(d / 2)
	before := b.Conn.Stats().MessageBytesReceived
	w.Run(d / 2)
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	return float64(b.Conn.Stats().MessageBytesReceived-before) * 8 / (d / 2).Seconds()
}

// Timers that are as coarse as Windows', or a tenth of a second late: the same
// promises hold, and at least 80 % of the throughput.
func TestA25_CoarseAndLateTimers(t *testing.T) {
	t.Parallel()
	coarse := func(grain time.Duration) func(time.Duration) time.Duration {
		return func(at time.Duration) time.Duration { return (at + grain - 1).Truncate(grain) }
	}
	const rate = 20e6
	lasts := 10 * time.Second
	if raceEnabled {
		lasts = 4 * time.Second
	}
	for _, c := range []struct {
		name    string
		timer   func(time.Duration) time.Duration
		quantum time.Duration
	}{
		{"exact", nil, 0},
		{"1 ms", coarse(time.Millisecond), time.Millisecond},
		{"15 ms", coarse(15 * time.Millisecond), 15 * time.Millisecond},
		{"15 ms, and nobody said so", coarse(15 * time.Millisecond), 0},
		{"100 ms late", func(at time.Duration) time.Duration { return at + 100*time.Millisecond }, 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, na, nb := pairWorld(1, arq.Config{MaxPacket: 1452, SendBuffer: 4 << 20, ReceiveWindow: 4 << 20, PacingQuantum: c.quantum})
			na.Timer, nb.Timer = c.timer, c.timer
			w.Path(na, nb).SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Rate: rate, Queue: 100 * time.Millisecond})
			a := na.Dial(nb)
			w.Run(time.Second)
			got := bulk(t, w, a, nb.Ends()[0], lasts)
			t.Logf("%.1f Mbit/s of %.0f", got/1e6, rate/1e6)
			if got < 0.8*rate {
				t.Errorf("%.1f Mbit/s over a path of %.0f, want 80 %%", got/1e6, rate/1e6)
			}
		})
	}
}

// From 8 kbit/s to 1 Gbit/s, from a queue of one packet to one of a thousand,
// from 100 us to 2 s of round trip: the connection is open within a minute and
// a transfer of up to five seconds of the link completes. The round trip grows by
// no more than both queues and two packets of their own.
func TestA26_AnyLink(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{8e3, 100e3, 10e6, 1e9} {
		for _, packets := range []float64{1, 10, 1000} {
			for _, trip := range []time.Duration{100 * time.Microsecond, 20 * time.Millisecond, 2 * time.Second} {
				t.Run(fmt.Sprintf("%s queue %v rtt %v", lossy.FormatRate(rate), packets, trip), func(t *testing.T) {
					queue := min(time.Duration(packets*1200*8/rate*1e9), lossy.MaxDelay)
					w, na, nb := pairWorld(1, arq.Config{MaxPacket: 1200, HandshakeTimeout: time.Minute})
					link := lossy.Profile{Delay: trip / 2, Rate: rate, Queue: queue}
					w.Path(na, nb).SetProfile(link)
					w.Path(nb, na).SetProfile(link)
					a := na.Dial(nb)
					if !w.RunUntil(time.Minute, func() bool { return a.state == arq.Open }) {
						t.Fatalf("%v after a minute", a)
					}
					size := min(int(rate/8*5), 2<<20)
					took, ok := transfer(w, a, 2*time.Hour, size/2, size/2)
					if !ok {
						t.Errorf("%d bytes are not through after %v: %v", size, took, a.Conn.Err())
					}
					if standing := a.Conn.Stats().SmoothedRTT - trip; standing > queue*2+time.Duration(2*1200*8/rate*1e9)+100*time.Millisecond {
						t.Errorf("the round trip is %v longer than the path's, with a queue of %v each way", standing, queue)
					}
					if err := w.Err(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// A NAT forgets a mapping that nothing came through from inside for 30 s. A
// keepalive of 25 s keeps it; without one, nothing at all is sent in silence.
func TestA27_KeepAliveKeepsTheMapping(t *testing.T) {
	for _, c := range []struct {
		keepAlive time.Duration
		delivered int
	}{{25 * time.Second, 1}, {0, 0}} {
		w, a, b := openPair(t, arq.Config{KeepAlive: c.keepAlive, IdleTimeout: 20 * time.Minute})
		w.Run(5 * time.Second)
		inside, said := w.now, 0
		w.Fate = func(_ uint64, from, _ *Node) Fate {
			said++
			if from == a.node {
				inside = w.now
			} else if w.now-inside > 30*time.Second {
				return Fate{Kind: Drop} // the NAT in front of a knows it no more
			}
			return Fate{}
		}
		w.Run(10 * time.Minute)
		if c.keepAlive == 0 && said > 0 {
			t.Errorf("%d datagrams were sent in silence, want none", said)
		}
		b.Queue(100)
		w.Run(2 * time.Second)
		if a.Delivered() != c.delivered {
			t.Errorf("keepalive %v: %d messages through the NAT after 10 minutes, want %d", c.keepAlive, a.Delivered(), c.delivered)
		}
	}
}
