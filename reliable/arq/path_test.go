package arq

import (
	"net/netip"
	"testing"
	"time"

	"udplab/proto"
)

// R7: what must be answered is answered, but never more than 16 answers wait,
// the oldest are dropped, and 64 a second are enough.
func TestR7_RepliesAreBounded(t *testing.T) {
	var q replies
	for k := range uint64(100_000) {
		q.add(time.Duration(k)*time.Second, reply{token: k})
		if q.queue.len() > maxReplies {
			t.Fatalf("%d answers wait", q.queue.len())
		}
	}
	for want := uint64(100_000 - maxReplies); want < 100_000; want++ {
		if r, ok := q.take(); !ok || r.token != want {
			t.Fatalf("answer to %d (%v), want %d: the oldest are dropped", r.token, ok, want)
		}
	}
	if _, ok := q.take(); ok {
		t.Error("an answer too many")
	}
	sent := 0
	for k := range uint64(1000) {
		q.add(200_000*time.Second, reply{token: k})
		if _, ok := q.take(); ok {
			sent++
		}
	}
	if sent != repliesPerSecond {
		t.Errorf("%d answers in a second, want %d", sent, repliesPerSecond)
	}
}

// The endpoint believes resets from the peer's new address, and not from the old
// one any more, and with Rendezvous finds the connection there.
func TestEndpointFollowsAMove(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true, Rendezvous: true})
	c := acceptedConn(t, e, alice)
	moved := netip.AddrPortFrom(alice.Addr(), alice.Port()+1)
	reset := proto.Packet{Type: proto.TypeReset, Reset: proto.Reset{DeadID: c.peerID}}
	if r := e.Route(0, moved, &reset, 20, nil); r.Conn != nil {
		t.Error("a reset from an address that is not the peer's was believed")
	}
	c.path.peer = moved
	e.Moved(c)
	if r := e.Route(0, moved, &reset, 20, nil); r.Conn != c {
		t.Error("a reset from the peer's new address was not believed")
	}
	if r := e.Route(0, alice, &reset, 20, nil); r.Conn != nil {
		t.Error("a reset from the peer's old address was believed")
	}
	if found, made := e.Dial(0, moved); made || found != c {
		t.Error("dialing the new address made another connection")
	}
	if other, made := e.Dial(0, alice); !made || other == c {
		t.Error("dialing the old address gave the connection that left it")
	}
	e.Remove(c)
	if r := e.Route(0, moved, &reset, 20, nil); r.Conn != nil {
		t.Error("a removed connection was found")
	}
}

// opened is a connection that took in one packet from alice, and a function
// that has others come: from an address, the number of them counted from 0.
func opened(t *testing.T) (c *Conn, come func(from netip.AddrPort, number uint32, build func(*proto.DataBuilder))) {
	c = acceptedConn(t, newEndpoint(EndpointConfig{Listen: true}), alice)
	come = func(from netip.AddrPort, number uint32, build func(*proto.DataBuilder)) {
		t.Helper()
		b := proto.BeginData(nil, c.localID, number)
		build(&b)
		var p proto.Packet
		if err := proto.Parse(b.Finish(), &p); err != nil {
			t.Fatal(err)
		}
		c.Handle(0, from, &p, 1200, NotECT)
		for ok := true; ok; {
			_, _, ok = c.AppendPacket(0, nil)
		}
	}
	come(alice, 0, (*proto.DataBuilder).AddPing)
	return c, come
}

// Only the token that was sent to an address proves it (RFC 9000 section 8.2.3).
func TestTokenProvesTheAddress(t *testing.T) {
	c, come := opened(t)
	elsewhere := netip.AddrPortFrom(alice.Addr(), alice.Port()+1)
	come(elsewhere, 1, (*proto.DataBuilder).AddPing)
	token := c.path.asked.token
	if !c.path.asked.active() || c.path.asked.asked != 1 {
		t.Fatalf("the new address was not asked: %+v", c.path.asked)
	}
	come(elsewhere, 2, func(b *proto.DataBuilder) { b.AddPathResponse(token + 1) })
	if c.Peer() != alice {
		t.Error("an address was believed for a token that was never sent")
	}
	come(elsewhere, 3, func(b *proto.DataBuilder) { b.AddPathResponse(token) })
	if c.Peer() != elsewhere {
		t.Error("an address that brought its token back was not believed")
	}
}

// RFC 9000 section 9.3: only the newest packet says where the peer is. An older
// one that comes from elsewhere is one that was slow, or a copy.
func TestOldPacketsMoveNothing(t *testing.T) {
	c, come := opened(t)
	elsewhere := netip.AddrPortFrom(alice.Addr(), alice.Port()+1)
	come(alice, 2, (*proto.DataBuilder).AddPing)
	come(elsewhere, 1, (*proto.DataBuilder).AddPing)
	if c.path.asked.active() {
		t.Error("an address was asked because of an old packet")
	}
	come(elsewhere, 3, (*proto.DataBuilder).AddPing)
	if !c.path.asked.active() {
		t.Error("an address was not asked although the newest packet came from there")
	}
}

// acceptedConn has an endpoint accept a connection from an address.
func acceptedConn(t *testing.T, e *Endpoint, from netip.AddrPort) *Conn {
	t.Helper()
	h := proto.Hello{Version: proto.Version, SourceID: 77, Params: proto.Params{MaxPacket: proto.MaxDatagram, MaxData: 1000}}
	h.Token = e.cookies.appendCookie(nil, 0, from, h.SourceID)
	r := e.Route(0, from, &proto.Packet{Type: proto.TypeHello, Hello: h}, proto.MinHello, nil)
	if !r.New {
		t.Fatal("the hello was not accepted")
	}
	return r.Conn
}
