package arq

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/internal/poison"
)

var (
	alice = netip.MustParseAddrPort("10.0.0.1:9000")
	mal   = netip.MustParseAddrPort("10.0.0.66:9000")
)

func newEndpoint(config EndpointConfig) *Endpoint {
	random := rand.New(rand.NewPCG(3, 4))
	if config.Random == nil {
		config.Random = random.Uint64
	}
	if config.Conn.Buffers == nil {
		config.Conn.Buffers = new(poison.Buffers)
	}
	return NewEndpoint(config)
}

// routed is what an endpoint does with a datagram.
func routed(t *testing.T, e *Endpoint, now time.Duration, from netip.AddrPort, datagram []byte) Route {
	t.Helper()
	var p proto.Packet
	if err := proto.Parse(datagram, &p); err != nil {
		t.Fatal(err)
	}
	r := e.Route(now, from, &p, len(datagram), nil)
	if len(r.Reply) > len(datagram) {
		t.Errorf("%d bytes in answer to %d", len(r.Reply), len(datagram))
	}
	return r
}

func hello(id uint64, token []byte) []byte {
	return proto.AppendHello(nil, &proto.Hello{
		Version: proto.Version, SourceID: id, Token: token, Params: proto.Params{MaxPacket: proto.MaxDatagram, MaxData: 1000},
	}, proto.MinHello)
}

// cookieFor gets the cookie for an address and id.
func cookieFor(t *testing.T, e *Endpoint, now time.Duration, from netip.AddrPort, id uint64) []byte {
	t.Helper()
	r := routed(t, e, now, from, hello(id, nil))
	var p proto.Packet
	if err := proto.Parse(r.Reply, &p); err != nil || p.Type != proto.TypeRetry || p.Retry.DestID != id {
		t.Fatalf("a hello without a cookie is answered with %s, want a retry", proto.Describe(r.Reply))
	}
	return append([]byte(nil), p.Retry.Token...)
}

// RFC 9000 section 8.1.2: a cookie proves the address it was sent to, for a
// while, and nothing is kept for whoever has none.
func TestCookieIsBoundToAddressIDAndTime(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true, Secret: [32]byte{1}})
	other := newEndpoint(EndpointConfig{Listen: true, Secret: [32]byte{2}})
	const now = 7 * time.Second
	good := cookieFor(t, e, now, alice, 5)
	flipped := append([]byte(nil), good...)
	flipped[0] ^= 1
	for _, c := range []struct {
		name  string
		now   time.Duration
		from  netip.AddrPort
		id    uint64
		token []byte
	}{
		{"another address", now, mal, 5, good},
		{"another port", now, netip.AddrPortFrom(alice.Addr(), 9001), 5, good},
		{"another id", now, alice, 6, good},
		{"too late", now + 10*time.Second, alice, 5, good},
		{"too early", 0, alice, 5, good},
		{"a bit flipped", now, alice, 5, flipped},
		{"cut", now, alice, 5, good[:15]},
		{"another secret", now, alice, 5, cookieFor(t, other, now, alice, 5)},
	} {
		if r := routed(t, e, c.now, c.from, hello(c.id, c.token)); r.Conn != nil || r.Reply == nil {
			t.Errorf("%s: connection %v, %d bytes of answer; want another retry", c.name, r.Conn, len(r.Reply))
		}
		if e.Len() != 0 || len(e.byPeer) != 0 || len(e.byAddr) != 0 {
			t.Fatalf("%s: something is kept for an address that is not proven", c.name)
		}
	}
	for _, later := range []time.Duration{0, 5 * time.Second} { // "its own slot and the one after"
		e := newEndpoint(EndpointConfig{Listen: true, Secret: [32]byte{1}})
		if r := routed(t, e, now+later, alice, hello(5, good)); !r.New {
			t.Errorf("after %v the cookie is refused", later)
		}
	}
}

