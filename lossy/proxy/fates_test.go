package proxy

import (
	"fmt"
	"testing"
	"time"

	"udplab/lossy"
)

// fates is a network whose outcome does not depend on time: loss in bursts,
// duplicates, flipped bits.
var fates = lossy.Config{
	Seed: 7,
	Up:   lossy.Profile{Loss: 0.2, Burst: 3, Duplicate: 0.1, Corrupt: 0.1},
	Down: lossy.Profile{Loss: 0.1, Duplicate: 0.2, Corrupt: 0.05},
}

// The same seed decides the same fates on sockets and in a simulation: what a
// service receives through the proxy, flow by flow and byte by byte, is what
// a lossy.Link gives out for the same datagrams.
func TestSameFatesAsInProcess(t *testing.T) {
	const flows, datagrams, batch = 3, 2000, 50
	sink := socket(t, "udp", "127.0.0.1:0")
	p := startProxy(t, Config{Config: fates}, newAlarm(), addrOf(sink))
	for flow := range uint64(flows) {
		c := client(t, p)
		up := lossy.NewLink(fates.Seed, flow, lossy.Up, fates.Up)
		dropped := 0
		for i := range datagrams {
			text := fmt.Sprintf("flow %d datagram %d", flow, i)
			send(t, c, text)
			if i%batch < batch-1 {
				up.Send(0, []byte(text))
				continue
			}
			// The end of a batch waits for the proxy, so that no socket
			// buffer ever holds more than a batch.
			up.Send(0, []byte(text))
			for {
				want, some := up.Receive(0, nil)
				if !some {
					break
				}
				if got := receive(t, sink); got != string(want) {
					t.Fatalf("flow %d up to datagram %d: got %q, want %q", flow, i, got, want)
				}
			}
		}
		dropped = int(up.Stats().Dropped[lossy.CauseLoss])
		if dropped < datagrams/10 {
			t.Errorf("flow %d lost only %d datagrams, the comparison says little", flow, dropped)
		}
	}
	// The decisions agree in every count, not only in what came out.
	want := lossy.Stats{}
	for flow := range uint64(flows) {
		l := lossy.NewLink(fates.Seed, flow, lossy.Up, fates.Up)
		for i := range datagrams {
			l.Send(0, fmt.Appendf(nil, "flow %d datagram %d", flow, i))
			for some := true; some; {
				_, some = l.Receive(0, nil)
			}
		}
		want.Add(l.Stats())
	}
	eventually(t, "the proxy has handled every datagram", func() bool {
		return p.Stats().Up.PacketsReceived == flows*datagrams
	})
	if got := p.Stats().Up.Link; got != want {
		t.Errorf("up link counts %+v, want %+v", got, want)
	}
}

// The way back has fates of its own from the same seed.
func TestSameFatesOnTheWayBack(t *testing.T) {
	const datagrams, batch = 1000, 50
	service := socket(t, "udp", "127.0.0.1:0")
	network := lossy.Config{Seed: fates.Seed, Down: fates.Down}
	p := startProxy(t, Config{Config: network}, newAlarm(), addrOf(service))
	c := client(t, p)
	send(t, c, "hello")
	_, back, err := service.ReadFromUDPAddrPort(make([]byte, 100))
	if err != nil {
		t.Fatal(err)
	}
	down := lossy.NewLink(network.Seed, 0, lossy.Down, network.Down)
	for i := range datagrams {
		text := fmt.Sprintf("answer %d", i)
		if _, err := service.WriteToUDPAddrPort([]byte(text), back); err != nil {
			t.Fatal(err)
		}
		down.Send(0, []byte(text))
		for i%batch == batch-1 {
			want, some := down.Receive(0, nil)
			if !some {
				break
			}
			if got := receive(t, c); got != string(want) {
				t.Fatalf("up to answer %d: got %q, want %q", i, got, want)
			}
		}
	}
}

// A delayed datagram never leaves early, on any alarm, and all of them leave.
func TestDelay(t *testing.T) {
	eachAlarm(t, func(t *testing.T, newAlarm func() alarm) {
		const delay, jitter = 5 * time.Millisecond, time.Millisecond
		network := lossy.Config{Up: lossy.Profile{Delay: delay}, Down: lossy.Profile{Delay: delay, Jitter: jitter}}
		p := startProxy(t, Config{Config: network}, newAlarm(), echo(t, "127.0.0.1:0"))
		c := client(t, p)
		for i := range 20 {
			text := fmt.Sprint(i)
			before := time.Now()
			if got := exchange(t, c, text); got != text {
				t.Fatalf("got %q, want %q", got, text)
			}
			if took, least := time.Since(before), delay+delay-jitter; took < least {
				t.Errorf("exchange %d took %v, want at least %v: %v up and at least %v down", i, took, least, delay, delay-jitter)
			}
		}
		s := p.Stats()
		if s.Up.Lateness.Count != 20 || s.Down.Lateness.Count != 20 {
			t.Errorf("lateness of %d and %d datagrams, want 20 each", s.Up.Lateness.Count, s.Down.Lateness.Count)
		}
	})
}

// In a network with everything at once, order of arrival included, no
// datagram goes missing without a cause, on any alarm.
func TestConservation(t *testing.T) {
	bad := lossy.Profile{
		Loss: 0.1, Burst: 2, Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond,
		Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.1, Rate: 50e6, Queue: 2 * time.Millisecond,
	}
	eachAlarm(t, func(t *testing.T, newAlarm func() alarm) {
		const datagrams = 3000
		p := startProxy(t, Config{Config: lossy.Config{Seed: 3, Up: bad, Down: bad}}, newAlarm(), echo(t, "127.0.0.1:0"))
		c := client(t, p)
		for range datagrams {
			send(t, c, "some bytes that may be damaged on the way")
		}
		eventually(t, "everything sent is accounted for", func() bool {
			s := p.Stats()
			return s.Up.PacketsReceived == datagrams && s.Up.Link.PacketsInFlight == 0 && s.Down.Link.PacketsInFlight == 0 &&
				s.Down.PacketsReceived == s.Up.PacketsSent
		})
		checkConserved(t, p)
		if s := p.Stats(); s.Up.Link.Drops() == 0 || s.Up.Link.Reordered == 0 || s.Up.Link.Duplicated == 0 {
			t.Errorf("the network did nothing: %+v", s.Up.Link)
		}
	})
}
