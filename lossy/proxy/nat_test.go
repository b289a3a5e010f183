package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// natBench is a bench with one client and a service that the test speaks for.
type natBench struct {
	*bench
	t       *testing.T
	client  *net.UDPConn
	service *net.UDPConn
	dropped uint64
}

func startNAT(t *testing.T, sys system, cfg Config) *natBench {
	service := socket(t, "udp", "127.0.0.1:0")
	b := startBenchOn(t, sys, cfg, addrOf(service))
	return &natBench{bench: b, t: t, client: client(t, b.Proxy), service: service}
}

// up has the client send, and returns the port that the service sees.
func (n *natBench) up(text string) netip.AddrPort {
	n.t.Helper()
	send(n.t, n.client, text)
	return n.arrives(text)
}

func (n *natBench) arrives(text string) netip.AddrPort {
	n.t.Helper()
	buf := make([]byte, 100)
	k, from, err := n.service.ReadFromUDPAddrPort(buf)
	if got := string(buf[:k]); err != nil || got != text {
		n.t.Fatalf("the service got %q, %v, want %q", got, err, text)
	}
	return from
}

// down has the service send to a port, and the client receive.
func (n *natBench) down(to netip.AddrPort, text string) {
	n.t.Helper()
	n.answer(to, text)
	if got := receive(n.t, n.client); got != text {
		n.t.Errorf("the client got %q, want %q", got, text)
	}
}

func (n *natBench) answer(to netip.AddrPort, text string) {
	n.t.Helper()
	if _, err := n.service.WriteToUDPAddrPort([]byte(text), to); err != nil {
		n.t.Fatal(err)
	}
}

// lost has the service send to a port, which must drop it.
func (n *natBench) lost(to netip.AddrPort, why string) {
	n.t.Helper()
	n.answer(to, why)
	n.dropped++
	eventually(n.t, "a drop by nat: "+why, func() bool { return n.Stats().Down.Dropped[CauseNAT] == n.dropped })
}

func TestRebind(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		n := startNAT(t, newSystem(), Config{})
		first := n.up("one")
		n.down(first, "answer one")
		if again := n.up("again"); again != first {
			t.Errorf("the port changed from %v to %v without cause", first, again)
		}
		if flows := n.Rebind(); flows != 1 {
			t.Errorf("rebound %d flows, want 1", flows)
		}
		n.lost(first, "between rebinding and the client's next datagram")
		second := n.up("two")
		if second == first {
			t.Errorf("still port %v", first)
		}
		n.lost(first, "to the old port")
		n.down(second, "answer two")
		if s := n.Stats(); s.Flows != 1 || s.FlowsOpened != 1 || s.Rebound != 1 {
			t.Errorf("%d flows of %d ever, %d rebound, want 1, 1, 1", s.Flows, s.FlowsOpened, s.Rebound)
		}
	})
}

// The timeout counts from the client's last datagram: what the service sends
// does not refresh a mapping.
func TestNATTimeout(t *testing.T) {
	n := startNAT(t, newSystem(), Config{NAT: NAT{Timeout: 30 * time.Second}})
	first := n.up("at 0 s")
	n.pass(20 * time.Second)
	if at := n.up("at 20 s"); at != first {
		t.Errorf("another port after 20 s")
	}
	n.pass(30*time.Second - 1)
	n.down(first, "a nanosecond before the end")
	n.pass(1)
	n.lost(first, "30 s after the client's last")
	second := n.up("back")
	if second == first {
		t.Errorf("still port %v", first)
	}
	n.down(second, "answer")
	n.lost(first, "to the old port")
}

func TestRebindEvery(t *testing.T) {
	n := startNAT(t, newSystem(), Config{NAT: NAT{RebindEvery: 10 * time.Second}})
	seen := map[netip.AddrPort]bool{}
	for k := range 5 {
		at := n.up(fmt.Sprint("period ", k))
		if seen[at] {
			t.Errorf("period %d has the port of an earlier one", k)
		}
		seen[at] = true
		n.pass(10*time.Second - 1)
		if again := n.up("still"); again != at {
			t.Errorf("another port within period %d", k)
		}
		n.pass(1)
		n.lost(at, "at the end of the period")
	}
	if s := n.Stats(); s.Rebound != 4 {
		t.Errorf("%d times rebound, want 4", s.Rebound)
	}
}