func TestOneConnectionPerHello(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true})
	cookie := cookieFor(t, e, 0, alice, 5)
	first := routed(t, e, 0, alice, hello(5, cookie))
	again := routed(t, e, time.Millisecond, alice, hello(5, cookie))
	if !first.New || again.New || again.Conn != first.Conn || e.Len() != 1 {
		t.Errorf("%d connections, the copy of the hello goes to %p, want %p", e.Len(), again.Conn, first.Conn)
	}
	e.Remove(first.Conn)
	if e.Len() != 0 || len(e.byPeer) != 0 || len(e.byAddr) != 0 {
		t.Error("a removed connection leaves something behind")
	}
}

func TestHellosThatAreRefused(t *testing.T) {
	deaf := newEndpoint(EndpointConfig{})
	if r := routed(t, deaf, 0, alice, hello(5, nil)); r.Conn != nil || r.Reply != nil {
		t.Error("who does not listen answers a hello")
	}
	full := newEndpoint(EndpointConfig{Listen: true, MaxConns: 1})
	routed(t, full, 0, alice, hello(5, cookieFor(t, full, 0, alice, 5)))
	if r := routed(t, full, 0, alice, hello(6, cookieFor(t, full, 0, alice, 6))); r.Conn != nil || full.Len() != 1 {
		t.Error("more connections than MaxConns")
	}
	for _, e := range []*Endpoint{deaf, full} {
		if got := e.Stats().Refused; got != 1 {
			t.Errorf("%d refused, want 1", got)
		}
	}
}

func TestVersionReply(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true})
	r := e.VersionReply(9, proto.MinHello, nil)
	var p proto.Packet
	if err := proto.Parse(r.Reply, &p); err != nil || p.Type != proto.TypeVersion || p.Version.DestID != 9 || len(r.Reply) > proto.MinHello {
		t.Errorf("answer %s (%v)", proto.Describe(r.Reply), err)
	}
	if r := e.VersionReply(9, proto.MinHello-1, nil); r.Reply != nil {
		t.Error("a short hello is answered")
	}
	if r := newEndpoint(EndpointConfig{}).VersionReply(9, proto.MinHello, nil); r.Reply != nil {
		t.Error("who does not listen answers")
	}
}

// A listener that does not speak our version ends the attempt; a list with our
// version in it is damaged or forged.
func TestVersionsEndTheAttempt(t *testing.T) {
	for _, c := range []struct {
		versions []uint32
		want     error
	}{{[]uint32{1, 3}, ErrVersion}, {[]uint32{1, proto.Version}, nil}} {
		e := newEndpoint(EndpointConfig{})
		conn, _ := e.Dial(0, alice)
		v := proto.Versions{DestID: conn.LocalID(), Count: len(c.versions)}
		copy(v.List[:], c.versions)
		var p proto.Packet
		if err := proto.Parse(proto.AppendVersions(nil, &v), &p); err != nil {
			t.Fatal(err)
		}
		r := e.Route(0, alice, &p, 30, nil)
		r.Conn.Handle(0, alice, &p, 30, NotECT)
		if !errors.Is(conn.Err(), c.want) {
			t.Errorf("versions %v: error %v, want %v", c.versions, conn.Err(), c.want)
		}
	}
}

func dataPacket(id uint64) []byte {
	b := proto.BeginData(nil, id, 1)
	b.AddPing()
	return b.Finish()
}

// RFC 9000 section 10.3: a reset is smaller than what it answers, and a flood
// of strangers' packets does not make us send a flood.
func TestResetsAreFewAndSmall(t *testing.T) {
	e := newEndpoint(EndpointConfig{})
	const packets = 3 * resetsPerSecond
	for second := range 2 {
		resets := 0
		for i := range packets {
			now := time.Duration(second)*time.Second + time.Duration(i)*time.Second/packets
			r := routed(t, e, now, mal, dataPacket(uint64(i)+1))
			if r.Reply != nil {
				resets++
			}
		}
		if resets != resetsPerSecond {
			t.Errorf("%d resets in second %d, want %d", resets, second, resetsPerSecond)
		}
	}
	if s := e.Stats(); s.UnknownConnection != 2*packets || s.Resets != 2*resetsPerSecond {
		t.Errorf("counted %+v", s)
	}
}

