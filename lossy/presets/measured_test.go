package presets

import (
	"math"
	"testing"
	"time"

	"udplab/lossy"
)

// journey is what a way does to n datagrams of size bytes, one each `every`.
type journey struct {
	arrived   int
	first     time.Duration // shortest delay
	mean      time.Duration
	last      time.Duration // when the last one arrived
	bytes     int
	damaged   int
	queueDrop uint64
}

func travel(t *testing.T, seed uint64, dir lossy.Direction, p lossy.Profile, n, size int, every time.Duration) journey {
	t.Helper()
	link := lossy.NewLink(seed, 0, dir, p)
	link.SetCapacity(1 << 30)
	payload := make([]byte, size)
	var j journey
	var sum time.Duration
	var sent []time.Duration
	var buf []byte
	receive := func(until time.Duration) {
		for {
			due, ok := link.NextTime()
			if !ok || due > until {
				return
			}
			for {
				var more bool
				if buf, more = link.Receive(due, buf[:0]); !more {
					break
				}
				j.arrived++
				j.bytes += len(buf)
				j.last = due
				at := sent[link.Tag()]
				if d := due - at; j.first == 0 || d < j.first {
					j.first = d
				}
				sum += due - at
				for _, b := range buf {
					if b != 0 {
						j.damaged++
						break
					}
				}
			}
		}
	}
	for i := range n {
		now := time.Duration(i) * every
		receive(now)
		sent = append(sent, now)
		link.SendTagged(now, payload, uint64(i))
	}
	receive(math.MaxInt64)
	if j.arrived > 0 {
		j.mean = sum / time.Duration(j.arrived)
	}
	s := link.Stats()
	j.queueDrop = s.Dropped[lossy.CauseQueue]
	return j
}

func packets() int {
	if raceEnabled {
		return 8000
	}
	return 40_000
}

// What a link does to datagrams, slowly enough for its queue to stay empty, is
// what the preset says, for loss within 4.89 standard deviations (alpha 1e-6).
func TestMeasuredLossAndDelay(t *testing.T) {
	n, size := packets(), 100
	for _, c := range []struct {
		name     string
		dir      lossy.Direction
		loss     float64 // mean, of the caps too
		burst    float64
		delay    time.Duration
		kbit     float64
		overhead int
	}{
		{"nlc-very-bad", lossy.Up, 0.10, 1, 500 * time.Millisecond, 1000, 28},
		{"nlc-edge-lossy", lossy.Down, 0.01, 1, 400 * time.Millisecond, 240, 28},
		{"nlc-edge-lossy", lossy.Up, 0, 1, 440 * time.Millisecond, 200, 28},
		{"str0m-congested", lossy.Down, 1.0 / 11, 2, 80 * time.Millisecond, 10_000, 0},
		{"handshakeloss", lossy.Up, 0.294284, 1, 15 * time.Millisecond, 10_000, 30},
		{"wifi-conference", lossy.Up, 0.05, 4, 15 * time.Millisecond, 1000, 28},
		{"wifi-conference", lossy.Down, 0.03, 4, 15 * time.Millisecond, 2000, 28},
		{"chrome-slow-4g", lossy.Down, 0, 1, 75 * time.Millisecond, 1440, 0},
	} {
		s := mustSetup(t, c.name)
		p := lossy.Config{Up: s.Up, Down: s.Down}.Profile(c.dir)
		j := travel(t, 7, c.dir, p, n, size, 20*time.Millisecond)
		lost := float64(n-j.arrived) / float64(n)
		// The variance of a chain of two states, MODEL.md; 2 for good measure.
		sd := math.Sqrt(2 * c.burst * c.loss * (1 - c.loss) / float64(n))
		if math.Abs(lost-c.loss) > 4.89*sd {
			t.Errorf("%s %v: lost %.4f, want %.4f +- %.4f", c.name, c.dir, lost, c.loss, 4.89*sd)
		}
		if j.queueDrop != 0 {
			t.Errorf("%s %v: the queue dropped %d of a slow flow", c.name, c.dir, j.queueDrop)
		}
		transmission := time.Duration(float64((size+c.overhead)*8) / (c.kbit * 1000) * float64(time.Second))
		// Who keeps the order waits for those before it: jitter adds to the mean.
		most := c.delay + p.Jitter/4 + time.Millisecond
		if got := j.mean - transmission; got < c.delay-time.Millisecond || got > most {
			t.Errorf("%s %v: delay %v, want %v", c.name, c.dir, got, c.delay)
		}
	}
}

// A link that is offered more than it carries delivers its rate, headers
// counted as the preset says, and drops the rest at its queue.
func TestMeasuredRate(t *testing.T) {
	for _, c := range []struct {
		name     string
		dir      lossy.Direction
		kbit     float64
		overhead float64
	}{
		{"nlc-3g", lossy.Down, 780, 28},
		{"nlc-3g", lossy.Up, 330, 28},
		{"atc-2g-rural", lossy.Up, 18, 28},
		{"chrome-fast-4g", lossy.Down, 8100, 0},
		{"chrome-fast-4g", lossy.Up, 1350, 0},
		{"simple-p2p", lossy.Down, 10_000, 30},
		{"adsl", lossy.Up, 800, 28},
		{"leo", lossy.Up, 15_000 * 0.99, 28}, // 1 % is lost behind the queue
	} {
		s := mustSetup(t, c.name)
		p := lossy.Config{Up: s.Up, Down: s.Down}.Profile(c.dir)
		p.Blackout = lossy.Blackout{}
		const n, size = 6000, 1200
		wire := float64(n) * (size + c.overhead) * 8 / p.Rate // seconds that all of it would take
		j := travel(t, 3, c.dir, p, n, size, time.Duration(wire/2/n*float64(time.Second)))
		rate := float64(j.bytes) * (size + c.overhead) / size * 8 / (j.last - j.first).Seconds() / 1000
		if math.Abs(rate-c.kbit) > 0.01*c.kbit {
			t.Errorf("%s %v: %.1f kbit/s, want %.1f", c.name, c.dir, rate, c.kbit)
		}
		if j.queueDrop < n/4 {
			t.Errorf("%s %v: the queue dropped %d of %d", c.name, c.dir, j.queueDrop, n)
		}
	}
}

func TestMeasuredCorruption(t *testing.T) {
	s := mustSetup(t, "handshakecorruption")
	n := packets()
	j := travel(t, 11, lossy.Up, s.Up, n, 200, 10*time.Millisecond)
	// With at most 3 of 30 % in a row: 0.3(1-0.3^3)/(1-0.3^4).
	if share := float64(j.damaged) / float64(n); j.arrived != n || math.Abs(share-0.29428) > 4.89*math.Sqrt(0.29428*0.70572/float64(n)) {
		t.Errorf("%d arrived, %.4f damaged, want %d and 0.2943", j.arrived, share, n)
	}
}
