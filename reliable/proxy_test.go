package reliable

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// Over real sockets, a real clock and a network that does everything at once:
// every message arrives once, in order and intact, in both directions.
func TestExactlyOnceInOrderOverRealSockets(t *testing.T) {
	profile := lossy.Profile{
		Loss: 0.05, Delay: 2 * time.Millisecond, Jitter: time.Millisecond,
		Reorder: 0.05, Duplicate: 0.02, Corrupt: 0.005,
	}
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			l, err := Listen("udp", host+":0", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			p, err := proxy.New(proxy.Config{
				Listen: host + ":0", Upstream: l.Addr().String(),
				Config: lossy.Config{Seed: 6, Up: profile, Down: profile},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			a, err := Dial(ctx, "udp", p.Addr().String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept(ctx)
			if err != nil {
				t.Fatal(err)
			}
			const n = 300
			message := func(i int) []byte { return binary.BigEndian.AppendUint64(make([]byte, i*13%3000), uint64(i)) }
			send := func(c *Conn) {
				for i := range n {
					if err := c.Send(ctx, message(i)); err != nil {
						t.Error(err)
						return
					}
				}
			}
			go send(a)
			go send(b)
			for i := range n {
				for _, c := range []*Conn{a, b} {
					if got, err := c.Receive(ctx); err != nil || !bytes.Equal(got, message(i)) {
						t.Fatalf("message %d: got %d bytes, %v", i, len(got), err)
					}
				}
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if _, err := b.Receive(ctx); err != io.EOF {
				t.Errorf("after the last message: %v, want io.EOF", err)
			}
			up := p.Stats().Up
			if lost := up.Link.Dropped[lossy.CauseLoss]; lost == 0 {
				t.Error("the proxy lost nothing: the network was not bad")
			}
		})
	}
}
