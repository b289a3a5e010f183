package proxy

import (
	"net/netip"
	"sync"
)

// local is which of our addresses a datagram came to. A socket on all addresses has
// to know, for the system sends answers from the one that it likes best for the way
// back, and a client that is connected hears nobody but whom it sent to. The zero
// value is one that the system does not tell, or that goes without saying.
type local struct {
	addr  netip.Addr
	index uint32 // of the network interface, for addresses that are one on each link
}

// replySource is where the answers to one client leave from. A client that sends to
// several of our addresses from one port is one flow all the same; it is answered from
// the one that it sent to last.
type replySource struct {
	heard local // owned by who receives

	mu     sync.Mutex
	source source
}

// from notes where the client sent to.
func (a *replySource) from(at local) {
	if at == a.heard || !at.addr.IsValid() {
		return
	}
	a.heard = at
	s := sourceOf(at)
	a.mu.Lock()
	a.source = s
	a.mu.Unlock()
}

func (a *replySource) current() source {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.source
}
