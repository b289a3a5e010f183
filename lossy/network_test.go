package lossy

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

var (
	alice = netip.MustParseAddrPort("127.0.0.1:9001")
	bob   = netip.MustParseAddrPort("127.0.0.1:9002")
	carol = netip.MustParseAddrPort("127.0.0.1:9003")
)

func mustListen(t *testing.T, n *Network, addr netip.AddrPort) *socket {
	t.Helper()
	pc, err := n.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc.(*socket)
}

func mustWrite(t *testing.T, s *socket, text string, to netip.AddrPort) {
	t.Helper()
	if n, err := s.WriteToUDPAddrPort([]byte(text), to); n != len(text) || err != nil {
		t.Fatalf("WriteToUDPAddrPort = %d, %v, want %d and no error", n, err, len(text))
	}
}

func mustRead(t *testing.T, s *socket) (string, netip.AddrPort) {
	t.Helper()
	b := make([]byte, maxPayload)
	n, from, err := s.ReadFromUDPAddrPort(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), from
}

// wantQuiet fails if anything can be read within the time given.
func wantQuiet(t *testing.T, s *socket, wait time.Duration) {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(wait))
	if n, from, err := s.ReadFromUDPAddrPort(make([]byte, 100)); err == nil {
		t.Errorf("read %d bytes from %v, want nothing within %v", n, from, wait)
	}
	s.SetReadDeadline(time.Time{})
}

func TestNetworkWithoutDelayDeliversBeforeWriteReturns(t *testing.T) {
	n := NewNetwork(Config{})
	a, b := mustListen(t, n, alice), mustListen(t, n, bob)
	mustWrite(t, a, "hello", bob)
	if got := b.arrivals.count; got != 1 {
		t.Errorf("%d datagrams are in the receiver's queue after WriteTo, want 1", got)
	}
	text, from := mustRead(t, b)
	if text != "hello" || from != alice {
		t.Errorf("read %q from %v, want hello from %v", text, from, alice)
	}
}

func TestNetworkDelayIsExactInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Delay: 40 * time.Millisecond}, Down: Profile{Delay: 7 * time.Millisecond}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		start := time.Now()
		mustWrite(t, a, "ping", bob)
		mustRead(t, b)
		if got, want := time.Since(start), 40*time.Millisecond; got != want {
			t.Errorf("upwards took %v, want exactly %v", got, want)
		}
		mustWrite(t, b, "pong", alice)
		mustRead(t, a)
		if got, want := time.Since(start), 47*time.Millisecond; got != want {
			t.Errorf("there and back took %v, want exactly %v", got, want)
		}
	})
}

func TestNetworkPacesAndKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 1000 bytes at 8 Mbit/s take 1 ms each.
		n := NewNetwork(Config{Up: Profile{Rate: 8e6, Queue: time.Second}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		start := time.Now()
		for i := range 10 {
			if _, err := a.WriteToUDPAddrPort(bytes.Repeat([]byte{byte(i)}, 1000), bob); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 10 {
			text, _ := mustRead(t, b)
			if text[0] != byte(i) {
				t.Fatalf("datagram %d came as number %d", text[0], i)
			}
			if got, want := time.Since(start), time.Duration(i+1)*time.Millisecond; got != want {
				t.Errorf("datagram %d came after %v, want %v", i, got, want)
			}
		}
	})
}

// A datagram that comes out sooner than one sent before it moves the timer.
func TestNetworkWakesForTheEarliest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Reorder: 1}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		start := time.Now()
		mustWrite(t, a, "displaced", bob)
		if err := n.SetConfig(Config{Up: Profile{Delay: time.Millisecond}}); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, a, "overtakes", bob)
		for _, want := range []struct {
			text string
			at   time.Duration
		}{{"overtakes", time.Millisecond}, {"displaced", ReorderHold}} {
			text, _ := mustRead(t, b)
			if got := time.Since(start); text != want.text || got != want.at {
				t.Errorf("read %q after %v, want %q after %v", text, got, want.text, want.at)
			}
		}
	})
}

