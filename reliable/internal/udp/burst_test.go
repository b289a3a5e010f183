package udp

import (
	"bytes"
	"errors"
	"net/netip"
	"sync"
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
	}
	for _, n := range []int{1, 2, 7, MaxSegments - 1, MaxSegments} {
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

// A burst arrives as the datagrams it was made of, in order, with its mark:
// from every rung, to every rung.
func TestBursts(t *testing.T) {
	data := pattern(70_000)
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		in := s.NewInbox()
		for _, sender := range rungs {
			connected := dial(t, addr)
			for how, from := range map[string]*Socket{
				"connected":     sender.wrap(connected).connectedBy(connected),
				"not connected": sender.wrap(loopback(t, "udp", "[::]:0")),
			} {
				t.Run("from "+sender.name+" "+how, func(t *testing.T) {
					at := netip.AddrPortFrom(addr.Addr(), addrOf(from).Port())
					for i, b := range bursts() {
						mark := []ECN{NotECT, ECT0, CE}[i%3]
						want := cut(data[:b.length], max(b.size, 1))
						sent, err := from.WriteBurst(data[:b.length], b.size, addr, mark)
						if err != nil || sent != len(want) {
							t.Fatalf("%d bytes by %d: sent %d of %d, %v", b.length, b.size, sent, len(want), err)
						}
						if s.messages == nil || from.messages == nil {
							mark = NotECT
						}
						expectBurst(t, in, want, at, mark)
					}
				})
			}
		}
	})
}

// Many goroutines send bursts from one socket, and each arrives whole.
func TestBurstsOfManyGoroutines(t *testing.T) {
	const senders, bursts, datagrams, size = 8, 20, 10, 100
	eachSocket(t, func(t *testing.T, s *Socket, addr netip.AddrPort) {
		s.Enlarge(4 << 20)
		from := dialer(t, addr)
		var sending sync.WaitGroup
		for i := range senders {
			sending.Go(func() {
				b := bytes.Repeat([]byte{byte(i)}, datagrams*size)
				for range bursts {
					if sent, err := from.WriteBurst(b, size, addr, NotECT); err != nil || sent != datagrams {
						t.Errorf("sent %d of %d, %v", sent, datagrams, err)
					}
				}
			})
		}
		sending.Wait()
		in := s.NewInbox()
		var got [senders]int
		for range senders * bursts * datagrams {
			d, err := receive(in)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Bytes) != size || bytes.Count(d.Bytes, d.Bytes[:1]) != size {
				t.Fatalf("got % x", d.Bytes)
			}
			got[d.Bytes[0]]++
		}
		for i, n := range got {
			if n != bursts*datagrams {
				t.Errorf("sender %d: %d datagrams, want %d", i, n, bursts*datagrams)
			}
		}
	})
}

// What the kernel says of how it joined datagrams is not believed further than
// there are bytes.
func TestMessagesAreCut(t *testing.T) {
	for _, c := range []struct {
		length, segment int
		want            []int
	}{
		{0, 0, []int{0}},
		{0, 100, []int{0}},
		{5, 0, []int{5}},
		{5, -1, []int{5}},
		{5, 5, []int{5}},
		{5, 6, []int{5}},
		{5, 1 << 30, []int{5}},
		{5, 1, []int{1, 1, 1, 1, 1}},
		{5, 2, []int{2, 2, 1}},
		{4, 2, []int{2, 2}},
	} {
		for _, truncated := range []bool{false, true} {
			whole := pattern(c.length)
			in := &Inbox{messages: []message{{bytes: whole, segment: c.segment, ecn: ECT1, cut: truncated}}}
			if got := in.messages[0].count(); got != len(c.want) {
				t.Errorf("%d by %d: counts %d, want %d", c.length, c.segment, got, len(c.want))
			}
			at := 0
			for i, want := range c.want {
				d, ok := in.Next()
				if !ok || !bytes.Equal(d.Bytes, whole[at:at+want]) || d.ECN != ECT1 {
					t.Fatalf("%d by %d: datagram %d has %d bytes (%v), want %d", c.length, c.segment, i, len(d.Bytes), ok, want)
				}
				if last := i == len(c.want)-1; d.Truncated != (truncated && last) {
					t.Errorf("%d by %d: datagram %d is truncated: %v", c.length, c.segment, i, d.Truncated)
				}
				if i < len(c.want)-1 && cap(d.Bytes) != want {
					t.Errorf("%d by %d: who appends to datagram %d changes the next", c.length, c.segment, i)
				}
				at += want
			}
			if d, ok := in.Next(); ok {
				t.Errorf("%d by %d: %d bytes more", c.length, c.segment, len(d.Bytes))
			}
		}
	}
}
