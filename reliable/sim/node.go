package sim

import (
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// Node is a machine with one socket: an endpoint and the ends of its
// connections.
type Node struct {
	// OnNew, if not nil, is told of every connection that a peer began here.
	OnNew func(*End)
	// ManualRead leaves messages in their connections until End.Read takes
	// them. Otherwise they are read at once. It holds for connections made
	// from then on.
	ManualRead bool
	// Timer, if not nil, says when a timer set to a time really runs out, as
	// on a system whose timers are coarse or late. Never earlier.
	Timer func(at time.Duration) time.Duration

	hold     uint8 // channel whose messages wait for End.ReadOn; 0: none
	world    *World
	index    int
	name     string
	at       int // index of its address
	config   arq.EndpointConfig
	options  nodeOptions // what config was made from, if addNode made it
	endpoint *arq.Endpoint
	ends     []*End
	all      []*End  // of all its lives
	paths    []*path // by the index of the node they lead to
	paused   bool
	pausedAt time.Duration
	stood    time.Duration // the longest pause
	inbox    []inboxEntry
	lives    int // restarts
	rejected uint64
	ledger   ledger
}

// inboxEntry is a datagram that waits for a paused node.
type inboxEntry struct {
	envelope envelope
	datagram []byte
}

// inboxLimit is how many datagrams wait for a paused node, as in the buffer of
// a socket; what comes after them is lost.
const inboxLimit = 256

// Name returns the name given to AddNode.
func (n *Node) Name() string { return n.name }

// Ends returns the connections' ends this node has had since it was started,
// oldest first, closed ones included.
func (n *Node) Ends() []*End { return n.ends }

// Rejected is the number of datagrams that were no packets.
func (n *Node) Rejected() uint64 { return n.rejected }

// SetFates decides what happens to the next datagrams from n to peer.
func (n *Node) SetFates(peer *Node, fates ...Fate) {
	n.world.path(n, peer).fates = append([]Fate(nil), fates...)
}

// Dial begins a connection with peer, or with a rendezvous returns the one
// there is.
func (n *Node) Dial(peer *Node) *End {
	n.world.did(step{verb: verbDial, node: n.index, peer: peer.index})
	n.ledger.prove(peer.at)
	c, made := n.endpoint.Dial(n.world.now, peer.Addr())
	if !made {
		return c.Tag.(*End)
	}
	e := n.newEnd(c, peer)
	e.settle()
	return e
}

// Restart makes the node forget everything, as a machine that was switched off
// and on. Its address stays.
func (n *Node) Restart() {
	n.world.did(step{verb: verbRestart, node: n.index})
	for _, e := range n.ends {
		e.forgotten = true
	}
	n.ends = nil
	n.inbox = nil
	n.paused = false
	n.lives++
	n.config.Secret[0]++ // a new life draws a new secret
	n.endpoint = arq.NewEndpoint(n.config)
	n.ledger = ledger{}
	n.world.note(Observation{Kind: Restarted, Node: n})
}

// Pause makes the node stand still: nothing is received and no timer runs out
// until Resume, when everything that waits happens at once.
func (n *Node) Pause() {
	n.world.did(step{verb: verbPause, node: n.index})
	n.pause()
}

func (n *Node) pause() {
	if !n.paused {
		n.paused, n.pausedAt = true, n.world.now
	}
}

// Resume ends a pause.
func (n *Node) Resume() {
	n.world.did(step{verb: verbResume, node: n.index})
	n.resume()
}

func (n *Node) resume() {
	if n.paused {
		n.stood = max(n.stood, n.world.now-n.pausedAt)
	}
	n.paused = false
	waiting := n.inbox
	n.inbox = nil
	for _, d := range waiting {
		n.receive(d.envelope, d.datagram)
	}
	for _, e := range n.ends {
		e.armed = never
		e.arm()
	}
}

// Inject sends any bytes to peer, as an attacker or a machine of another kind
// would.
func (n *Node) Inject(peer *Node, datagram []byte) {
	n.world.path(n, peer).send(datagram, envelope{from: n.at, to: peer.at, sentAt: n.world.now})
}

// receive takes in one datagram.
func (n *Node) receive(v envelope, datagram []byte) {
	w := n.world
	from := w.addresses[v.from]
	seen := Observation{Kind: Received, Node: n, Peer: from.node, PeerAddr: from.at, Addr: w.addresses[v.to].at, Datagram: datagram}
	if v.to != n.at {
		seen.Kind = Astray
		w.note(seen)
		return
	}
	if n.paused {
		if len(n.inbox) < inboxLimit {
			n.inbox = append(n.inbox, inboxEntry{v, append([]byte(nil), datagram...)})
		}
		return
	}
	n.ledger.received(v.from, len(datagram))
	p := &w.packet
	switch err := proto.Parse(datagram, p); err {
	case nil:
		w.note(seen)
		n.route(v, p, datagram)
	case proto.ErrVersion:
		w.note(seen)
		r := n.endpoint.VersionReply(p.Hello.SourceID, len(datagram), w.reply[:0])
		n.answer(v.from, r.Reply)
	default:
		n.rejected++
		seen.Kind = Rejected
		w.note(seen)
	}
}

func (n *Node) route(v envelope, p *proto.Packet, datagram []byte) {
	w := n.world
	from := w.addresses[v.from]
	r := n.endpoint.Route(w.now, from.at, p, len(datagram), w.reply[:0])
	n.answer(v.from, r.Reply)
	if r.Conn == nil {
		return
	}
	if r.New {
		n.ledger.prove(v.from) // the hello brought a cookie
		e := n.newEnd(r.Conn, from.node)
		e.packets++
		if n.OnNew != nil {
			n.OnNew(e)
		}
		e.settle()
	} else {
		e := r.Conn.Tag.(*End)
		e.packets++
		if p.Type == proto.TypeData {
			w.oracle.arrived(e, &p.Data, v.sentAt)
		} else {
			w.oracle.took(e, v.sentAt)
		}
		ignored := r.Conn.Stats().PacketsDuplicate
		r.Conn.Handle(w.now, from.at, p, len(datagram), v.mark)
		if p.Type == proto.TypeData && r.Conn.Stats().PacketsDuplicate == ignored {
			w.oracle.came(e, &p.Data)
		}
		e.settle()
		w.oracle.readAtOnce(e)
	}
	if r.Replaced != nil {
		e := r.Replaced.Tag.(*End)
		r.Replaced.Superseded()
		e.settle()
	}
}

// answer sends what the endpoint says to a packet of no connection.
func (n *Node) answer(to int, reply []byte) {
	if len(reply) == 0 {
		return
	}
	n.world.reply = reply[:0]
	n.send(to, reply, arq.NotECT)
}

// send sends a datagram to an address.
func (n *Node) send(to int, datagram []byte, mark arq.ECN) {
	w := n.world
	n.ledger.sent(w, n, to, len(datagram))
	w.path(n, w.addresses[to].node).send(datagram, envelope{n.at, to, mark, w.now})
}

func (n *Node) newEnd(c *arq.Conn, peer *Node) *End {
	w := n.world
	e := &End{
		Conn: c, node: n, peer: peer, at: c.Peer(), index: len(w.ends), ordinal: len(n.all) + 1,
		armed: never, manualRead: n.ManualRead, hold: n.hold, state: c.State(),
		watch: watch{fastest: noPacket, fastestTimed: noPacket},
	}
	c.Tag = e
	w.ends = append(w.ends, e)
	n.ends = append(n.ends, e)
	n.all = append(n.all, e)
	w.oracle.began(e)
	w.note(Observation{Kind: Changed, Node: n, End: e})
	return e
}

// wakeLimit is how often a connection may want to be woken at one and the same
// time before that counts as a timer that never moves on.
const wakeLimit = 16

// wakes counts how often an end was woken at one time.
type wakes struct {
	at    time.Duration
	count int
}

func (k *wakes) tooMany(now time.Duration) bool {
	if k.at != now {
		k.at, k.count = now, 0
	}
	k.count++
	return k.count > wakeLimit
}
