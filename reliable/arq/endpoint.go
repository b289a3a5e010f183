package arq

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"udplab/proto"
)

// Endpoint knows the connections of one socket: it finds the one a packet
// belongs to, makes new ones, and answers what belongs to none. It is as pure
// as Conn and has a life of its own: a driver that guards each connection with
// a lock guards the endpoint with another.
type Endpoint struct {
	config  EndpointConfig
	cookies cookies
	byID    map[uint64]*Conn         // by the id this side chose
	byPeer  map[peerKey]*Conn        // by address and the id the peer chose
	byAddr  map[netip.AddrPort]*Conn // dialing, and with Rendezvous every connection
	// succeeding are the connections that will take another's place in byAddr
	// with their first data packet.
	succeeding map[uint64]bool
	resets     budget
	stats      RouteStats
}

// peerKey names a connection as its peer does.
type peerKey struct {
	addr netip.AddrPort
	id   uint64
}

// EndpointConfig is what an endpoint is made from.
type EndpointConfig struct {
	Conn Config // of every connection
	// Listen makes the endpoint answer hellos.
	Listen bool
	// Rendezvous allows one connection per address: a new one from the same
	// address means that the peer was restarted, and dialing an address from
	// which a connection already came gives that one. For peers that dial
	// each other.
	Rendezvous bool
	// MaxConns bounds the connections, counting those under way. Default 65536.
	MaxConns int
	// Random gives connection ids and the tokens that prove addresses; it must
	// be unpredictable outside tests, and safe to call for several connections
	// at once if they are driven so.
	Random func() uint64
	// Secret keys the address-validation cookies; it must be unpredictable
	// outside tests.
	Secret [32]byte
}

// RouteStats counts what Route did with packets of no connection.
type RouteStats struct {
	UnknownConnection uint64 // packets for a connection that is not here
	Retries           uint64 // cookies sent
	Resets            uint64 // resets sent
	Refused           uint64 // hellos dropped: no listener, too short, or too many connections
}

// NewEndpoint makes an endpoint without connections.
func NewEndpoint(config EndpointConfig) *Endpoint {
	if config.MaxConns <= 0 {
		config.MaxConns = 1 << 16
	}
	e := &Endpoint{
		config: config,
		byID:   make(map[uint64]*Conn),
		byPeer: make(map[peerKey]*Conn),
		byAddr: make(map[netip.AddrPort]*Conn),
	}
	if config.Listen { // others give no cookies
		e.cookies = newCookies(config.Secret)
	}
	if config.Rendezvous {
		e.succeeding = make(map[uint64]bool)
	}
	return e
}

// Dial makes a connection that asks the peer at addr to talk, and whose
// packets go there. With Rendezvous it returns the connection that already
// exists with addr, if there is one; made tells which. It may be ending.
func (e *Endpoint) Dial(now time.Duration, addr netip.AddrPort) (c *Conn, made bool) {
	if c := e.byAddr[addr]; c != nil && e.config.Rendezvous {
		return c, false
	}
	c = dial(now, e.config.Conn, e.origin(addr))
	e.byID[c.localID] = c
	e.byAddr[addr] = c
	return c, true
}

// Len is the number of connections.
func (e *Endpoint) Len() int { return len(e.byID) }

// Conns returns the connections, in no order.
func (e *Endpoint) Conns() []*Conn { return slices.Collect(maps.Values(e.byID)) }

// Stats returns a snapshot of the counters.
func (e *Endpoint) Stats() RouteStats { return e.stats }

// Remove forgets a connection, which the driver does once it is Closed. Its
// packets will be answered with resets from then on.
func (e *Endpoint) Remove(c *Conn) {
	delete(e.byID, c.localID)
	delete(e.succeeding, c.localID)
	if key := (peerKey{c.knownAt, c.peerID}); e.byPeer[key] == c {
		delete(e.byPeer, key)
	}
	if e.byAddr[c.knownAt] == c {
		delete(e.byAddr, c.knownAt)
	}
}

// Moved has a connection known by its peer's new address, which the driver
// does when Conn.Peer changed: resets are believed from there alone, and with
// Rendezvous dialing that address gives this connection.
func (e *Endpoint) Moved(c *Conn) {
	from, to := c.knownAt, c.path.peer
	if e.byID[c.localID] != c || from == to {
		return
	}
	c.knownAt = to
	if key := (peerKey{from, c.peerID}); e.byPeer[key] == c {
		delete(e.byPeer, key)
		e.byPeer[peerKey{to, c.peerID}] = c
	}
	if e.byAddr[from] == c {
		delete(e.byAddr, from)
		if e.byAddr[to] == nil {
			e.byAddr[to] = c
		}
	}
}

// origin is what a new connection with the peer at addr begins with.
func (e *Endpoint) origin(addr netip.AddrPort) origin {
	return origin{localID: e.newID(), peer: addr, random: e.config.Random}
}

// Route is where a packet goes.
type Route struct {
	Conn     *Conn  // takes the packet with Handle; nil when it belongs to none
	New      bool   // Conn was made by this packet, which it need not Handle
	Replaced *Conn  // with Rendezvous: the connection whose peer was restarted, as Conn shows
	Reply    []byte // a datagram for the sender, never longer than what it sent
}

