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
