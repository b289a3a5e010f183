package raw

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net"
	"net/netip"
	"runtime"
	"testing"

	"udplab/proto"
)

func TestReceiveEndsWithItsContext(t *testing.T) {
	a, b := pair(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := b.Receive(ctx)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	// The interrupted read must not spoil the next one.
	a.Send([]byte("after"))
	if e := receive(t, b); string(e.Payload) != "after" {
		t.Errorf("got %q", e.Payload)
	}
}

func TestReadyDatagramWinsOverDeadContext(t *testing.T) {
	a, b := pair(t, "127.0.0.1:0")
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Receive(dead); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing there: %v, want context.Canceled", err)
	}
	a.Send([]byte("there"))
	if e, err := b.Receive(dead); err != nil || string(e.Payload) != "there" {
		t.Errorf("got %q, %v, want the message that had arrived", e.Payload, err)
	}
}

func TestCloseEndsReceive(t *testing.T) {
	_, b := pair(t, "127.0.0.1:0")
	done := make(chan error)
	go func() {
		_, err := b.Receive(t.Context())
		done <- err
	}()
	if err := b.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("receive: %v, want net.ErrClosed", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := b.Send(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("send: %v, want net.ErrClosed", err)
	}
}

// TestPeerNotThere: nobody listens at first; that is an event and a counter,
// never an error, and the peer is heard once it is there.
func TestPeerNotThere(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("this system does not tell an unconnected socket")
	}
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			pa, pb := listen(t, addr), listen(t, addr)
			peer := addrOf(pb)
			pb.Close()
			a := newConn(t, pa, peer)
			const sends = 5
			for range sends {
				if _, err := a.Send([]byte("anybody?")); err != nil {
					t.Fatalf("send to nobody: %v, want no error", err)
				}
			}
			if e := receive(t, a); e.Kind != PeerAbsent {
				t.Fatalf("got %v, want peer absent", e.Kind)
			}
			if s := a.Stats(); s.Sent != sends || s.SendErrors != 0 || s.PeerAbsent == 0 {
				t.Errorf("stats %+v", s)
			}
			b := newConn(t, listen(t, peer.String()), addrOf(pa))
			if _, err := a.Send([]byte("now")); err != nil {
				t.Fatalf("send after the peer came: %v", err)
			}
			if e := receive(t, b); string(e.Payload) != "now" || e.Arrival.Missing != sends {
				t.Errorf("got %q, %+v, want %d numbers before it", e.Payload, e.Arrival, sends)
			}
		})
	}
}

// TestBlockedReceiveHearsOfAbsentPeer: the report reaches a Receive that was
// already waiting when the message was sent.
func TestBlockedReceiveHearsOfAbsentPeer(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("this system does not tell an unconnected socket")
	}
	pa, pb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	peer := addrOf(pb)
	pb.Close()
	a := newConn(t, pa, peer)
	got := make(chan Event)
	go func() { got <- receive(t, a) }()
	a.Send(nil)
	a.Send(nil)
	if e := <-got; e.Kind != PeerAbsent {
		t.Errorf("got %v, want peer absent", e.Kind)
	}
}

// brokenConn fails every read with an error of no known meaning until closed.
type brokenConn struct {
	net.PacketConn
	reads chan struct{}
}

func (b *brokenConn) ReadFrom([]byte) (int, net.Addr, error) {
	b.reads <- struct{}{}
	return 0, nil, errors.New("weather")
}

// TestFailingSocketEndsNothing: Receive keeps trying, until its context ends.
func TestFailingSocketEndsNothing(t *testing.T) {
	b := &brokenConn{listen(t, "127.0.0.1:0"), make(chan struct{})}
	c := newConn(t, b, netip.MustParseAddrPort("127.0.0.1:9"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := c.Receive(ctx)
		done <- err
	}()
	<-b.reads
	<-b.reads
	<-b.reads
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := c.Stats().ReceiveErrors; got != 3 {
		t.Errorf("receive errors %d, want 3", got)
	}
}

// unknownType is an undamaged packet of a type that no specification has: a raw
// packet whose type element says 99, with a checksum to match.
func unknownType(t *testing.T) []byte {
	t.Helper()
	b := proto.AppendRaw(nil, &proto.Raw{Stream: 1})
	b[1] = 99
	return withChecksum(b)
}

// withChecksum replaces the checksum at the end of b by the right one: CRC-32C
// of what is before it, after the byte 0xce (SPEC 2.3).
func withChecksum(b []byte) []byte {
	end := len(b) - 5
	sum := crc32.Checksum(b[:end], crc32.MakeTable(crc32.Castagnoli))
	return binary.BigEndian.AppendUint32(append(b[:end], 0xce), sum)
}
