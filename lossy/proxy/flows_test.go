package proxy

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

// Many clients at once: each gets its own answers and nobody else's.
func TestEveryClientGetsItsOwnAnswers(t *testing.T) {
	const clients, datagrams = 60, 40
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	var all sync.WaitGroup
	for i := range clients {
		c := client(t, p)
		all.Go(func() {
			buf := make([]byte, 100)
			for k := range datagrams {
				text := fmt.Sprintf("client %d datagram %d", i, k)
				if _, err := c.Write([]byte(text)); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				n, err := c.Read(buf)
				if got := string(buf[:n]); err != nil || got != text {
					t.Errorf("client %d got %q, %v, want %q", i, got, err, text)
					return
				}
			}
		})
	}
	all.Wait()
	if s := p.Stats(); s.Flows != clients || s.FlowsOpened != clients {
		t.Errorf("%d flows of %d ever, want %d", s.Flows, s.FlowsOpened, clients)
	}
}

// P1: a flood of new clients is refused and counted; those that are there go on.
func TestP1_FlowLimit(t *testing.T) {
	const limit, flood = 2, 30
	p := startProxy(t, Config{MaxFlows: limit}, newAlarm(), echo(t, "127.0.0.1:0"))
	first, second := client(t, p), client(t, p)
	exchange(t, first, "a")
	exchange(t, second, "b")
	for range flood {
		send(t, client(t, p), "let me in")
	}
	// One goroutine reads the listen socket, so when this comes back all
	// before it have been handled.
	if got := exchange(t, first, "still here"); got != "still here" {
		t.Errorf("got %q", got)
	}
	s := p.Stats()
	if s.Flows != limit || s.FlowsOpened != limit || s.Up.Dropped[CauseFlowLimit] != flood {
		t.Errorf("%d flows of %d ever and %d refused, want %d, %d and %d",
			s.Flows, s.FlowsOpened, s.Up.Dropped[CauseFlowLimit], limit, limit, flood)
	}
}

// A flow ends after the idle timeout counted from its last datagram either
// way, makes room, and a client that returns is a new flow.
func TestIdleFlowsExpire(t *testing.T) {
	b := startBench(t, Config{MaxFlows: 2}, echo(t, "127.0.0.1:0"))
	first, second := client(t, b.Proxy), client(t, b.Proxy)
	exchange(t, first, "at 0 s")
	if got := time.Duration(b.alarm.last.Load()); got != DefaultIdleTimeout {
		t.Errorf("with one flow the alarm is set to %v, want the idle timeout, %v", got, DefaultIdleTimeout)
	}
	b.pass(40 * time.Second)
	exchange(t, second, "at 40 s")
	b.pass(20*time.Second - 1)
	if s := b.Stats(); s.Flows != 2 {
		t.Fatalf("%d flows a nanosecond before the first expires, want 2", s.Flows)
	}
	b.pass(1)
	if s := b.Stats(); s.Flows != 1 || s.FlowsExpired != 1 {
		t.Fatalf("after 60 s %d flows, %d expired, want 1 and 1", s.Flows, s.FlowsExpired)
	}
	if got, want := time.Duration(b.alarm.last.Load()), 40*time.Second; got != want {
		t.Errorf("then the alarm is set to %v, want the %v the second flow has left", got, want)
	}
	if got := exchange(t, first, "back"); got != "back" {
		t.Errorf("got %q", got)
	}
	s := b.Stats()
	if s.Flows != 2 || s.FlowsOpened != 3 || s.Up.PacketsReceived != 3 || s.Down.PacketsSent != 3 {
		t.Errorf("%d flows, %d ever, %d up, %d down; want 2, 3, 3, 3: what expired stays counted",
			s.Flows, s.FlowsOpened, s.Up.PacketsReceived, s.Down.PacketsSent)
	}
}

// A flow whose datagram is still on the wire is not idle, however long the
// wire.
func TestFlowWithDatagramsInFlightStays(t *testing.T) {
	network := lossy.Config{Up: lossy.Profile{Delay: 5 * time.Minute}}
	b := startBench(t, Config{Config: network}, echo(t, "127.0.0.1:0"))
	c := client(t, b.Proxy)
	send(t, c, "slow")
	eventually(t, "the datagram is in flight", func() bool { return b.Stats().Up.Link.PacketsInFlight == 1 })
	b.pass(2 * time.Minute)
	b.pass(2 * time.Minute)
	if s := b.Stats(); s.Flows != 1 {
		t.Fatalf("the flow expired with a datagram in flight")
	}
	b.pass(time.Minute)
	if got := receive(t, c); got != "slow" {
		t.Errorf("got %q", got)
	}
	eventually(t, "it expires when the wire is empty", func() bool {
		b.pass(time.Minute) // who has just carried the answer may still hold the flow
		return b.Stats().FlowsExpired == 1
	})
}