// The translator stands with the clients. What was on its way up when the
// mapping ended comes from the old port; what was on its way down is lost if
// it arrives behind the end, and not if it arrived before, however late the
// proxy came to send it.
func TestRebindWithDatagramsOnTheWay(t *testing.T) {
	second := lossy.Profile{Delay: time.Second}
	n := startNAT(t, newSystem(), Config{Config: lossy.Config{Up: second, Down: second}})
	send(t, n.client, "first")
	eventually(t, "it is on its way", func() bool { return n.Stats().Up.Link.PacketsInFlight == 1 })
	n.pass(time.Second)
	old := n.arrives("first")

	send(t, n.client, "before")
	eventually(t, "it is on its way", func() bool { return n.Stats().Up.Link.PacketsInFlight == 1 })
	n.answer(old, "in time")
	eventually(t, "it is on its way", func() bool { return n.Stats().Down.Link.PacketsInFlight == 1 })
	n.now.Add(int64(500 * time.Millisecond)) // without running what is due
	n.answer(old, "too late")
	eventually(t, "it is on its way", func() bool { return n.Stats().Down.Link.PacketsInFlight == 2 })
	n.now.Add(int64(600 * time.Millisecond))
	n.Rebind() // at 2.1 s: the first is due at 2 s, the second at 2.5 s
	n.pass(400 * time.Millisecond)
	if at := n.arrives("before"); at != old {
		t.Errorf("what was on its way came from %v, want the old port %v", at, old)
	}
	if got := receive(t, n.client); got != "in time" {
		t.Errorf("the client got %q, want what arrived before the rebinding", got)
	}
	if got := n.Stats().Down.Dropped[CauseNAT]; got != 1 {
		t.Errorf("%d dropped by nat, want the one that arrived behind the rebinding", got)
	}
}

// New ports change no fate: the flow goes on.
func TestRebindChangesNoFate(t *testing.T) {
	const datagrams, every = 300, 20
	n := startNAT(t, newSystem(), Config{Config: lossy.Config{Seed: fates.Seed, Up: fates.Up}})
	link := lossy.NewLink(fates.Seed, 0, lossy.Up, fates.Up)
	var want, got []string
	for i := range datagrams {
		text := fmt.Sprint("datagram ", i)
		send(t, n.client, text)
		link.Send(0, []byte(text))
		for {
			b, some := link.Receive(0, nil)
			if !some {
				break
			}
			want = append(want, string(b))
			got = append(got, receive(t, n.service))
		}
		eventually(t, "it is read", func() bool { return n.Stats().Up.PacketsReceived == uint64(i+1) })
		if i%every == 0 {
			n.Rebind()
		}
	}
	if !slices.Equal(got, want) {
		t.Error("not the datagrams that come through without rebinding")
	}
	if s := n.Stats(); s.Rebound != datagrams/every {
		t.Errorf("rebound %d times, want %d", s.Rebound, datagrams/every)
	}
}

// The sockets of old mappings are few, and go after half a minute. From then
// on the kernel answers for their ports.
func TestForsakenPortsAreClosed(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		n := startNAT(t, newSystem(), Config{})
		for i := range forsakenMost + 10 {
			n.up(fmt.Sprint(i))
			n.Rebind()
		}
		var f *flow
		n.table.mu.Lock()
		for _, f = range n.table.flows {
		}
		n.table.mu.Unlock()
		open := func() int {
			f.ports.mu.Lock()
			defer f.ports.mu.Unlock()
			return len(f.ports.old)
		}
		if got := open(); got != forsakenMost {
			t.Errorf("%d sockets of old mappings are open, want %d", got, forsakenMost)
		}
		n.pass(forsakenFor - 1)
		if got := open(); got != forsakenMost {
			t.Errorf("%d are open a nanosecond before their time, want %d", got, forsakenMost)
		}
		n.pass(1)
		if got := open(); got != 0 {
			t.Errorf("%d are open after their time", got)
		}
		n.down(n.up("on"), "and on")
	})
}