// A reset counts only from the address of the peer, for the id the peer chose.
func TestResetOfAStrangerIsIgnored(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true})
	conn := routed(t, e, 0, alice, hello(5, cookieFor(t, e, 0, alice, 5))).Conn
	reset := func(id uint64) []byte { return proto.AppendReset(nil, &proto.Reset{DeadID: id}) }
	if r := routed(t, e, 0, mal, reset(5)); r.Conn != nil {
		t.Error("a stranger's reset reaches the connection")
	}
	if r := routed(t, e, 0, alice, reset(6)); r.Conn != nil {
		t.Error("a reset of another id reaches the connection")
	}
	if r := routed(t, e, 0, alice, reset(5)); r.Conn != conn {
		t.Error("the peer's reset does not reach the connection")
	}
}

// What belongs to no connection is counted and never answered, but for data.
func TestPacketsOfNoConnection(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true})
	for _, datagram := range [][]byte{
		proto.AppendRetry(nil, &proto.Retry{DestID: 1, Token: []byte{1}}),
		proto.AppendAccept(nil, &proto.Accept{DestID: 1, SourceID: 2, Params: proto.Params{MaxPacket: proto.MaxDatagram}}),
		proto.AppendReset(nil, &proto.Reset{DeadID: 1}),
		proto.AppendVersions(nil, &proto.Versions{DestID: 1, Count: 1}),
		proto.AppendRaw(nil, &proto.Raw{Stream: 1}),
	} {
		if r := routed(t, e, 0, mal, datagram); r.Conn != nil || r.Reply != nil {
			t.Errorf("%s: %+v", proto.Describe(datagram), r)
		}
	}
	if got := e.Stats().UnknownConnection; got != 5 {
		t.Errorf("%d counted, want 5", got)
	}
}

// With two bits of randomness ids collide all the time: the endpoint draws
// again, and never gives an id twice or zero.
func TestIDsThatCollideAreDrawnAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	e := newEndpoint(EndpointConfig{Random: func() uint64 { return random.Uint64() & 3 }})
	for range 100 {
		var conns []*Conn
		seen := make(map[uint64]bool)
		for range 3 {
			c, _ := e.Dial(0, alice)
			if c.LocalID() == 0 || seen[c.LocalID()] {
				t.Fatalf("id %d given twice, or zero", c.LocalID())
			}
			seen[c.LocalID()] = true
			conns = append(conns, c)
		}
		for _, c := range conns {
			e.Remove(c)
		}
	}
}

// With Rendezvous there is one connection per address, whoever began it.
func TestRendezvousKeepsOneConnectionPerAddress(t *testing.T) {
	e := newEndpoint(EndpointConfig{Listen: true, Rendezvous: true})
	old := routed(t, e, 0, alice, hello(5, cookieFor(t, e, 0, alice, 5))).Conn
	if c, made := e.Dial(0, alice); made || c != old {
		t.Error("dialing an address from which a connection came makes another")
	}
	r := routed(t, e, 0, alice, hello(6, cookieFor(t, e, 0, alice, 6)))
	if !r.New || r.Replaced != nil {
		t.Fatalf("a new hello from the address: %+v, want a connection beside the old", r)
	}
	if got := routed(t, e, 0, alice, dataPacket(r.Conn.LocalID())); got.Conn != r.Conn || got.Replaced != old {
		t.Fatalf("its first data packet: %+v, want it in place of the old", got)
	}
	if got := routed(t, e, 0, alice, dataPacket(r.Conn.LocalID())); got.Replaced != nil {
		t.Error("the second data packet replaces something, too")
	}
	old.Superseded()
	if !errors.Is(old.Err(), ErrPeerReset) {
		t.Errorf("the old connection says %v", old.Err())
	}
	e.Remove(old)
	if c, made := e.Dial(0, alice); made || c != r.Conn {
		t.Error("removing the old connection took the new one with it")
	}
}
