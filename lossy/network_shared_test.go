package lossy

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Three clients of one service share what is before it: each datagram comes when
// the reference says, or not at all, whoever of the three sent it, and though
// timers and goroutines deliver it.
func TestNetworkSharesABottleneck(t *testing.T) {
	const rate, seed, flows = 8e6, 1, 3
	for name, p := range bottlenecks(rate) {
		p.SharedBottleneck = true
		load := patterns(3000, rate, flows)["bursts"]
		for i := range load {
			load[i].size = max(load[i].size, 8)
			load[i].mark = NotECT // a net.PacketConn has no mark
			load[i].flow = i % flows
		}
		want := refer(p, seed, load, noBug)
		synctest.Test(t, func(t *testing.T) {
			n := NewNetwork(Config{Seed: seed, Up: p})
			defer n.Close()
			server := mustListen(t, n, bob)
			server.SetReadBuffer(1 << 30)
			var clients []*socket
			for range flows {
				clients = append(clients, mustListen(t, n, netip.MustParseAddrPort("127.0.0.1:0")))
			}
			start := time.Now()
			came := make([]time.Duration, len(load))
			go func() {
				b := make([]byte, maxPayload)
				for {
					if _, _, err := server.ReadFromUDPAddrPort(b); err != nil {
						return
					}
					came[binary.BigEndian.Uint64(b)] = time.Since(start)
				}
			}()
			for i, a := range load {
				time.Sleep(a.at - time.Since(start))
				payload := make([]byte, a.size)
				binary.BigEndian.PutUint64(payload, uint64(i))
				if _, err := clients[a.flow].WriteToUDPAddrPort(payload, bob); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			for i, f := range want {
				due := f.out + p.Delay
				if f.drop != CauseNone {
					due = 0
				}
				if came[i] != due {
					t.Fatalf("%s: datagram %d came at %v, want %v (0 = never)", name, i, came[i], due)
				}
			}
			if s := n.Stats(); s.Up.Unaccounted() != 0 || s.Up.PacketsInFlight != 0 {
				t.Errorf("%s: %d unaccounted for, %d in flight", name, s.Up.Unaccounted(), s.Up.PacketsInFlight)
			}
			server.Close()
		})
	}
}

// Sharing may begin and end while the network runs, and each direction has a
// bottleneck of its own.
func TestNetworkBeginsToShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone := Profile{Rate: 8e6, Discipline: DropHead{}, QueuePackets: 100} // a millisecond for 1000 bytes
		together := alone
		together.SharedBottleneck = true
		n := NewNetwork(Config{Up: alone, Down: together})
		defer n.Close()
		a, b, c := mustListen(t, n, alice), mustListen(t, n, bob), mustListen(t, n, carol)
		round := func() (there, back time.Duration) {
			start := time.Now()
			for _, s := range []*socket{a, c} {
				mustWrite(t, s, string(make([]byte, 1000)), bob)
			}
			mustRead(t, b)
			mustRead(t, b)
			there = time.Since(start)
			start = time.Now()
			for _, to := range []netip.AddrPort{alice, carol} {
				mustWrite(t, b, string(make([]byte, 1000)), to)
			}
			mustRead(t, a)
			mustRead(t, c)
			return there, time.Since(start)
		}
		const ms = time.Millisecond
		for i, profiles := range [][2]Profile{{alone, together}, {together, together}, {together, alone}, {alone, alone}, {together, together}} {
			if err := n.SetConfig(Config{Up: profiles[0], Down: profiles[1]}); err != nil {
				t.Fatal(err)
			}
			wantThere, wantBack := ms, ms
			if profiles[0].SharedBottleneck {
				wantThere = 2 * ms
			}
			if profiles[1].SharedBottleneck {
				wantBack = 2 * ms
			}
			if there, back := round(); there != wantThere || back != wantBack {
				t.Errorf("round %d: two datagrams took %v there and %v back, want %v and %v", i, there, back, wantThere, wantBack)
			}
		}
	})
}
