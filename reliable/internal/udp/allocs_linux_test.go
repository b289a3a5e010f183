//go:build !race

// Under the race detector sync.Pool forgets what it holds at random, so that
// what is borrowed from one is at times allocated.

package udp

import (
	"net/netip"
	"testing"
)

// Neither a datagram nor a burst costs an allocation, on any rung, with or
// without a mark.
func TestNoAllocations(t *testing.T) {
	bytes := make([]byte, 20*1200)
	for _, most := range []Offload{OffloadAuto, OffloadBatch, OffloadNone} {
		for _, f := range families {
			s := limited(loopback(t, f.network, f.listen), most)
			in := s.NewInbox()
			addr := netip.AddrPortFrom(netip.MustParseAddr(f.dial), addrOf(s).Port())
			connected, free := dialer(t, addr), New(loopback(t, "udp", "[::]:0"))
			for how, from := range map[string]*Socket{"connected": connected, "not connected": free} {
				from.Limit(most)
				for _, count := range []int{1, 20} {
					for _, mark := range []ECN{NotECT, ECT0} {
						got := testing.AllocsPerRun(50, func() {
							if _, err := from.WriteBurst(bytes[:count*1200], 1200, addr, mark); err != nil {
								t.Fatal(err)
							}
							for range count {
								if d, err := receive(in); err != nil || d.ECN != mark {
									t.Fatal(d.ECN, err)
								}
							}
						})
						if got != 0 {
							t.Errorf("%v, %s, %s, %v: %v allocations for %d datagrams, want none", most, f.name, how, mark, got, count)
						}
					}
				}
			}
		}
	}
}
