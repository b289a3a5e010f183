package sim

import (
	"net/netip"
	"time"

	"udplab/reliable/arq"
)

// address is one that a node has or had. Nodes never get an address that was
// another's, so it names its node for ever; what comes to one that its node has
// given up comes to nobody.
type address struct {
	at   netip.AddrPort
	node *Node
}

// envelope is what a datagram bears on its outside: indices of addresses, its
// mark, and for the oracle when it was sent.
type envelope struct {
	from, to int
	mark     arq.ECN
	sentAt   time.Duration
}

// The envelope in the 64 bits that a link carries.
const (
	addressBits = 13
	markBits    = 2
	sentAtUnit  = 64 * time.Microsecond
)

func (v envelope) tag() uint64 {
	return ((uint64(v.sentAt/sentAtUnit)<<addressBits|uint64(v.from))<<addressBits|uint64(v.to))<<markBits | uint64(v.mark)
}

func openEnvelope(tag uint64) envelope {
	const address = 1<<addressBits - 1
	return envelope{
		from: int(tag >> (addressBits + markBits) & address), to: int(tag >> markBits & address), mark: arq.ECN(tag & (1<<markBits - 1)),
		sentAt: time.Duration(tag>>(2*addressBits+markBits)) * sentAtUnit,
	}
}

func addressOf(index int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(index >> 8), byte(index)}), 9000)
}

// assign gives an address to a node.
func (w *World) assign(n *Node, at netip.AddrPort) {
	index, known := w.places[at]
	if !known {
		index = len(w.addresses)
		if index >= 1<<addressBits {
			panic("sim: too many addresses")
		}
		w.places[at] = index
		w.addresses = append(w.addresses, address{at, n})
	}
	if w.addresses[index].node != n {
		panic("sim: the address is another node's")
	}
	n.at = index
}

// Addr returns the node's address.
func (n *Node) Addr() netip.AddrPort { return n.world.addresses[n.at].at }

// Rebind gives the node another address, as a router does that forgot a
// translation, or a machine that enters another network: what it sends from now
// on comes from there, and what is sent to the old address, or is on its way to
// it, comes to nobody. The node itself does not notice. It panics if the address
// is another node's.
func (n *Node) Rebind(to netip.AddrPort) {
	n.world.did(step{verb: verbRebind, node: n.index, reason: to.String()})
	n.world.assign(n, to)
	n.world.note(Observation{Kind: Rebound, Node: n, Addr: to})
}

// Spoof has the next datagram from n to peer overtaken by a copy that comes
// from the address of via, which is another node: as somebody would send it who
// sees the path.
func (n *Node) Spoof(peer, via *Node) { n.world.path(n, peer).spoof = via }

// label names an address: by its node alone if that never had another one.
func (w *World) label(n *Node, at netip.AddrPort) string {
	if !at.IsValid() || at == addressOf(n.index) {
		return n.name
	}
	return n.name + "@" + at.String()
}
