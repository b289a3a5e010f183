package lossy_test

import (
	"fmt"
	"time"

	"udplab/lossy"
)

// Two flows meet at one link of 8 Mbit/s, which is a millisecond for each of
// their datagrams; one sends 6 Mbit/s, the other 4, and neither gives way. As
// both keep time, it is always the last of a round that finds the queue full.
func ExampleBottleneck() {
	profile := lossy.Profile{
		Rate: 8e6, QueuePackets: 20, Delay: 20 * time.Millisecond, SharedBottleneck: true,
	}
	shared := lossy.NewBottleneck()
	fast, slow := lossy.NewLink(1, 0, lossy.Up, profile), lossy.NewLink(1, 1, lossy.Up, profile)
	fast.SetBottleneck(shared)
	slow.SetBottleneck(shared)

	datagram := make([]byte, 1000)
	for now := time.Duration(0); now < 10*time.Second; now += 4 * time.Millisecond {
		for _, l := range []*lossy.Link{fast, slow, fast, slow, fast} {
			l.Send(now, datagram)
		}
		for _, l := range []*lossy.Link{fast, slow} {
			for ok := true; ok; {
				_, ok = l.Receive(now, nil)
			}
		}
	}
	for _, l := range []*lossy.Link{fast, slow} {
		s := l.Stats()
		fmt.Printf("%.1f Mbit/s sent, %.1f Mbit/s come out, %d dropped by the queue\n",
			float64(s.BytesIn)*8/10e6, float64(s.BytesOut)*8/10e6, s.Dropped[lossy.CauseQueue])
	}
	fmt.Println("a datagram would wait", slow.Backlog(10*time.Second))
	// Output:
	// 6.0 Mbit/s sent, 4.0 Mbit/s come out, 2483 dropped by the queue
	// 4.0 Mbit/s sent, 4.0 Mbit/s come out, 0 dropped by the queue
	// a datagram would wait 17ms
}

// CoDel keeps the queue short that drop-tail would fill, by dropping from it, or
// by marking what bears ECN.
func ExampleCoDel() {
	discipline, err := lossy.ParseDiscipline("codel:target=5ms,interval=100ms")
	if err != nil {
		panic(err)
	}
	for _, d := range []lossy.Discipline{nil, discipline} {
		l := lossy.NewLink(1, 0, lossy.Up, lossy.Profile{Rate: 8e6, QueuePackets: 200, Discipline: d, ECN: true})
		var longest time.Duration
		l.SetTrace(func(now time.Duration, _ int, v lossy.Verdict) {
			if now > 5*time.Second {
				longest = max(longest, v.Wait)
			}
		})
		datagram := make([]byte, 1000)
		for now := time.Duration(0); now < 20*time.Second; now += 970 * time.Microsecond {
			l.SendMarked(now, datagram, 0, lossy.NotECT)
			for ok := true; ok; {
				_, ok = l.Receive(now, nil)
			}
		}
		s := l.Stats()
		fmt.Printf("%s: up to %v in the queue, dropped by it when full %d, before %d\n",
			lossy.FormatDiscipline(d), longest.Round(time.Millisecond), s.Dropped[lossy.CauseQueue], s.Dropped[lossy.CauseAQM])
	}
	// Output:
	// drop-tail: up to 201ms in the queue, dropped by it when full 419, before 0
	// codel:target=5ms,interval=100ms: up to 9ms in the queue, dropped by it when full 0, before 612
}
