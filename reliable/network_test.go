package reliable

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
	"udplab/reliable/internal/udp"
)

// bad is a network that does everything at once.
var bad = lossy.Profile{
	Loss: 0.1, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond,
	Reorder: 0.05, Duplicate: 0.02, Corrupt: 0.005,
}

// peers are two listeners on an in-memory network, which run in fake time.
func peers(t *testing.T, network *lossy.Network, config *Config) (a, b *Listener) {
	t.Helper()
	open := func(addr string) *Listener {
		pc, err := network.Listen(netip.MustParseAddrPort(addr))
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewListener(pc, config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close(); pc.Close() })
		return l
	}
	return open("10.0.0.1:9000"), open("10.0.0.2:9000")
}

func addrOf(l *Listener) netip.AddrPort { return l.Addr().(*net.UDPAddr).AddrPort() }

func TestExactlyOnceInOrderOverABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := lossy.NewNetwork(lossy.Config{Seed: 1, Up: bad, Down: bad})
		a, b := peers(t, network, &Config{FirstNumber: 1<<32 - 100, Linger: time.Hour})
		ctx := context.Background()
		const n = 1000
		go func() {
			c, err := a.Dial(ctx, addrOf(b))
			if err != nil {
				t.Error(err)
				return
			}
			for i := range uint64(n) {
				if err := c.Send(ctx, binary.BigEndian.AppendUint64(make([]byte, i%3000), i)); err != nil {
					t.Error(err)
					return
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		c, err := b.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(n) {
			got, err := c.Receive(ctx)
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			want := binary.BigEndian.AppendUint64(make([]byte, i%3000), i)
			if !bytes.Equal(got, want) {
				t.Fatalf("message %d arrived as %d bytes that are not it", i, len(got))
			}
		}
		if _, err := c.Receive(ctx); err != io.EOF {
			t.Errorf("after the last message: %v, want io.EOF", err)
		}
		if s := b.Stats(); s.ChecksumErrors == 0 {
			t.Error("no damaged datagram was seen: the network was not bad")
		}
		if s := c.Stats(); s.PacketsDuplicate == 0 || s.PacketsOutOfOrder == 0 {
			t.Errorf("no duplicates or no reordering was seen: %+v", s)
		}
	})
}

// Whoever starts first, and when both dial at the same instant: one connection.
func TestRendezvous(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b    time.Duration // when each begins to dial
		profile lossy.Profile
	}{
		{"at once", 0, 0, lossy.Profile{Delay: 20 * time.Millisecond}},
		{"a first", 0, 5 * time.Second, lossy.Profile{Delay: 20 * time.Millisecond}},
		{"b a little later", 0, 30 * time.Millisecond, lossy.Profile{Delay: 20 * time.Millisecond}},
		{"b one flight later", 0, 20 * time.Millisecond, lossy.Profile{Delay: 20 * time.Millisecond}},
		{"over a bad network", 0, 100 * time.Millisecond, bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := lossy.NewNetwork(lossy.Config{Seed: 3, Up: c.profile, Down: c.profile})
				a, b := peers(t, network, &Config{Rendezvous: true, HandshakeTimeout: -1})
				var conns [2]*Conn
				done := make(chan error, 2)
				dial := func(i int, wait time.Duration, from, to *Listener) {
					time.Sleep(wait) // fake time
					var err error
					conns[i], err = from.Dial(context.Background(), addrOf(to))
					done <- err
				}
				go dial(0, c.a, a, b)
				go dial(1, c.b, b, a)
				for range 2 {
					if err := <-done; err != nil {
						t.Fatal(err)
					}
				}
				if err := conns[0].Send(t.Context(), []byte("ping")); err != nil {
					t.Fatal(err)
				}
				if got, err := conns[1].Receive(t.Context()); string(got) != "ping" {
					t.Fatalf("got %q, %v: the two ends are not of one connection", got, err)
				}
				if n, m := a.Stats().Connections, b.Stats().Connections; n != 1 || m != 1 {
					t.Errorf("%d and %d connections, want one each", n, m)
				}
			})
		})
	}
}

func TestRestartedPeerReplacesItsOldConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delay := lossy.Profile{Delay: 20 * time.Millisecond}
		network := lossy.NewNetwork(lossy.Config{Up: delay, Down: delay})
		config := &Config{Rendezvous: true}
		a, err := NewListener(must(network.Listen(netip.MustParseAddrPort("10.0.0.1:9000"))), config)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		there := netip.MustParseAddrPort("10.0.0.2:9000")
		start := func() (net.PacketConn, *Listener) {
			pc := must(network.Listen(there))
			l, err := NewListener(pc, config)
			if err != nil {
				t.Fatal(err)
			}
			return pc, l
		}
		pc, b := start()
		old, err := a.Dial(t.Context(), there)
		if err != nil {
			t.Fatal(err)
		}
		pc.Close() // the peer dies without a word
		b.Close()
		pc, b = start()
		defer pc.Close()
		defer b.Close()
		fresh, err := b.Dial(t.Context(), addrOf(a))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.Receive(t.Context()); !errors.Is(err, ErrPeerReset) {
			t.Errorf("old connection: %v, want ErrPeerReset", err)
		}
		again, err := a.Dial(t.Context(), there)
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh.Send(t.Context(), []byte("new life")); err != nil {
			t.Fatal(err)
		}
		if got, err := again.Receive(t.Context()); string(got) != "new life" {
			t.Errorf("got %q, %v over the new connection", got, err)
		}
	})
}

// A rendezvous while the last connection with the peer is ending waits for
// its end, and gives a new one.
func TestRendezvousAfterAClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delay := lossy.Profile{Delay: 20 * time.Millisecond}
		a, b := peers(t, lossy.NewNetwork(lossy.Config{Up: delay, Down: delay}), &Config{Rendezvous: true})
		first, err := a.Dial(t.Context(), addrOf(b))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan error)
		go func() { closed <- first.Close() }()
		synctest.Wait() // the close is on its way, its answer is not here
		second, err := a.Dial(t.Context(), addrOf(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if second == first {
			t.Fatal("Dial gave the connection that was ending")
		}
		if err := second.Send(t.Context(), []byte("again")); err != nil {
			t.Fatal(err)
		}
		there, err := b.Dial(t.Context(), addrOf(a))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := there.Receive(t.Context()); string(got) != "again" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// A close that could not deliver everything must not look like the end of the
// stream.
func TestGivingUpIsNotEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := lossy.Profile{Delay: 40 * time.Millisecond, Rate: 1e6}
		a, b := peers(t, lossy.NewNetwork(lossy.Config{Up: slow, Down: slow}), &Config{Linger: time.Second})
		c, err := a.Dial(t.Context(), addrOf(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(t.Context(), make([]byte, 1<<20)); err != nil { // takes 8 s
			t.Fatal(err)
		}
		d, err := b.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err == nil {
			t.Error("Close did not say that it gave up")
		}
		var peer *PeerError
		if _, err := d.Receive(t.Context()); !errors.As(err, &peer) || peer.Code != arq.CodeAborted {
			t.Errorf("got %v, want the peer's CodeAborted", err)
		}
	})
}

func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := peers(t, lossy.NewNetwork(lossy.Config{Up: lossy.Profile{Loss: 1}}), nil)
		began := time.Now()
		_, err := a.Dial(context.Background(), addrOf(b))
		if !errors.Is(err, ErrHandshakeTimeout) {
			t.Errorf("got %v, want ErrHandshakeTimeout", err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("gave up after %v, want the documented 10 s", took)
		}
	})
}

// The path for sockets that only have net.PacketConn's own calls.
func TestPortableSocket(t *testing.T) {
	open := func() *Listener {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := newListener(nil, udp.NewPortable(pc))
		l.ours = true
		l.start(true)
		t.Cleanup(func() { l.Close() })
		return l
	}
	a, b := open(), open()
	ctx := context.Background()
	c, err := a.Dial(ctx, addrOf(b))
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("portable"), 10_000)
	if err := c.Send(ctx, want); err != nil {
		t.Fatal(err)
	}
	d, err := b.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Receive(ctx); !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestCallersSocketStaysOpen(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	l := listen(t, nil)
	c, err := DialPacketConn(context.Background(), pc, l.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.WriteTo([]byte("still here"), pc.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2000)
	for {
		n, _, err := pc.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(b[:n]) == "still here" {
			return // anything before was the connection's
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