func TestNegativeIdleTimeoutKeepsFlows(t *testing.T) {
	b := startBench(t, Config{IdleTimeout: -1}, echo(t, "127.0.0.1:0"))
	exchange(t, client(t, b.Proxy), "hello")
	b.pass(1000 * time.Hour)
	if s := b.Stats(); s.Flows != 1 {
		t.Errorf("%d flows after 1000 hours, want 1", s.Flows)
	}
}

// What is in flight is bounded over all flows; the rest is dropped as overload.
func TestHeldBytesAreBounded(t *testing.T) {
	const size, each = 1000, 1000 + heldOverhead
	network := lossy.Config{Up: lossy.Profile{Delay: time.Minute}}
	b := startBench(t, Config{Config: network, MaxHeld: 10*each + each/2, IdleTimeout: -1}, echo(t, "127.0.0.1:0"))
	first, second := client(t, b.Proxy), client(t, b.Proxy)
	payload := string(make([]byte, size))
	sent := uint64(0)
	fill := func(n int) (inFlight, overload uint64) {
		for i := range n {
			if i%2 == 0 {
				send(t, first, payload)
			} else {
				send(t, second, payload)
			}
		}
		sent += uint64(n)
		eventually(t, "all are read", func() bool { return b.Stats().Up.PacketsReceived == sent })
		s := b.Stats().Up.Link
		return s.PacketsInFlight, s.Dropped[lossy.CauseOverload]
	}
	if held, dropped := fill(30); held != 10 || dropped != 20 {
		t.Errorf("two flows hold %d datagrams and dropped %d, want 10 and 20", held, dropped)
	}
	b.pass(time.Minute)
	if held, dropped := fill(30); held != 10 || dropped != 40 {
		t.Errorf("once drained they hold %d and dropped %d, want 10 and 40: room must come back", held, dropped)
	}
}

// A client whose flow is named fares alike whoever came first, and takes no
// number from the others.
func TestNamedFlowsFareAlikeWhoeverComesFirst(t *testing.T) {
	ann, err := lossy.NamedFlow("ann")
	if err != nil {
		t.Fatal(err)
	}
	network := lossy.Config{Seed: 5, Up: lossy.Profile{Loss: 0.5}}
	for _, annFirst := range []bool{true, false} {
		named, other := socket(t, "udp", "127.0.0.1:0"), socket(t, "udp", "127.0.0.1:0")
		var mu sync.Mutex
		heard := make(map[lossy.FlowKey][]lossy.Verdict)
		sink := socket(t, "udp", "127.0.0.1:0")
		p := startProxy(t, Config{
			Config: network,
			Flows:  map[netip.AddrPort]lossy.FlowKey{addrOf(named): ann},
			Tracer: func(flow lossy.FlowKey, d lossy.Direction) func(time.Duration, int, lossy.Verdict) {
				if d == lossy.Down {
					return nil
				}
				return func(_ time.Duration, _ int, v lossy.Verdict) {
					mu.Lock()
					defer mu.Unlock()
					heard[flow] = append(heard[flow], v)
				}
			},
		}, newAlarm(), addrOf(sink))
		for i := range 2 {
			from := other
			if annFirst == (i == 0) {
				from = named
			}
			for range 50 {
				if _, err := from.WriteToUDPAddrPort([]byte("x"), p.Addr()); err != nil {
					t.Fatal(err)
				}
			}
		}
		eventually(t, "both were heard", func() bool { return p.Stats().Up.PacketsReceived == 100 })
		p.Close()
		for _, key := range []lossy.FlowKey{ann, {Number: 0}} {
			m := lossy.NewModel(network.Seed, key.Number, lossy.Up, network.Up)
			for i := range 50 {
				if want := m.Decide(1); i >= len(heard[key]) || heard[key][i] != want {
					t.Fatalf("ann first %v: flow %v heard %v, want %v at %d", annFirst, key, heard[key], want, i)
				}
			}
		}
	}
}

func TestTwoClientsAreNotOneFlow(t *testing.T) {
	a, b := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	cfg := Config{Flows: map[netip.AddrPort]lossy.FlowKey{a: {Number: 3}, b: {Number: 3}}}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "flow 3") {
		t.Errorf("two clients for one flow: %v", err)
	}
}

// Whoever is told of changes hears of each before a datagram can see it, and
// of none that failed.
func TestChangesAreTold(t *testing.T) {
	var told []Settings
	p := startProxy(t, Config{Changed: func(_ time.Duration, s Settings) { told = append(told, s) }}, newAlarm(), echo(t, "127.0.0.1:0"))
	change := lossy.Config{Seed: 1, Up: lossy.Profile{Loss: 0.5}}
	if err := p.SetConfig(change); err != nil {
		t.Fatal(err)
	}
	if err := p.SetConfig(lossy.Config{Up: lossy.Profile{Loss: 2}}); err == nil {
		t.Error("a loss of 2 was accepted")
	}
	if err := p.Blackout(time.Hour, lossy.Down); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || told[0].Network != change || told[0].Dark != [2]time.Duration{} || told[1].Dark[lossy.Down] < time.Hour {
		t.Errorf("told %+v, want the change and the blackout", told)
	}
}
