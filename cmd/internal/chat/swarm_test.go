package chat

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// TestSwarm: for many seeds a bad network, and a peer that crashes, leaves and
// comes back while ann goes on talking. Safety: no run of the peer sees a line
// twice or out of order. Liveness: once things calm down, every line has reached
// some run, and ann knows.
func TestSwarm(t *testing.T) {
	seeds := 100
	if testing.Short() {
		seeds = 20
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { swarm(t, seed) })
		})
	}
}

func swarm(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	calm := lossy.Config{Seed: seed}
	storm := lossy.Config{Seed: seed, Up: weather(random), Down: weather(random)}
	n := lossy.NewNetwork(storm)
	toBob, toAnn := awayAddr, homeAddr
	if seed%3 == 0 { // through a proxy each way: two connections that look unrelated
		toBob, toAnn = netip.MustParseAddrPort("10.0.0.3:1"), netip.MustParseAddrPort("10.0.0.4:1")
		defer relay(t, n, toBob, awayAddr)()
		defer relay(t, n, toAnn, homeAddr)()
	}
	a := inNetwork(t, n, ReliableMode, "ann", homeAddr, toBob)
	b, crash := doomed(t, n, "bob", awayAddr, toAnn)
	runs := []*listener{b}

	const lines = 150
	for i := range lines {
		a.say(strconv.Itoa(i))
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		switch random.IntN(30) {
		case 0: // it leaves, perhaps without being able to say goodbye
			b.close(time.Second)
		case 1: // it crashes; what is left of it goes away silently
			crash()
			b.close(0)
		case 2:
			down := random.IntN(2) == 0
			n.SetDown(lossy.Up, down)
			n.SetDown(lossy.Down, down)
			continue
		default:
			continue
		}
		time.Sleep(time.Duration(random.IntN(20)) * time.Second)
		b, crash = doomed(t, n, "bob", awayAddr, toAnn)
		runs = append(runs, b)
	}
	n.SetDown(lossy.Up, false)
	n.SetDown(lossy.Down, false)
	if err := n.SetConfig(calm); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Minute)

	reached := map[string]bool{}
	for r, run := range runs {
		last := -1
		for _, text := range run.texts(Received) {
			reached[text] = true
			if n, _ := strconv.Atoi(text); n <= last {
				t.Errorf("run %d of the peer read line %d after line %d", r, n, last)
			} else {
				last = n
			}
		}
	}
	c := a.Counters()
	if len(reached) != lines || c.LinesDelivered != lines || c.LinesWaiting != 0 {
		t.Errorf("%d of %d lines reached a run of the peer, ann counts %+v", len(reached), lines, c)
	}
	if err := a.close(5 * time.Second); err != nil {
		t.Errorf("close: %v", err)
	}
	b.close(time.Second)
}

// weather is a random bad network of one direction.
func weather(random *rand.Rand) lossy.Profile {
	return lossy.Profile{
		Loss:      random.Float64() * 0.3,
		Burst:     float64(random.IntN(4)),
		Delay:     time.Duration(random.IntN(200)) * time.Millisecond,
		Reorder:   random.Float64() * 0.1,
		Duplicate: random.Float64() * 0.1,
		Corrupt:   random.Float64() * 0.1,
	}
}
