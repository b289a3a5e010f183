package wireshark

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable"
)

// tap is a socket that keeps what goes through it, as a capture at the server
// would: what it sends, and what arrives.
type tap struct {
	net.PacketConn
	start time.Time

	mu   sync.Mutex
	seen []datagram
}

func (c *tap) keep(d datagram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.at, d.payload = time.Since(c.start), bytes.Clone(d.payload)
	c.seen = append(c.seen, d)
}

func (c *tap) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.keep(datagram{from: clientAddr, to: serverAddr, payload: b[:n]})
	}
	return n, from, err
}

func (c *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	c.keep(datagram{from: serverAddr, to: clientAddr, payload: b})
	return c.PacketConn.WriteTo(b, to)
}

// talk is a conversation over a network that loses, reorders, duplicates and
// damages, captured at the server. Messages of several modes and sizes go both
// ways, more of them than fit a packet.
func talk(t *testing.T) (capture []datagram) {
	synctest.Test(t, func(t *testing.T) {
		bad := lossy.Profile{Loss: 0.1, Delay: 20 * time.Millisecond, Reorder: 0.05, Duplicate: 0.05, Corrupt: 0.05}
		n := lossy.NewNetwork(lossy.Config{Seed: 1, Up: bad, Down: bad})
		listen := func(socket net.PacketConn) *reliable.Listener {
			l, err := reliable.NewListener(socket, nil)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		socket := func(addr string) net.PacketConn {
			s, err := n.Listen(mustAddr(addr))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		at := &tap{PacketConn: socket(serverAddr.String()), start: time.Now()}
		server, client := listen(at), listen(socket(clientAddr.String()))
		ctx := t.Context()
		done := make(chan struct{})
		go func() {
			defer close(done)
			serve(t, ctx, server)
		}()
		conn, err := client.Dial(ctx, serverAddr)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			message := bytes.Repeat([]byte(strconv.Itoa(i)), 1+i*i)
			if err := conn.Send(ctx, message); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Receive(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		<-done
		for _, l := range []*reliable.Listener{client, server} {
			_ = l.Close()
		}
		capture = at.seen
	})
	return capture
}

// serve answers every message of one connection with the same.
func serve(t *testing.T, ctx context.Context, l *reliable.Listener) {
	conn, err := l.Accept(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	for {
		m, err := conn.Receive(ctx)
		if err != nil {
			break
		}
		if err := conn.Send(ctx, m); err != nil {
			break
		}
	}
	_ = conn.Close()
}

// A real conversation: found without being told, read as package proto reads it,
// and related packet by packet as somebody with a list and patience would.
func TestConversation(t *testing.T) {
	capture := talk(t)
	compareFields(t, capture)

	trees := dissected(t, pcap(t, capture), "-2") // twice, for "acked in" points forward
	kinds := map[string]int{}
	seen := map[string]map[uint32]int{} // by direction: the packet that brought a number first
	largest := map[string]uint32{}
	ackedIn := ackers(capture)
	for i, d := range capture {
		var p proto.Packet
		if proto.Parse(d.payload, &p) != nil || p.Type != proto.TypeData {
			continue
		}
		dir, number := d.from.String(), p.Data.Number
		var want []string
		if seen[dir] == nil {
			seen[dir] = map[uint32]int{}
		}
		before, duplicate := seen[dir][number]
		switch gap := int32(number - largest[dir]); {
		case duplicate:
			want = append(want, fmt.Sprint("analysis.duplicate_of=", before))
		case len(seen[dir]) > 0 && gap > 1:
			want = append(want, fmt.Sprint("analysis.missing=", gap-1))
		}
		if !duplicate {
			if len(seen[dir]) == 0 || int32(number-largest[dir]) > 0 {
				largest[dir] = number
			}
			seen[dir][number] = i + 1
		}
		if frame := ackedIn[dir][number]; frame > 0 {
			want = append(want, fmt.Sprint("analysis.acked_in=", frame))
		}
		var got []string
		for _, f := range trees[i] {
			name, _, _ := strings.Cut(f, "=")
			kinds[name]++
			if name == "analysis.duplicate_of" || name == "analysis.missing" || name == "analysis.acked_in" {
				got = append(got, f)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("packet %d of the capture, %s: tshark says %q, want %q", i+1, proto.Describe(d.payload), got, want)
		}
	}
	// The network did each of these, so a field that is missing is not tested.
	for _, name := range []string{"analysis.missing", "analysis.duplicate_of", "analysis.acked_in", "analysis.acks", "analysis.ack_time",
		"analysis.sent_before", "expert.gap", "expert.duplicate", "expert.retransmission", "expert.out_of_order", "expert.close"} {
		if kinds[name] == 0 {
			t.Errorf("no packet has udplab.%s", name)
		}
	}
}

// ackers is, by direction and packet number, the packet of the capture that
// acked it first, of those that were in the capture by then.
func ackers(capture []datagram) map[string]map[uint32]int {
	by := map[string]map[uint32]int{clientAddr.String(): {}, serverAddr.String(): {}}
	sent := map[string]map[uint32]bool{clientAddr.String(): {}, serverAddr.String(): {}}
	for i, d := range capture {
		var p proto.Packet
		if proto.Parse(d.payload, &p) != nil || p.Type != proto.TypeData {
			continue
		}
		sent[d.from.String()][p.Data.Number] = true
		var f proto.Frame
		for it := p.Data.Frames(); it.Next(&f); {
			if f.Type != proto.FrameAck {
				continue
			}
			top := f.Ack.Largest
			for _, r := range f.Ack.Ranges[:f.Ack.N] {
				top -= r.Gap
				for range r.Count {
					if back := d.to.String(); sent[back][top] && by[back][top] == 0 {
						by[back][top] = i + 1
					}
					top--
				}
			}
		}
	}
	return by
}
