package proxy

import (
	"net/netip"
	"time"

	"udplab/lossy"
)

// system opens the sockets of a proxy, in the way that is fastest here or in
// the one that works everywhere. Everything above it is the same for both.
//
// Whatever a socket reads it hands over as messages, which are valid until the
// next read of that goroutine.
type system interface {
	// listen opens the socket for the clients.
	listen(at netip.AddrPort, buffer int) (front, error)
	// dial opens a socket to the service. What arrives there goes to s, in a
	// goroutine of the system's, until the socket is closed.
	dial(to netip.AddrPort, buffer int, s sink) (back, error)
	// close hands over what has come to the sockets to the service, reads no more
	// and waits for the system's goroutines. Nobody may dial any more. The sockets
	// stay open.
	close()
}

// outlet is a socket with an address to send to. It may be used by several
// goroutines, until it is closed; from then on sending fails with net.ErrClosed.
type outlet interface {
	// send gives the kernel the datagrams of a burst from the i-th on, in
	// order, and returns how many it took. An error concerns the one behind
	// those; without error at least one was taken.
	send(b *burst, i int) (taken int, err error)
}

// reply is an outlet to a client.
type reply interface {
	outlet
	// from says which of our addresses the client sent to, for what is sent from now
	// on to leave from. Only the goroutine that receives may say so.
	from(at local)
}

// front is the socket that the clients send to.
type front interface {
	local() netip.AddrPort
	// receive waits for messages and has them taken, once or more. After stop it
	// fails with net.ErrClosed. Only one goroutine may receive.
	receive(take func([]message)) error
	// rest has those taken that had come when the front was stopped, and waits for
	// no others. It is called by who received.
	rest(take func([]message))
	// to returns the way back to a client.
	to(client netip.AddrPort) reply
	// buffers are the sizes granted, 0 where the system does not tell.
	buffers() (receive, send int)
	// drops counts the datagrams that overflowed the receive buffer.
	drops() uint64
	stop()
	close()
}

// back is a socket connected to the service.
type back interface {
	outlet
	port() uint16  // the local one; after close it may be 0
	drops() uint64 // as of a front; after close what it was then
	close()
}

// sink is where what the service sends goes. Each socket's datagrams come in
// order and one call at a time.
type sink interface {
	arrive(messages []message, out *burst)
	readFailed(err error)
}

// message is what one read brought: a datagram, or several of one sender that
// the kernel had joined, all of segment bytes but the last, which may be
// shorter.
type message struct {
	bytes   []byte
	segment int            // 0: bytes is one datagram
	mark    lossy.ECN      // NotECT where the system does not tell
	from    netip.AddrPort // of a front
	to      local          // of a front on all addresses
	stamp   int64          // when the kernel received it, in nanoseconds since 1970; 0 where it does not tell
	waited  time.Duration  // from then until it was read; see arrivals
}

// next takes the first datagram off. A message holds at least one, which may
// be empty; more says whether others are left.
func (m *message) next() (datagram []byte, more bool) {
	if m.segment <= 0 || m.segment >= len(m.bytes) {
		return m.bytes, false
	}
	datagram, m.bytes = m.bytes[:m.segment], m.bytes[m.segment:]
	return datagram, true
}

// count is how many datagrams there are.
func (m *message) count() int {
	if m.segment <= 0 {
		return 1
	}
	return max(1, (len(m.bytes)+m.segment-1)/m.segment)
}