// What waits is delivered sooner when the rate goes up, though nobody sends.
func TestNetworkChangeOfRateReachesWhatWaits(t *testing.T) {
	const ms = time.Millisecond
	for name, change := range map[string]func(*Network, Profile) error{
		"network": func(n *Network, p Profile) error { return n.SetConfig(Config{Up: p}) },
		"path":    func(n *Network, p Profile) error { return n.SetPath(alice, bob, p, Profile{}) },
		"another": func(n *Network, p Profile) error {
			p.SharedBottleneck = true
			return n.SetPath(carol, bob, p, Profile{})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			slow := Profile{Rate: 80e3, QueuePackets: 10, SharedBottleneck: name == "another"}
			n := NewNetwork(Config{Up: slow})
			a, b, c := mustListen(t, n, alice), mustListen(t, n, bob), mustListen(t, n, carol)
			start := time.Now()
			if name == "another" {
				mustWrite(t, c, string(make([]byte, 1000)), bob)
			}
			for range 4 {
				mustWrite(t, a, string(make([]byte, 1000)), bob)
			}
			time.Sleep(50 * ms)
			if err := change(n, Profile{Rate: 800e3, QueuePackets: 10}); err != nil {
				t.Fatal(err)
			}
			for _, want := range []time.Duration{100 * ms, 110 * ms, 120 * ms, 130 * ms} {
				mustRead(t, b)
				if got := time.Since(start); got != want {
					t.Errorf("%s: read after %v, want %v", name, got, want)
				}
			}
			n.Close()
		})
	}
}

func TestNetworkCopiesPayloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Delay: time.Millisecond}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		payload := []byte("before")
		a.WriteTo(payload, net.UDPAddrFromAddrPort(bob))
		copy(payload, "after!")
		if text, _ := mustRead(t, b); text != "before" {
			t.Errorf("read %q, want what was written, before the caller reused its buffer", text)
		}
	})
}

// The first to send is the client, so its profile is Up; SetPath overrules.
func TestNetworkDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Delay: 10 * time.Millisecond}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		c := mustListen(t, n, carol)
		if err := n.SetPath(carol, alice, Profile{Loss: 1}, Profile{}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		mustWrite(t, b, "first", alice)
		mustRead(t, a)
		if got, want := time.Since(start), 10*time.Millisecond; got != want {
			t.Errorf("from the first sender took %v, want the %v of Up", got, want)
		}
		start = time.Now()
		mustWrite(t, a, "answer", bob)
		mustRead(t, b)
		if got := time.Since(start); got != 0 {
			t.Errorf("back to the first sender took %v, want 0, which is Down", got)
		}
		mustWrite(t, a, "down", carol)
		if text, _ := mustRead(t, c); text != "down" {
			t.Errorf("carol read %q, want what alice sent on the perfect direction", text)
		}
		mustWrite(t, c, "up", alice)
		wantQuiet(t, a, time.Second)
		if got := n.PathStats(carol, alice).Dropped[CauseLoss]; got != 1 {
			t.Errorf("%d packets lost from carol to alice, want 1: SetPath lost all of that direction", got)
		}
		if err := n.SetPath(alice, bob, Profile{}, Profile{}); err == nil {
			t.Error("SetPath turned a flow around that exists the other way")
		}
		if err := n.SetPath(alice, alice, Profile{}, Profile{}); err == nil {
			t.Error("SetPath accepted a path from an address to itself")
		}
	})
}

func TestNetworkSetConfigAppliesToOldAndNewFlows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Seed: 4})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		c := mustListen(t, n, carol)
		mustWrite(t, a, "1", bob)
		mustRead(t, b)
		if err := n.SetPath(carol, alice, Profile{}, Profile{}); err != nil {
			t.Fatal(err)
		}
		if err := n.SetConfig(Config{Seed: 4, Up: Profile{Loss: 1}}); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, a, "2", bob)
		mustWrite(t, b, "3", carol)
		mustWrite(t, c, "4", alice)
		if text, _ := mustRead(t, a); text != "4" {
			t.Errorf("alice read %q, want 4: its path has a profile of its own", text)
		}
		wantQuiet(t, b, time.Second)
		wantQuiet(t, c, time.Second)
		if err := n.SetConfig(Config{Seed: 5}); err == nil {
			t.Error("SetConfig changed the seed")
		}
		if err := n.SetConfig(Config{Seed: 4, Down: Profile{Loss: 2}}); err == nil {
			t.Error("SetConfig accepted a loss of 200 %")
		}
		if got, want := n.Config().Up.Loss, 1.0; got != want {
			t.Errorf("Config().Up.Loss = %v, want %v: refused configurations change nothing", got, want)
		}
	})
}