// Route finds the connection of a packet that proto.Parse accepted. from is
// where it came from, size the datagram's length in bytes. A reply is appended
// to buf. Nothing is kept of p, and nothing at all is kept for a sender whose
// address is not proven (SPEC 5.2).
func (e *Endpoint) Route(now time.Duration, from netip.AddrPort, p *proto.Packet, size int, buf []byte) Route {
	switch p.Type {
	case proto.TypeHello:
		return e.routeHello(now, from, &p.Hello, size, buf)
	case proto.TypeRetry:
		return e.known(e.byID[p.Retry.DestID])
	case proto.TypeVersion:
		return e.known(e.byID[p.Version.DestID])
	case proto.TypeAccept:
		c := e.byID[p.Accept.DestID]
		if c != nil && c.peerID == 0 {
			e.byPeer[peerKey{c.knownAt, p.Accept.SourceID}] = c
			if !e.config.Rendezvous && e.byAddr[c.knownAt] == c {
				delete(e.byAddr, c.knownAt) // no longer dialing
			}
		}
		return e.known(c)
	case proto.TypeReset:
		return e.known(e.byPeer[peerKey{from, p.Reset.DeadID}])
	case proto.TypeData:
		if c := e.byID[p.Data.DestID]; c != nil {
			return Route{Conn: c, Replaced: e.succeed(c)}
		}
		e.stats.UnknownConnection++
		return e.reset(now, p.Data.DestID, size, buf)
	case proto.TypeRaw:
		e.stats.UnknownConnection++
		return Route{}
	default:
		panic("BUG: packet type " + p.Type.String())
	}
}

// VersionReply answers a hello of a version unknown here (SPEC 5.5).
func (e *Endpoint) VersionReply(sourceID uint64, size int, buf []byte) Route {
	if !e.config.Listen || size < proto.MinHello {
		e.stats.Refused++
		return Route{}
	}
	v := proto.Versions{DestID: sourceID, Count: 1}
	v.List[0] = proto.Version
	return Route{Reply: proto.AppendVersions(buf, &v)}
}

func (e *Endpoint) known(c *Conn) Route {
	if c == nil {
		e.stats.UnknownConnection++
	}
	return Route{Conn: c}
}

// routeHello is the listener's side of the handshake.
func (e *Endpoint) routeHello(now time.Duration, from netip.AddrPort, h *proto.Hello, size int, buf []byte) Route {
	key := peerKey{from, h.SourceID}
	if c := e.byPeer[key]; c != nil {
		return Route{Conn: c} // our accept was lost
	}
	if c := e.byAddr[from]; c != nil && c.peerID == 0 {
		e.byPeer[key] = c // both dial at once
		return Route{Conn: c}
	}
	if !e.config.Listen || size < proto.MinHello {
		e.stats.Refused++
		return Route{}
	}
	if !e.cookies.valid(h.Token, now, from, h.SourceID) {
		var token [cookieSize]byte
		e.stats.Retries++
		return Route{Reply: proto.AppendRetry(buf, &proto.Retry{
			DestID: h.SourceID, Token: e.cookies.appendCookie(token[:0], now, from, h.SourceID),
		})}
	}
	if len(e.byID) >= e.config.MaxConns {
		e.stats.Refused++
		return Route{}
	}
	c := accept(now, e.config.Conn, e.origin(from), h)
	c.handshake.acceptDue = true
	c.stats.PacketsReceived++
	c.stats.BytesReceived += uint64(size)
	e.byID[c.localID] = c
	e.byPeer[key] = c
	if e.config.Rendezvous {
		if e.byAddr[from] == nil {
			e.byAddr[from] = c
		} else {
			e.succeeding[c.localID] = true
		}
	}
	return Route{Conn: c, New: true}
}

// succeed makes c the one connection with its address if it was made beside
// another, and returns the other. Its first data packet shows that the peer
// means c: the hello alone may be a late copy from the peer's former life.
func (e *Endpoint) succeed(c *Conn) (replaced *Conn) {
	if len(e.succeeding) == 0 || !e.succeeding[c.localID] {
		return nil
	}
	delete(e.succeeding, c.localID)
	replaced = e.byAddr[c.knownAt]
	e.byAddr[c.knownAt] = c
	return replaced
}

// reset answers a packet of a connection that is not here (RFC 9000 section
// 10.3), within a budget and always with fewer bytes than came.
func (e *Endpoint) reset(now time.Duration, id uint64, size int, buf []byte) Route {
	before := len(buf)
	reply := proto.AppendReset(buf, &proto.Reset{DeadID: id})
	if len(reply)-before > size || !e.resets.take(now, resetsPerSecond) {
		return Route{}
	}
	e.stats.Resets++
	return Route{Reply: reply}
}

// newID draws an id that is not in use.
func (e *Endpoint) newID() uint64 {
	for {
		if id := e.config.Random(); id != 0 && e.byID[id] == nil {
			return id
		}
	}
}

// budget allows so many things a second.
type budget struct {
	second time.Duration
	used   int
}

// resetsPerSecond bounds how many resets one socket sends.
const resetsPerSecond = 1000

func (b *budget) take(now time.Duration, most int) bool {
	if second := now / time.Second; second != b.second {
		b.second, b.used = second, 0
	}
	b.used++
	return b.used <= most
}

// Superseded tells a connection that its peer was restarted: a new connection
// came from the same address.
func (c *Conn) Superseded() {
	if c.state != Closed {
		c.end(ErrPeerReset)
	}
}