// What is due through a port whose socket is closed already has nowhere to go.
func TestForsakenPortCloses(t *testing.T) {
	n := startNAT(t, newSystem(), Config{Config: lossy.Config{Up: lossy.Profile{Delay: time.Minute}}, IdleTimeout: -1})
	send(t, n.client, "slow")
	eventually(t, "it is on its way", func() bool { return n.Stats().Up.Link.PacketsInFlight == 1 })
	n.Rebind()
	send(t, n.client, "slow too")
	eventually(t, "so is the other", func() bool { return n.Stats().Up.Link.PacketsInFlight == 2 })
	n.pass(forsakenFor)
	n.pass(time.Minute)
	n.arrives("slow too")
	if got := n.Stats().Up.Dropped[CauseNAT]; got != 1 {
		t.Errorf("%d dropped by nat, want 1", got)
	}
}

func TestNATInWords(t *testing.T) {
	for n, want := range map[NAT]string{
		{}:                          "",
		{Timeout: 30 * time.Second}: "nat-timeout 30s",
		{Timeout: time.Second, RebindEvery: time.Minute}: "nat-timeout 1s, rebind-every 1m0s",
	} {
		if n.String() != want {
			t.Errorf("got %q, want %q", n.String(), want)
		}
	}
}

func TestNATIsValidated(t *testing.T) {
	for _, bad := range []NAT{{Timeout: -1}, {RebindEvery: -time.Second}, {Timeout: 1}, {RebindEvery: MinNATTime - 1}, {Timeout: 2 * time.Hour}} {
		if bad.Validate() == nil || (Config{NAT: bad}).Validate() == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
	for _, good := range []NAT{{}, {Timeout: MinNATTime, RebindEvery: time.Hour}} {
		if err := good.Validate(); err != nil {
			t.Error(err)
		}
	}
	p := startProxy(t, Config{}, newAlarm(), echo(t, "127.0.0.1:0"))
	if err := p.Change(func(s *Settings) error { s.NAT.Timeout = 1; return nil }); err == nil || p.Settings().NAT != (NAT{}) {
		t.Errorf("a timeout of a nanosecond: %v, now %+v", err, p.Settings().NAT)
	}
}

// P4: the service restarts, and moves to another address by a change of
// settings. New datagrams flow either way, and nothing of the old place lasts.
func TestP4_UpstreamRestartsAndMoves(t *testing.T) {
	eachSystem(t, func(t *testing.T, newSystem func() system) {
		n := startNAT(t, newSystem(), Config{})
		at := addrOf(n.service)
		first := n.up("before")
		n.service.Close()
		n.service = socket(t, "udp", at.String())
		if again := n.up("after the restart"); again != first {
			t.Errorf("a restart changed the port from %v to %v", first, again)
		}
		n.down(first, "answer of the new process")

		old := n.service
		n.service = socket(t, "udp", "[::1]:0") // another family even
		move := func(to netip.AddrPort) error {
			return n.Change(func(s *Settings) error { s.Upstream = to; return nil })
		}
		if err := move(addrOf(n.service)); err != nil {
			t.Fatal(err)
		}
		if n.Upstream() != addrOf(n.service) {
			t.Errorf("upstream %v, want %v", n.Upstream(), addrOf(n.service))
		}
		second := n.up("at the new address")
		n.down(second, "answer from there")
		n.service, old = old, n.service
		n.lost(first, "from the old address")
		n.service = old

		for _, bad := range []netip.AddrPort{
			n.Addr(), {}, netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("0.0.0.0:9"),
			netip.MustParseAddrPort("255.255.255.255:9"), netip.MustParseAddrPort("[fe80::1]:9"),
		} {
			err := move(bad)
			var address *AddressError
			if !errors.As(err, &address) || n.Upstream() != addrOf(n.service) {
				t.Errorf("moved to %v: %v, now %v", bad, err, n.Upstream())
			}
		}
		if err := move(n.Addr()); !errors.Is(err, ErrLoop) {
			t.Errorf("moved to the proxy itself: %v, want ErrLoop", err)
		}
		n.down(n.up("still there"), "yes")
	})
}
