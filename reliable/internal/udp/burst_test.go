package udp

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
)

// pattern is bytes of which no two short runs are alike, so that a datagram cut
// in a wrong place or put in another's is seen.
func pattern(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// cut is what a burst must arrive as.
func cut(b []byte, size int) (datagrams [][]byte) {
	for len(b) > size {
		datagrams, b = append(datagrams, b[:size]), b[size:]
	}
	return append(datagrams, b)
}

// expectBurst reads what a burst became.
func expectBurst(t *testing.T, in *Inbox, want [][]byte, from netip.AddrPort, mark ECN) {
	t.Helper()
	for i := 0; i < len(want); {
		if err := in.Receive(); err != nil {
			t.Fatalf("datagram %d of %d: %v", i, len(want), err)
		}
		for d, ok := in.Next(); ok; d, ok = in.Next() {
			if i == len(want) {
				t.Fatalf("%d bytes more than the %d datagrams sent", len(d.Bytes), len(want))
			}
			if !bytes.Equal(d.Bytes, want[i]) || d.From != from || d.ECN != mark || d.Truncated {
				t.Fatalf("datagram %d of %d: %d bytes from %v with %v (truncated: %v), want %d from %v with %v",
					i, len(want), len(d.Bytes), d.From, d.ECN, d.Truncated, len(want[i]), from, mark)
			}
			i++
		}
	}
	if err := in.TryReceive(); !errors.Is(err, ErrEmpty) {
		t.Fatalf("behind the burst: %v, want ErrEmpty", err)
	}
}

// bursts are lengths and datagram sizes of bursts: nothing, one, all counts to
// the most, odd tails of one byte and of one byte too few, the largest datagram.
func bursts() (list []struct{ length, size int }) {
	add := func(length, size int) { list = append(list, struct{ length, size int }{length, size}) }
	add(0, 0)
	add(0, 1200)
	for n := 1; n <= MaxSegments+1; n++ {
		add(n*100, 100)
		add(n*100+1, 100)
		add(n*100-1, 100)
	}
	add(45*1452, 1452)
	add(MaxBurst, 1452)
	add(MaxBurst, MaxBurst)
	add(MaxBurst, MaxBurst-1)
	add(70_000, 1000)
	add(5, 1)
	return list
}

// A burst arrives as the datagrams it was made of, in order, with its mark.
func TestBursts(t *testing.T) {
	data := pattern(70_000)
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		connected, free := dialer(t, addr), New(loopback(t, "udp", "[::]:0"))
		for how, from := range map[string]*Socket{"connected": connected, "not connected": free} {
			t.Run(how, func(t *testing.T) {
				at := netip.AddrPortFrom(addr.Addr(), addrOf(from).Port())
				for _, b := range bursts() {
					want := cut(data[:b.length], max(b.size, 1))
					for _, mark := range []ECN{NotECT, ECT0, CE} {
						sent, err := from.WriteBurst(data[:b.length], b.size, addr, mark)
						if err != nil || sent != len(want) {
							t.Fatalf("%d bytes by %d: sent %d of %d, %v", b.length, b.size, sent, len(want), err)
						}
						if s.messages == nil {
							mark = NotECT
						}
						expectBurst(t, in, want, at, mark)
					}
				}
			})
		}
	})
}

// An inbox tells an empty socket from an empty datagram without waiting, and
// whether it waited.
func TestInboxTries(t *testing.T) {
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		if err := in.TryReceive(); !errors.Is(err, ErrEmpty) {
			t.Fatalf("nothing was sent: %v, want ErrEmpty", err)
		}
		if d, ok := in.Next(); ok {
			t.Fatalf("nothing was read, and Next gives %d bytes", len(d.Bytes))
		}
		peer := dialer(t, addr)
		for range 2 {
			if err := peer.Write(nil, addr, NotECT); err != nil {
				t.Fatal(err)
			}
		}
		expectBurst(t, in, [][]byte{{}, {}}, addrOf(peer), NotECT)
	})
}
