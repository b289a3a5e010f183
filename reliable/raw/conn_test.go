package raw

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"udplab/proto"
)

// listen opens a real socket; v6 hosts without IPv6 skip.
func listen(t testing.TB, addr string) *net.UDPConn {
	t.Helper()
	pc, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Skipf("no socket on %s: %v", addr, err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc.(*net.UDPConn)
}

func addrOf(pc net.PacketConn) netip.AddrPort {
	return pc.LocalAddr().(*net.UDPAddr).AddrPort()
}

// pair is two Conns on real sockets that have each other as peer.
func pair(t testing.TB, addr string) (a, b *Conn) {
	t.Helper()
	pa, pb := listen(t, addr), listen(t, addr)
	return newConn(t, pa, addrOf(pb)), newConn(t, pb, addrOf(pa))
}

func newConn(t testing.TB, pc net.PacketConn, peer netip.AddrPort) *Conn {
	t.Helper()
	c, err := New(pc, peer, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func receive(t testing.TB, c *Conn) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	e, err := c.Receive(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return e
}

func TestMessagesBothWays(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			a, b := pair(t, addr)
			for i, text := range []string{"hello", "", strings.Repeat("x", 1200)} {
				for _, d := range []struct{ from, to *Conn }{{a, b}, {b, a}} {
					seq, err := d.from.Send([]byte(text))
					if err != nil || seq != uint64(i) {
						t.Fatalf("send: number %d, error %v, want %d", seq, err, i)
					}
					e := receive(t, d.to)
					if e.Kind != Message || string(e.Payload) != text || e.Stream != d.from.Stream() {
						t.Fatalf("got %v %q of stream %x", e.Kind, e.Payload, e.Stream)
					}
					if e.From != d.to.Peer() {
						t.Fatalf("from %v, want %v", e.From, d.to.Peer())
					}
				}
			}
			s := a.Stats()
			if s.Sent != 3 || s.Received != 3 || s.MessageBytesSent != 1205 || s.BytesSent <= s.MessageBytesSent {
				t.Errorf("stats %+v", s)
			}
			if got, want := b.Stats().BytesReceived, s.BytesSent; got != want {
				t.Errorf("bytes received %d, want %d", got, want)
			}
		})
	}
}

func TestMessageSizes(t *testing.T) {
	a, b := pair(t, "127.0.0.1:0")
	if _, err := a.Send(make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte too many: %v, want ErrTooLarge", err)
	}
	if runtime.GOOS == "darwin" {
		t.Skip("net.inet.udp.maxdgram is smaller than the limit of UDP")
	}
	want := bytes.Repeat([]byte("z"), MaxMessage)
	if _, err := a.Send(want); err != nil {
		t.Fatalf("the largest message: %v", err)
	}
	if e := receive(t, b); !bytes.Equal(e.Payload, want) || e.Arrival.Kind != First || e.Arrival.Missing != 0 {
		t.Errorf("got %d bytes, %+v: a refused message takes no number", len(e.Payload), e.Arrival)
	}
}

