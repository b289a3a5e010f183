package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// A change of rate is felt at once by what waits in a slow queue, whatever its
// discipline, of all flows that share it, and though nobody sends any more.
func TestChangeOfRateReachesWhatWaits(t *testing.T) {
	const datagrams, size, ms = 100, 1000, time.Millisecond
	trace, err := lossy.ReadLinkTrace("slow", strings.NewReader("100\n"))
	if err != nil {
		t.Fatal(err)
	}
	slow, traced := lossy.Profile{Rate: 80e3}, lossy.Profile{LinkTrace: trace} // 100 ms each, or two thirds of a chance
	for _, discipline := range []lossy.Discipline{
		nil, lossy.DropHead{}, lossy.CoDel{Target: time.Minute, Interval: time.Minute},
		lossy.RED{Min: datagrams, Max: datagrams + 1, Probability: 0.1, Weight: 0.1},
	} {
		for name, c := range map[string]struct {
			from, to lossy.Profile
			last     time.Duration // is sent; the second is being sent as it changes, until 200 ms
		}{
			"faster":        {slow, lossy.Profile{Rate: 100e6}, 200*ms + 98*ms*8/100},
			"slower":        {slow, lossy.Profile{Rate: 40e3}, 200*ms + 98*200*ms},
			"off":           {slow, lossy.Profile{}, 200 * ms},
			"to a trace":    {slow, traced, 300*ms + 98*1000/1504*100*ms},
			"off a trace":   {traced, lossy.Profile{}, 200 * ms},
			"trace to rate": {traced, lossy.Profile{Rate: 8e6}, 200*ms + 98*ms},
		} {
			for _, flows := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s/%s/flows=%d", lossy.FormatDiscipline(discipline), name, flows), func(t *testing.T) {
					set := func(p lossy.Profile) lossy.Profile {
						p.Discipline, p.SharedBottleneck = discipline, flows > 1
						p.QueuePackets = datagrams
						return p
					}
					b := startBench(t, Config{Config: lossy.Config{Up: set(c.from)}}, echo(t, "127.0.0.1:0"))
					var lanes []*lane
					for n := range flows {
						lanes = append(lanes, &b.flowOf(fmt.Sprintf("192.0.2.%d:1", n), &answering{}).up)
					}
					for n := range datagrams {
						lanes[n%flows].input(0, []message{{bytes: make([]byte, size)}}, 0, b.out)
					}
					b.passUntil(150 * time.Millisecond)
					if err := b.SetConfig(lossy.Config{Up: set(c.to)}); err != nil {
						t.Fatal(err)
					}
					for b.Stats().Up.PacketsSent < datagrams {
						next := time.Duration(b.scheduler.first.Load())
						if next == never {
							t.Fatalf("nothing more is to come, and %d of %d were sent", b.Stats().Up.PacketsSent, datagrams)
						}
						b.pass(max(0, next-b.clock()))
					}
					if b.clock() != c.last {
						t.Errorf("the last was sent at %v, want %v", b.clock(), c.last)
					}
				})
			}
		}
	}
}

// One datagram that waits for a chance long ahead leaves as the trace is switched off.
func TestChangeOfRateWakesALane(t *testing.T) {
	trace, err := lossy.ReadLinkTrace("rare", strings.NewReader("60000\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := startBench(t, Config{Config: lossy.Config{Up: lossy.Profile{LinkTrace: trace}}}, echo(t, "127.0.0.1:0"))
	lane := &b.flow(&answering{}).up
	lane.input(0, []message{{bytes: []byte("waits for a minute")}}, 0, b.out)
	b.pass(time.Second)
	if sent := b.Stats().Up.PacketsSent; sent != 0 {
		t.Fatalf("%d sent before the chance", sent)
	}
	if err := b.SetConfig(lossy.Config{}); err != nil {
		t.Fatal(err)
	}
	b.pass(0)
	if sent := b.Stats().Up.PacketsSent; sent != 1 {
		t.Errorf("%d sent as the trace is switched off, want 1", sent)
	}
}
