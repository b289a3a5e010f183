package play

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
)

func parse(t testing.TB, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// begin plays in another goroutine, and returns when the first changes are made.
func begin(t *testing.T, ctx context.Context, n *lossy.Network, s *scenario.Scenario) (ended chan error) {
	t.Helper()
	ended = make(chan error, 1)
	begun := make(chan struct{})
	go func() { ended <- OverNetwork(ctx, n, s, func() { close(begun) }, nil) }()
	<-begun
	return ended
}

// Ten minutes of a link that breaks off, in virtual time: a datagram a second, and
// which of them arrive.
func TestOverNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		defer n.Close()
		s := parse(t, `{"until": "20s", "steps": [
			{"for": "4500ms"},
			{"blackout": {"for": "2s", "direction": "up"}, "for": "4s"},
			{"set": {"up": {"loss": "100%"}}, "for": "2s"},
			{"reset": true, "for": "2s"},
			{"enabled": false, "for": "2s"},
			{"enabled": true, "set": {"mtu": 1}, "for": "2s"}]}`)
		to := netip.MustParseAddrPort("127.0.0.1:53")
		server, err := n.Listen(to)
		if err != nil {
			t.Fatal(err)
		}
		client, err := n.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		ended := begin(t, t.Context(), n, s)
		epoch := time.Now()
		fates := ""
		buf := make([]byte, 10)
		for range 20 {
			if _, err := client.WriteTo([]byte("xx"), net.UDPAddrFromAddrPort(to)); err != nil {
				t.Fatal(err)
			}
			server.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, _, err := server.ReadFrom(buf); err != nil {
				fates += "-"
			} else {
				fates += "+"
			}
			time.Sleep(time.Until(epoch.Add(time.Duration(len(fates)) * time.Second)))
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if want := "+++++--++--++--" + "-----"; fates != want {
			t.Errorf("each second %s, want %s", fates, want)
		}
	})
}

// It ends with its context, with as many datagrams as it is to last for, and not at
// all if it cannot begin.
func TestOverNetworkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		defer n.Close()
		ctx, cancel := context.WithCancel(t.Context())
		for _, text := range []string{
			`{"until": "forever", "steps": [{"mark": "x"}]}`,
			`{"steps": [{"loop": "forever", "steps": [{"mark": "x", "for": "1h"}]}]}`,
		} {
			ended := begin(t, ctx, n, parse(t, text))
			time.Sleep(48 * time.Hour)
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("%s ended with %v", text, err)
			}
			ctx, cancel = context.WithCancel(t.Context())
		}
		defer cancel()

		to := netip.MustParseAddrPort("127.0.0.1:53")
		client, err := n.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		send := func() {
			if _, err := client.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(to)); err != nil {
				t.Fatal(err)
			}
		}
		send() // before it begins
		ended := begin(t, ctx, n, parse(t, `{"until": {"up": 2}, "steps": [{"mark": "x", "for": "1h"}]}`))
		began := time.Now()
		time.Sleep(time.Second)
		send()
		time.Sleep(time.Second + time.Millisecond)
		send()
		if err := <-ended; err != nil || time.Since(began) != 2100*time.Millisecond {
			t.Errorf("ended with %v after %v, want it to see the second datagram at 2.1 s", err, time.Since(began))
		}
	})
	n := lossy.NewNetwork(lossy.Config{})
	defer n.Close()
	for _, text := range []string{`{"steps": [{"rebind": true}]}`, `{"steps": [{"set": {"jitter": "5ms"}}]}`} {
		if err := OverNetwork(t.Context(), n, parse(t, text), nil, nil); err == nil || !strings.Contains(err.Error(), "steps.0") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Ten simulated minutes of a lively scenario, with 30,000 datagrams, take next to
// nothing. Run it with -v to see how long.
func TestTenMinutesInNoTime(t *testing.T) {
	s := parse(t, `{"until": "10m", "steps": [{"loop": "forever", "steps": [
		{"ramp": {"loss": {"from": "0%", "to": "10%"}, "down": {"rate": {"from": "1mbit", "to": "10mbit"}}}, "for": "20s"},
		{"wave": {"delay": {"low": "10ms", "high": "80ms", "period": "5s"}}, "for": "20s"},
		{"blackout": "1s", "for": "5s"}]}]}`)
	began := time.Now()
	changes := 0
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{Seed: 1})
		defer n.Close()
		to := netip.MustParseAddrPort("127.0.0.1:53")
		if _, err := n.Listen(to); err != nil {
			t.Fatal(err)
		}
		client, err := n.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- OverNetwork(t.Context(), n, s, nil, func(scenario.Note) { changes++ }) }()
		for epoch := time.Now(); time.Since(epoch) < 10*time.Minute; time.Sleep(20 * time.Millisecond) {
			if _, err := client.WriteTo(make([]byte, 200), net.UDPAddrFromAddrPort(to)); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if sent := n.Stats().Up.PacketsIn; sent != 30_000 {
			t.Errorf("%d datagrams, want 30000", sent)
		}
	})
	// 13 times 201 points of the ramp, 201 of the wave and a blackout, 15 s of the next
	// ramp, and the end.
	if want := 13*(201+201+1) + 151 + 1; changes != want {
		t.Errorf("%d changes, want %d", changes, want)
	}
	t.Logf("ten minutes with %d changes and 30000 datagrams in %v", changes, time.Since(began))
}
