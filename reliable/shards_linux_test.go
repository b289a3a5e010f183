package reliable

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"
)

// Connections of one listener over several sockets all exchange their messages,
// and the peers are spread over the sockets.
func TestShardsShareTheConnections(t *testing.T) {
	const shards, peers, messages = 4, 16, 20
	l := listen(t, &Config{Shards: shards})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		for range peers {
			c, err := l.Accept(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			running.Go(func() {
				for range messages {
					m, err := c.Receive(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					if err := c.Send(ctx, m); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
	for peer := range peers {
		running.Go(func() {
			c, err := Dial(ctx, "udp", l.Addr().String(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range messages {
				want := bytes.Repeat(binary.BigEndian.AppendUint16(nil, uint16(peer<<8|i)), 1000*i)
				if err := c.Send(ctx, want); err != nil {
					t.Error(err)
				}
				if got, err := c.Receive(ctx); err != nil || !bytes.Equal(got, want) {
					t.Errorf("peer %d, message %d: got %d bytes, %v", peer, i, len(got), err)
				}
			}
		})
	}
	running.Wait()
	used := 0
	for _, s := range l.shards {
		if s.counters.datagramsReceived.Load() > 0 && s.counters.datagramsSent.Load() > 0 {
			used++
		}
	}
	if used < 2 {
		t.Errorf("%d of %d sockets were used by %d peers", used, shards, peers)
	}
	if s := l.Stats(); s.UnknownConnection != 0 || s.DatagramsReceived == 0 {
		t.Errorf("%d datagrams, %d of unknown connections", s.DatagramsReceived, s.UnknownConnection)
	}
}

// A peer whose translation changes comes to another socket, where its connection
// is known as well.
func TestShardsKnowAPeerThatMoved(t *testing.T) {
	const addresses = 12
	l := listen(t, &Config{Shards: 4})
	n := translate(t, addrOf(l), addresses)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, err := Dial(ctx, "udp", n.inner.LocalAddr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort()
	b, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for address := range int32(addresses) {
		n.current.Store(address)
		want := bytes.Repeat([]byte{byte(address)}, 100_000)
		for _, way := range []struct{ from, to *Conn }{{a, b}, {b, a}} {
			if err := way.from.Send(ctx, want); err != nil {
				t.Fatal(err)
			}
			if got, err := way.to.Receive(ctx); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("from address %d: got %d bytes, %v; want %d", address, len(got), err, len(want))
			}
		}
	}
	elsewhere := uint64(0)
	for _, s := range l.shards {
		if s != b.shard {
			elsewhere += s.counters.datagramsReceived.Load()
		}
	}
	if elsewhere == 0 {
		t.Errorf("from %d addresses all came to one socket", addresses)
	}
	if s := l.Stats(); s.Connections != 1 || s.UnknownConnection != 0 {
		t.Errorf("%d connections and %d packets of unknown ones, want 1 and 0", s.Connections, s.UnknownConnection)
	}
}

// What is dialed from the sockets of a listener is answered at any of them, and
// two that dial each other get one connection.
func TestShardsDial(t *testing.T) {
	config := &Config{Shards: 4, Rendezvous: true}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for range 8 {
		x, y := listen(t, config), listen(t, config)
		var a, b *Conn
		var running sync.WaitGroup
		dial := func(from, to *Listener, c **Conn) {
			running.Go(func() {
				var err error
				if *c, err = from.Dial(ctx, addrOf(to)); err != nil {
					t.Error(err)
				}
			})
		}
		dial(x, y, &a)
		dial(y, x, &b)
		if running.Wait(); a == nil || b == nil {
			return
		}
		if err := a.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Receive(ctx); err != nil || string(got) != "hello" {
			t.Fatalf("got %q, %v", got, err)
		}
		if n, m := x.Stats().Connections, y.Stats().Connections; n != 1 || m != 1 {
			t.Errorf("%d and %d connections, want one", n, m)
		}
	}
}

// BenchmarkShards is eight peers that send messages of 64 KiB to one listener
// as fast as they go. An op is a message.
func BenchmarkShards(b *testing.B) {
	for _, shards := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) {
			const peers, size = 8, 64 << 10
			config := &Config{Shards: shards, FixedPacket: 1452}
			l := listen(b, config)
			senders, receivers := make([]*Conn, peers), make([]*Conn, peers)
			for i := range peers {
				senders[i], receivers[i] = dialTo(b, l, config)
			}
			message := make([]byte, size)
			share := func(i int) int { return (b.N + i) / peers }
			b.SetBytes(size)
			b.ResetTimer()
			var running sync.WaitGroup
			for i := range peers {
				running.Go(func() {
					for range share(i) {
						if err := senders[i].Send(b.Context(), message); err != nil {
							b.Error(err)
							return
						}
					}
				})
				running.Go(func() {
					for range share(i) {
						if _, err := receivers[i].Receive(b.Context()); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			running.Wait()
		})
	}
}