func TestNetworkBlackout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Delay: time.Millisecond}})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		mustWrite(t, a, "in flight", bob)
		n.SetDown(Up, true)
		mustWrite(t, a, "lost", bob)
		mustWrite(t, b, "other way", alice)
		if text, _ := mustRead(t, b); text != "in flight" {
			t.Errorf("read %q, want what was sent before the blackout", text)
		}
		if text, _ := mustRead(t, a); text != "other way" {
			t.Errorf("read %q, want the direction that is up to work", text)
		}
		c := mustListen(t, n, carol)
		mustWrite(t, c, "a new flow is down as well", bob)
		n.SetDown(Up, false)
		mustWrite(t, a, "after", bob)
		if text, _ := mustRead(t, b); text != "after" {
			t.Errorf("read %q, want what was sent after the blackout and nothing of it", text)
		}
		s := n.Stats()
		if s.Flows != 2 || s.Up.Dropped[CauseBlackout] != 2 || s.Up.PacketsOut != 2 || s.Down.PacketsOut != 1 {
			t.Errorf("stats %+v, want 2 flows, 2 blackout drops, 2 up and 1 down", s)
		}
	})
}

func TestNetworkCountsWhatNobodyReads(t *testing.T) {
	n := NewNetwork(Config{})
	a := mustListen(t, n, alice)
	mustWrite(t, a, "to nobody", bob) // no error: UDP cannot know
	b := mustListen(t, n, bob)
	if err := b.SetReadBuffer(200); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		mustWrite(t, a, "36 bytes that are charged as hundred", bob)
	}
	s := n.Stats()
	if s.Unreachable != 1 || s.Overflow != 3 {
		t.Errorf("%d unreachable and %d overflowed, want 1 and 3: two datagrams fill 200 bytes", s.Unreachable, s.Overflow)
	}
	b.Close()
	b.arrive(alice, []byte("just after it was looked up"), NotECT)
	if got := n.Stats().Unreachable; got != 2 {
		t.Errorf("%d unreachable, want 2 after one for a socket that closed meanwhile", got)
	}
	if err := b.SetReadBuffer(0); err == nil {
		t.Error("SetReadBuffer(0) succeeded")
	}
}

func TestNetworkFlowsHaveFatesOfTheirOwn(t *testing.T) {
	const packets = 64
	received := func(sender, receiver netip.AddrPort, order []netip.AddrPort) string {
		n := NewNetwork(Config{Seed: 7, Up: Profile{Loss: 0.5}})
		for _, first := range order {
			s := mustListen(t, n, first)
			mustWrite(t, s, "x", bob)
			s.Close()
		}
		s, r := mustListen(t, n, sender), mustListen(t, n, receiver)
		defer s.Close()
		defer r.Close()
		for i := range packets {
			mustWrite(t, s, string(rune('0'+i)), receiver)
		}
		var out string
		for !r.arrivals.empty() {
			text, _ := mustRead(t, r)
			out += text
		}
		return out
	}
	first := received(alice, bob, nil)
	again := received(carol, bob, nil)
	second := received(alice, bob, []netip.AddrPort{carol})
	if first != again {
		t.Errorf("the first flow lost other packets when its address was another:\n%s\n%s", first, again)
	}
	if first == second {
		t.Error("the second flow lost exactly the packets the first one loses")
	}
}

func TestNetworkClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Delay: time.Hour}})
		pc, err := n.Listen(alice)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, pc.(*socket), "late", bob)
		n.Close()
		time.Sleep(2 * time.Hour)
		n.path(alice, bob).timeout() // of a timer that could not be stopped any more
		if got := n.Stats().Up.PacketsInFlight; got != 1 {
			t.Errorf("%d packets in flight after Close, want 1: its timer was stopped", got)
		}
		if err := pc.Close(); err == nil {
			t.Error("the socket was not closed with the network")
		}
		if _, err := n.Listen(bob); err == nil {
			t.Error("Listen on a closed network succeeded")
		}
	})
}
