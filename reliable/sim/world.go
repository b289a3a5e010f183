package sim

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
	"udplab/reliable/internal/poison"
)

const never = time.Duration(1<<63 - 1)

// World is a set of nodes, the paths between them, and what will happen. It is
// made by NewWorld and not for concurrent use.
type World struct {
	// Fate, if not nil, decides about the n-th datagram sent in this world,
	// counted from 0, unless a path has fates of its own (Node.SetFates).
	Fate func(n uint64, from, to *Node) Fate
	// Observe, if not nil, is told everything that happens. It must not change
	// the world; a datagram is only valid during the call.
	Observe func(Observation)
	// Tamper, if not nil, takes every message on its way from a connection to
	// its application and returns what arrives there. It is how tests make
	// sure that the oracle sees what it has to see.
	Tamper func(e *End, d arq.Delivery) []arq.Delivery

	seed      uint64
	now       time.Duration
	events    queue
	order     uint64
	steps     uint64
	datagrams uint64 // datagrams sent, which is also the number of the next
	faults    [len(fateNames)]uint64

	nodes     []*Node
	addresses []address
	places    map[netip.AddrPort]int // indices of addresses
	paths     []*path
	ends      []*End
	held      []held
	free      []int // slots of held that are free
	calls     []func()
	channels  []uint8 // on which messages were sent, ascending

	oracle   oracle
	recorder *recorder // nil: nobody writes down what happens
	hash     uint64

	packet            proto.Packet
	out, reply        []byte
	arriving, scratch []byte
}

// usesChannel has a channel read from now on.
func (w *World) usesChannel(channel uint8) {
	if i, known := slices.BinarySearch(w.channels, channel); !known {
		w.channels = slices.Insert(w.channels, i, channel)
	}
}

// NewWorld makes an empty world. Everything random in it follows from seed.
func NewWorld(seed uint64) *World {
	w := &World{seed: seed, places: make(map[netip.AddrPort]int)}
	w.oracle.init(w)
	return w
}

// Now is the virtual time since the world began.
func (w *World) Now() time.Duration { return w.now }

// Steps is the number of events that have happened.
func (w *World) Steps() uint64 { return w.steps }

// Hash sums up everything that was observed so far: two runs with the same
// hash went the same way.
func (w *World) Hash() uint64 { return w.hash }

// Err is the first thing that went wrong in the eyes of the oracle, nil if
// nothing did.
func (w *World) Err() error { return w.oracle.err }

// AddNode adds a node. A nil config.Random and a zero config.Secret are drawn
// from the world's seed. Its packets have at most 1200 bytes, and no others are
// probed for, unless config.Conn says more of their size.
func (w *World) AddNode(name string, config arq.EndpointConfig) *Node {
	n := &Node{world: w, index: len(w.nodes), name: name, config: config}
	w.assign(n, addressOf(n.index))
	if c := &n.config.Conn; c.MaxPacket == 0 && c.FixedPacket == 0 {
		c.FixedPacket = proto.MinHello
	}
	if n.config.Conn.Buffers == nil {
		n.config.Conn.Buffers = new(poison.Buffers) // who reads a message too late must not find it
	}
	random := rand.New(rand.NewPCG(w.seed, uint64(n.index)))
	if n.config.Random == nil {
		n.config.Random = random.Uint64
	}
	if n.config.Secret == [32]byte{} {
		for i := range n.config.Secret {
			n.config.Secret[i] = byte(random.Uint32())
		}
	}
	n.endpoint = arq.NewEndpoint(n.config)
	w.nodes = append(w.nodes, n)
	return n
}

// Path returns the link that carries datagrams from one node to another, to be
// changed (SetProfile, SetDown) or asked (Stats). It begins as a perfect wire.
func (w *World) Path(from, to *Node) *lossy.Link { return w.path(from, to).link }

// SetMTU sets the size in bytes of the largest datagram that passes from one
// node to another; 0 lets all pass.
func (w *World) SetMTU(from, to *Node, bytes int) { w.path(from, to).mtu = bytes }

// SetMarking has ECN-capable datagrams from one node to another marked as
// congested that wait for longer in front of the link; 0 marks none.
func (w *World) SetMarking(from, to *Node, wait time.Duration) { w.path(from, to).marking = wait }

func (w *World) path(from, to *Node) *path {
	for len(from.paths) <= to.index {
		from.paths = append(from.paths, nil)
	}
	if p := from.paths[to.index]; p != nil {
		return p
	}
	direction := lossy.Up
	if from.index > to.index {
		direction = lossy.Down
	}
	flow := uint64(min(from.index, to.index))<<16 | uint64(max(from.index, to.index))
	p := &path{
		from: from, to: to, index: len(w.paths), armed: never,
		link: lossy.NewLink(w.seed, flow, direction, lossy.Profile{}),
	}
	w.paths = append(w.paths, p)
	from.paths[to.index] = p
	return p
}

