package sim

// ledger keeps account, for every address that has not proven that it
// receives what is sent to it, of what came from there and what went there: a
// node must never send more (RFC 9000 section 8.1 allows three times as much).
type ledger struct {
	accounts []account // by the index of the peer
}

type account struct {
	in, out int // bytes
	proven  bool
}

func (l *ledger) of(peer *Node) *account {
	for len(l.accounts) <= peer.index {
		l.accounts = append(l.accounts, account{})
	}
	return &l.accounts[peer.index]
}

func (l *ledger) received(from *Node, size int) { l.of(from).in += size }

// prove notes that the address is proven: it brought back a cookie or belongs
// to a connection, or this node chose it itself.
func (l *ledger) prove(peer *Node) { l.of(peer).proven = true }

func (l *ledger) replied(w *World, n, to *Node, size int) {
	a := l.of(to)
	a.out += size
	if !a.proven && a.out > a.in {
		w.oracle.fail("%s sent %d bytes to %s, whose address is not proven, for %d received", n.name, a.out, to.name, a.in)
	}
}
