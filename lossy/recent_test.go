package lossy

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// stranger is the n-th of many addresses.
func stranger(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 9)
}

// A peer in use keeps its flow, whatever number of new addresses come between, be
// it from outside or by being written to, once or twice each: its fates are those
// it would have had alone.
func TestWrapFloodsDisplaceNobody(t *testing.T) {
	const seed, flood = 7, MaxWrappedFlows + 1000
	p := Profile{Loss: 0.3, Burst: 4}
	want := fatesOf(p, seed, 400)
	for name, wave := range map[string]func(t *testing.T, c *Conn, n *Network, from int){
		"written to once": func(t *testing.T, c *Conn, _ *Network, from int) {
			for i := range flood {
				write(t, c, stranger(from+i))
			}
		},
		"written to twice": func(t *testing.T, c *Conn, _ *Network, from int) {
			for i := range flood {
				write(t, c, stranger(from+i))
				write(t, c, stranger(from+i))
			}
		},
		"from outside": func(t *testing.T, _ *Conn, n *Network, from int) {
			for i := range flood {
				s := mustListen(t, n, stranger(from+i))
				mustWrite(t, s, "x", alice)
				s.Close()
			}
			synctest.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n := wrapped(t, Config{Seed: seed, Up: p})
				if err := c.SetReadBuffer(1 << 30); err != nil {
					t.Fatal(err)
				}
				mustListen(t, n, bob)
				var fates []bool
				c.Network().SetTracer(func(flow FlowKey, d Direction) func(time.Duration, int, Verdict) {
					if d == Down || flow.Number > 0 {
						return nil
					}
					return func(_ time.Duration, _ int, v Verdict) { fates = append(fates, v.Drop == CauseLoss) }
				})
				for i := range len(want) {
					if i == 200 {
						wave(t, c, n, i*flood)
						time.Sleep(WrapIdle / 2)
					}
					write(t, c, bob)
				}
				if !slices.Equal(fates, want) {
					t.Errorf("%d of %d datagrams are lost, want the %d of a link of its own", count(fates), len(fates), count(want))
				}
				if held := len(c.network.paths); held > 2*MaxWrappedFlows {
					t.Errorf("%d paths are kept, want %d at most", held, 2*MaxWrappedFlows)
				}
			})
		})
	}
}

func write(t *testing.T, c *Conn, to netip.AddrPort) {
	t.Helper()
	if _, err := c.WriteToUDPAddrPort([]byte("x"), to); err != nil {
		t.Fatal(err)
	}
}

// A place among the regulars is free for another when whoever has it was idle.
func TestWrapIdleRegularsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := wrapped(t, Config{})
		regular := func(n int) bool {
			write(t, c, stranger(n))
			write(t, c, stranger(n))
			return c.flows.place[pair{alice, stranger(n)}].Value.(*visitor).regular
		}
		for n := range maxRegulars {
			if !regular(n) {
				t.Fatalf("address %d has no place among %d", n, maxRegulars)
			}
		}
		if regular(maxRegulars) {
			t.Error("one more has a place though all are in use")
		}
		time.Sleep(WrapIdle - time.Millisecond)
		write(t, c, stranger(0)) // the first is now the last
		time.Sleep(time.Millisecond)
		if !regular(maxRegulars) {
			t.Error("one more has no place though most were idle")
		}
		if c.flows.place[pair{alice, stranger(0)}] == nil || c.flows.place[pair{alice, stranger(1)}] != nil {
			t.Error("another made room than the one unused for longest")
		}
	})
}

// Flows whose datagrams are on their way cannot be forgotten. There is an end to
// them too, and what is dropped then has a cause.
func TestWrapFlowsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writes = mostWrappedFlows + 500
		c, n := wrapped(t, Config{Up: Profile{Delay: time.Second}, Down: Profile{Delay: time.Second}})
		for i := range writes - 1 {
			write(t, c, stranger(i))
		}
		s := mustListen(t, n, stranger(writes))
		mustWrite(t, s, "x", alice)
		synctest.Wait()
		stats := c.Network().Stats()
		if got := stats.Up.Dropped[CauseOverload]; got != 499 || stats.Down.Dropped[CauseOverload] != 1 {
			t.Errorf("%d and %d dropped, want 499 up and 1 down", got, stats.Down.Dropped[CauseOverload])
		}
		if len(c.network.paths) != 2*mostWrappedFlows || stats.Up.Unaccounted() != 0 || stats.Up.PacketsIn != writes-1 {
			t.Errorf("%d paths, %d unaccounted for of %d", len(c.network.paths), stats.Up.Unaccounted(), stats.Up.PacketsIn)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		write(t, c, stranger(writes))
		if held := len(c.network.paths); held > 2*MaxWrappedFlows {
			t.Errorf("%d paths are kept when nothing is on its way, want %d at most", held, 2*MaxWrappedFlows)
		}
	})
}
