package proxy

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

var contested = lossy.Profile{Rate: 8e6, QueuePackets: 20, Overhead: 28, Delay: 2 * time.Millisecond, SharedBottleneck: true}

// Flows that share a bottleneck meet in the proxy what they meet in process, of
// whatever kind the queue is.
func TestSharedBottleneckAsInProcess(t *testing.T) {
	const flows, datagrams = 3, 6000
	for _, discipline := range []lossy.Discipline{
		nil, lossy.DropHead{}, lossy.CoDel{Target: time.Millisecond, Interval: 10 * time.Millisecond},
		lossy.RED{Min: 5, Max: 15, Probability: 0.1, Weight: 0.1},
	} {
		t.Run(lossy.FormatDiscipline(discipline), func(t *testing.T) {
			profile := contested
			profile.Discipline = discipline
			b := startBench(t, Config{Config: lossy.Config{Seed: 5, Up: profile}}, echo(t, "127.0.0.1:0"))
			bottleneck := lossy.NewBottleneck()
			var lanes []*lane
			var links []*lossy.Link
			for n := range flows {
				lanes = append(lanes, &b.flowOf(fmt.Sprintf("192.0.2.%d:1", n), &answering{}).up)
				links = append(links, lossy.NewLink(5, uint64(n), lossy.Up, profile))
				links[n].SetBottleneck(bottleneck)
			}
			var now time.Duration
			for i := range datagrams {
				d := make([]byte, 40+i*37%1400)
				n := i * i % 7 % flows
				lanes[n].input(now, []message{{bytes: d}}, 0, b.out)
				links[n].Send(now, d)
				step := time.Duration(i*i%11) * 140 * time.Microsecond
				now += step
				b.pass(step)
			}
			b.pass(time.Second)
			for n, l := range links {
				for due, some := l.NextTime(); some; due, some = l.NextTime() {
					l.Receive(due, nil)
				}
				var got DirectionStats
				lanes[n].addTo(&got)
				want := l.Stats()
				if got.Link != want {
					t.Errorf("flow %d: %+v\nwant %+v", n, got.Link, want)
				}
				if want.Dropped[lossy.CauseQueue]+want.Dropped[lossy.CauseAQM] < 50 || got.PacketsSent != want.PacketsOut || want.PacketsInFlight != 0 {
					t.Errorf("flow %d: %d sent, %+v: not the load this test is about", n, got.PacketsSent, want)
				}
			}
		})
	}
}

// Clients that send at the same time share a bottleneck and a model, which come and
// go and change their kind while they do: nothing is lost without a cause, or stuck.
func TestSharingUnderWay(t *testing.T) {
	const clients, datagrams = 8, 400
	p := startProxy(t, Config{Config: lossy.Config{Seed: 6, Up: contested, Down: contested}}, newAlarm(), echo(t, "127.0.0.1:0"))
	change := func(n int) {
		profile := contested
		profile.SharedBottleneck, profile.SharedModel = n%3 > 0, n%5 > 1
		profile.LossModel = []lossy.LossModel{nil, lossy.EveryNth{N: 7}}[n%2]
		profile.Discipline = []lossy.Discipline{lossy.DropHead{}, lossy.CoDel{Target: time.Millisecond, Interval: 5 * time.Millisecond}, nil, lossy.DropHead{}}[n%4]
		if err := p.SetConfig(lossy.Config{Seed: 6, Up: profile, Down: profile}); err != nil {
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	for number := range clients {
		c := client(t, p)
		group.Go(func() {
			for n := range datagrams {
				send(t, c, string(make([]byte, 200)))
				if number == 0 && n%20 == 0 {
					change(n / 20)
				}
			}
		})
	}
	group.Wait()
	eventually(t, "everything sent is accounted for", func() bool {
		s := p.Stats()
		return s.Up.PacketsReceived == clients*datagrams &&
			s.Up.Link.PacketsInFlight == 0 && s.Down.Link.PacketsInFlight == 0 &&
			s.Down.PacketsReceived == s.Up.PacketsSent
	})
	checkConserved(t, p)
}
