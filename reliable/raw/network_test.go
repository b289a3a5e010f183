package raw

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

// TestCountsWhatTheNetworkDid: the receiver's account of a bad network agrees
// with the network's own, one cause at a time on top of loss and delay. (A copy
// of a damaged packet is a second damaged one; together they need no agree.)
func TestCountsWhatTheNetworkDid(t *testing.T) {
	cases := []struct {
		name  string
		add   func(*lossy.Profile)
		agree func(t *testing.T, got Stats, up lossy.Stats)
	}{
		{"reordered", func(p *lossy.Profile) { p.Reorder = 0.05 }, func(t *testing.T, got Stats, up lossy.Stats) {
			if got.OutOfOrder != up.Reordered || up.Reordered == 0 || got.MaxExtent == 0 {
				t.Errorf("out of order %d, extent %d, the network reordered %d", got.OutOfOrder, got.MaxExtent, up.Reordered)
			}
		}},
		{"duplicated", func(p *lossy.Profile) { p.Duplicate = 0.05 }, func(t *testing.T, got Stats, up lossy.Stats) {
			if got.Duplicate != up.Duplicated || up.Duplicated == 0 {
				t.Errorf("duplicates %d, the network made %d", got.Duplicate, up.Duplicated)
			}
		}},
		{"corrupted", func(p *lossy.Profile) { p.Corrupt = 0.05 }, func(t *testing.T, got Stats, up lossy.Stats) {
			if got.Corrupt != up.Corrupted || up.Corrupted == 0 {
				t.Errorf("corrupt %d, the network hit %d", got.Corrupt, up.Corrupted)
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bad := lossy.Profile{Loss: 0.1, Burst: 3, Delay: 20 * time.Millisecond}
			c.add(&bad)
			synctest.Test(t, func(t *testing.T) {
				const messages = 5000
				got, up := cross(t, lossy.Config{Seed: 11, Up: bad}, messages)
				if got.Received+got.Corrupt != up.PacketsOut {
					t.Errorf("received %d and %d corrupt, the network delivered %d", got.Received, got.Corrupt, up.PacketsOut)
				}
				// The last few may be gone without a later one to tell.
				unique := got.Received - got.Duplicate
				if missing := messages - unique; got.Lost+got.Before > missing || got.Lost+got.Before+20 < missing {
					t.Errorf("lost %d, before %d, but %d did not arrive", got.Lost, got.Before, missing)
				}
				c.agree(t, got, up)
			})
		})
	}
}

// cross sends messages over a network, a millisecond apart, and returns what
// the receiver and the network counted.
func cross(t *testing.T, cfg lossy.Config, messages int) (got Stats, up lossy.Stats) {
	t.Helper()
	n := lossy.NewNetwork(cfg)
	here, there := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")
	a, b := newConn(t, inside(t, n, here), there), newConn(t, inside(t, n, there), here)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := b.Receive(t.Context()); err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("receive: %v", err)
				}
				return
			}
		}
	}()
	for range messages {
		if _, err := a.Send([]byte("a message of some length")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Second)
	b.Close()
	<-done
	a.Close()
	return b.Stats(), n.PathStats(here, there)
}

// slow hides the netip calls of a socket, so that those with net.Addr are used.
type slow struct{ net.PacketConn }

func inside(t *testing.T, n *lossy.Network, addr netip.AddrPort) net.PacketConn {
	t.Helper()
	pc, err := n.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	return slow{pc}
}