// At has f called at a time. A time that has passed means now.
func (w *World) At(at time.Duration, f func()) {
	w.calls = append(w.calls, f)
	w.schedule(max(at, w.now), eventCall, len(w.calls)-1)
}

func (w *World) schedule(at time.Duration, kind eventKind, index int) {
	w.events.push(event{at: max(at, w.now), order: w.order, kind: kind, index: index})
	w.order++
}

// hold keeps a copy of a datagram for later. Those that go on at one moment do
// so by place, after everything else if that is not 0.
func (w *World) hold(p *path, datagram []byte, v envelope, until time.Duration, place int) {
	if len(w.free) == 0 {
		w.held = append(w.held, held{})
		w.free = append(w.free, len(w.held)-1)
	}
	slot := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	h := &w.held[slot]
	h.path, h.envelope, h.datagram = p, v, append(h.datagram[:0], datagram...)
	w.events.push(event{at: until, order: uint64(place)<<48 + w.order, kind: eventHeld, index: slot})
	w.order++
}

// Step lets the next event happen and reports whether there was one at or
// before the given time.
func (w *World) Step(until time.Duration) bool {
	if len(w.events) == 0 || w.events[0].at > until || w.Err() != nil {
		return false
	}
	e := w.events.pop()
	w.now = e.at
	w.steps++
	switch e.kind {
	case eventPath:
		if p := w.paths[e.index]; p.armed == e.at {
			p.deliver()
		}
	case eventEnd:
		w.ends[e.index].wake(e.at)
	case eventHeld:
		h := &w.held[e.index]
		h.path.carry(h.datagram, h.envelope)
		h.path.arm()
		w.free = append(w.free, e.index)
	case eventCall:
		w.calls[e.index]()
		w.arm()
	}
	return true
}

// arm sees to what comes sooner since a link was changed, which may be any.
func (w *World) arm() {
	for _, p := range w.paths {
		p.arm()
	}
}

// Run lets everything happen that does within d, and moves time there.
func (w *World) Run(d time.Duration) {
	until := w.now + d
	w.arm()
	for w.Step(until) {
	}
	w.now = max(w.now, until)
}

// RunUntil runs until done says yes, at most for d, and reports whether it did.
func (w *World) RunUntil(d time.Duration, done func() bool) bool {
	until := w.now + d
	w.arm()
	for !done() {
		if !w.Step(until) {
			return false
		}
	}
	return true
}

// Observation is one thing that happened.
type Observation struct {
	At       time.Duration
	Kind     ObservationKind
	Node     *Node
	Addr     netip.AddrPort // of Node, as far as the observation is about one
	Peer     *Node          // the other node of Sent, Received, Astray, Rejected and Moved
	PeerAddr netip.AddrPort // its address
	End      *End           // of Changed, Moved, Delivered and Settled
	Datagram []byte         // of Sent, Received and Rejected; the message of Delivered
	Fate     Fate           // of Sent

	// Of Delivered and Settled: the message.
	Message int // which of those sent on its connection, from 0; -1 if the oracle objects
	Channel uint8
	Mode    proto.Mode
	Number  int              // which of those of its lane, from 0; -1 if the oracle objects
	Skipped int              // of Delivered: messages of its lane the application does not get
	Receipt arq.ReceiptState // of Settled
}

// ObservationKind says what an Observation is about.
type ObservationKind uint8

const (
	Sent      ObservationKind = iota // Node sent Datagram to Peer
	Received                         // Datagram arrived at Node
	Rejected                         // Datagram arrived at Node and is no packet
	Changed                          // End is in another state
	Delivered                        // the application took Datagram, a message
	Restarted                        // Node lost its state
	Rebound                          // Node has another address
	Astray                           // Datagram arrived at an address Node has no more
	Moved                            // End sends to another address of Peer
	Settled                          // End says what became of a message of a mode that does not deliver all
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// note enters an observation into the hash and tells the observer.
func (w *World) note(o Observation) {
	o.At = w.now
	const prime = 1099511628211 // FNV-1a's, applied to whole words
	h := w.hash ^ uint64(o.At)
	h = (h*prime ^ uint64(o.Kind)<<16 ^ uint64(o.Node.index)) * prime
	h ^= uint64(crc32.Checksum(o.Datagram, castagnoli))<<8 ^ uint64(o.Fate.Kind)
	if o.End != nil {
		h = (h * prime) ^ uint64(o.End.index)<<8 ^ uint64(o.End.state)
		h ^= uint64(o.Channel)<<56 ^ uint64(o.Mode)<<52 ^ uint64(o.Receipt)<<48 ^ uint64(uint16(o.Skipped))<<32 ^ uint64(uint32(o.Number))
	}
	w.hash = h * prime
	if w.Observe != nil {
		w.Observe(o)
	}
}

func (w *World) String() string {
	return fmt.Sprintf("at %v after %d events, %d datagrams sent", w.now, w.steps, w.datagrams)
}
