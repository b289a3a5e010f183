package sim

// ledger keeps account, for every address that has not proven that it
// receives what is sent to it, of what came from there and what went there: a
// node must never send more (RFC 9000 section 8.1 allows three times as much).
type ledger struct {
	accounts []account      // by the index of the address
	asked    map[uint64]int // the address each path_challenge went to, by its token
}

type account struct {
	in, out  int // bytes
	proven   bool
	answered bool // a path_challenge sent there was answered
}

func (l *ledger) of(at int) *account {
	for len(l.accounts) <= at {
		l.accounts = append(l.accounts, account{})
	}
	return &l.accounts[at]
}

func (l *ledger) received(from, size int) { l.of(from).in += size }

// prove notes that the address is proven: it brought back a cookie, or this node
// chose it itself.
func (l *ledger) prove(at int) { l.of(at).proven = true }

// challenged notes the token of a path_challenge, answered that it came back.
func (l *ledger) challenged(at int, token uint64) {
	if l.asked == nil {
		l.asked = make(map[uint64]int)
	}
	l.asked[token] = at
}

func (l *ledger) answered(token uint64) {
	if at, known := l.asked[token]; known {
		l.of(at).answered = true
	}
}

// moved demands that a connection follows its peer only to an address that
// answered (SPEC 6.4).
func (l *ledger) moved(w *World, e *End, at int) {
	if !l.of(at).answered {
		w.oracle.fail("%v follows its peer to %v, which has not proven itself", e, w.addresses[at].at)
	}
	l.prove(at)
}

func (l *ledger) sent(w *World, n *Node, to, size int) {
	a := l.of(to)
	a.out += size
	if !a.proven && a.out > a.in {
		w.oracle.fail("%s sent %d bytes to %s, whose address is not proven, for %d received",
			n.name, a.out, w.label(w.addresses[to].node, w.addresses[to].at), a.in)
	}
}
