package lossy

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// A ring that a line has given back is another's, also while the first is still at
// it: all that comes out of links that grow and run empty at the same time is what
// went in. A backlog of a rate makes payloads lodge in the ring that is outgrown.
func TestRingsAreOfOneLineAtATime(t *testing.T) {
	const size = 50_000
	profiles := []Profile{
		{Delay: time.Second},
		{Delay: time.Second, Rate: 1e9},
		{Delay: time.Second, Rate: 1e9, Duplicate: 0.5},
		{Delay: time.Second, Jitter: 500 * time.Millisecond, JitterReorder: true},
	}
	var all sync.WaitGroup
	for i, p := range profiles {
		all.Go(func() {
			l := NewLink(1, uint64(i), Up, p)
			now, payload := time.Duration(0), make([]byte, size)
			for round := range 20 {
				sum := byte(32*i + round)
				for k := range payload {
					payload[k] = sum
				}
				for range 10 * (round + 1) {
					l.Send(now, payload)
				}
				if round%2 == 0 { // what the next finds grows beside it
					continue
				}
				for {
					at, some := l.NextTime()
					if !some {
						break
					}
					now = max(now, at)
					d, came := l.Receive(now, nil)
					if came && (len(d) != size || bytes.Count(d, d[:1]) != size || d[0]|1 != sum|1) {
						t.Errorf("%v: a datagram of %d came out that never went in", p, len(d))
						return
					}
				}
			}
		})
	}
	all.Wait()
}

func TestALineTakesARingThatWasGivenBack(t *testing.T) {
	ring := make([]byte, 8<<20)
	for range 100 { // the race detector makes a pool forget some
		giveBack(ring)
		if got := makeRing(keptBytes + 1); len(got) == len(ring) {
			return
		}
	}
	t.Error("a ring of 8 MiB was given back, and one for a little over 1 MiB made")
}