// TestEveryFlippedBitIsDamage: whichever single bit of a datagram the network
// flips, it is counted as corrupt, and neither as text nor as a message.
func TestEveryFlippedBitIsDamage(t *testing.T) {
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	b := newConn(t, pb, addrOf(pa))
	sent := proto.AppendRaw(nil, &proto.Raw{Stream: 1 << 63, Seq: 1 << 31, SentAt: 1 << 40, Payload: []byte("grüß dich")})
	for i := range len(sent) * 8 {
		damaged := bytes.Clone(sent)
		damaged[i/8] ^= 1 << (i % 8)
		if _, err := pa.WriteToUDPAddrPort(damaged, addrOf(pb)); err != nil {
			t.Fatal(err)
		}
		if e := receive(t, b); e.Kind != Damaged {
			t.Fatalf("bit %d of byte %d flipped: %v %q", i%8, i/8, e.Kind, e.Payload)
		}
	}
	if s := b.Stats(); s.Corrupt != uint64(len(sent)*8) || s.Received != 0 || s.Text != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestDamagedMessageIsShown(t *testing.T) {
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	b := newConn(t, pb, addrOf(pa))
	datagram := proto.AppendRaw(nil, &proto.Raw{Stream: 7, Payload: []byte("hello")})
	datagram[bytes.IndexByte(datagram, 'h')] = 'j'
	pa.WriteToUDPAddrPort(datagram, addrOf(pb))
	if e := receive(t, b); e.Kind != Damaged || string(e.Payload) != "jello" {
		t.Errorf("got %v %q, want the damaged text", e.Kind, e.Payload)
	}
}

// TestWhatIsNotAMessage: text is an event, packets of the other mode and
// cut packets are events of their own.
func TestWhatIsNotAMessage(t *testing.T) {
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	b := newConn(t, pb, addrOf(pa))
	reset := proto.AppendReset(nil, &proto.Reset{DeadID: 9})
	truncated := proto.AppendRaw(nil, &proto.Raw{Stream: 9})
	truncated = truncated[:len(truncated)-1]
	steps := []struct {
		datagram []byte
		want     EventKind
		payload  string
	}{
		{[]byte("hi\n"), Text, "hi\n"},
		{nil, Text, ""},
		{[]byte{0xff, 0xfe, 'x'}, Text, "\xff\xfex"},
		{reset, WrongMode, ""},
		{truncated, Damaged, ""},
	}
	for _, s := range steps {
		if _, err := pa.WriteToUDPAddrPort(s.datagram, addrOf(pb)); err != nil {
			t.Fatal(err)
		}
		if e := receive(t, b); e.Kind != s.want || string(e.Payload) != s.payload || e.From != addrOf(pa) {
			t.Errorf("%q: got %v %q from %v, want %v %q", s.datagram, e.Kind, e.Payload, e.From, s.want, s.payload)
		}
	}
	s := b.Stats()
	if s.Text != 3 || s.WrongMode != 1 || s.Corrupt != 1 || s.Received != 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestMalformedIsCountedOnly: an undamaged packet of an unknown type is not
// worth an event, and Receive goes on to the next datagram.
func TestMalformedIsCountedOnly(t *testing.T) {
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	b := newConn(t, pb, addrOf(pa))
	pa.WriteToUDPAddrPort(unknownType(t), addrOf(pb))
	pa.WriteToUDPAddrPort([]byte("after"), addrOf(pb))
	if e := receive(t, b); e.Kind != Text || string(e.Payload) != "after" {
		t.Errorf("got %v %q, want the text that followed", e.Kind, e.Payload)
	}
	if s := b.Stats(); s.Malformed != 1 {
		t.Errorf("malformed %d, want 1", s.Malformed)
	}
}

func TestPeerRestart(t *testing.T) {
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	b := newConn(t, pb, addrOf(pa))
	put := func(stream uint64, seq uint32) {
		pa.WriteToUDPAddrPort(proto.AppendRaw(nil, &proto.Raw{Stream: stream, Seq: seq}), addrOf(pb))
	}
	put(1, 0)
	put(2, 0)
	put(1, 1) // was still under way when the peer restarted
	put(2, 1)
	want := []struct {
		kind    EventKind
		arrival ArrivalKind
	}{{Message, First}, {PeerRestarted, 0}, {Message, First}, {Message, InOrder}, {Message, InOrder}}
	for i, w := range want {
		if e := receive(t, b); e.Kind != w.kind || e.Arrival.Kind != w.arrival {
			t.Errorf("event %d: got %v, %v, want %v, %v", i, e.Kind, e.Arrival.Kind, w.kind, w.arrival)
		}
	}
	if s := b.Stats(); s.Restarts != 1 || s.Lost != 0 || s.Received != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestSendAllocatesNothing(t *testing.T) {
	a, _ := pair(t, "127.0.0.1:0")
	msg := make([]byte, 200)
	a.Send(msg)
	if n := testing.AllocsPerRun(200, func() { a.Send(msg) }); n != 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

func TestReceiveAllocatesNothing(t *testing.T) {
	a, b := pair(t, "127.0.0.1:0")
	msg := make([]byte, 200)
	ctx := context.Background()
	run := func() {
		a.Send(msg)
		if _, err := b.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(200, run); n != 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

func TestNewRefusesUselessPeers(t *testing.T) {
	pc := listen(t, "127.0.0.1:0")
	for _, peer := range []netip.AddrPort{{}, netip.MustParseAddrPort("127.0.0.1:0")} {
		if _, err := New(pc, peer, nil); err == nil {
			t.Errorf("peer %v accepted", peer)
		}
	}
}
