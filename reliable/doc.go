// Package reliable delivers messages over UDP exactly once, in order and
// intact, over networks that lose, reorder, duplicate and damage datagrams.
//
// Listen and Accept, or Dial, give a Conn; Send and Receive move messages of
// up to 64 MiB. A Conn is a net.Conn as well. Two peers that each know the
// other's address use one Listener each, with Config.Rendezvous, and both Dial:
// whoever comes first, they get one connection.
//
//	l, err := reliable.Listen("udp", ":9000", nil)
//	...
//	c, err := l.Accept(ctx)
//	msg, err := c.Receive(ctx)
//	err = c.Send(ctx, reply)
//
// # Waiting
//
// What waits takes a context, or obeys the deadlines of net.Conn. A result
// that is ready is returned even when the context is dead.
//
// # How it runs
//
// The protocol is package arq, a state machine without I/O. Here is its
// driver: one goroutine reads a socket, and whoever holds a connection's lock,
// that reader or a caller of Send, feeds the machine and sends what it says.
// All connections of a socket share one timer, on Linux a timerfd, which wakes
// in microseconds where Go's timers take up to a millisecond. A connection
// costs memory, but no goroutine, timer or channel.
//
// # Limits
//
// Nothing is encrypted or authenticated: use it where you would use UDP, and
// know that whoever can see the packets can read, forge and end connections.
// A peer may change its address or port (a NAT that rebinds, a phone that leaves
// the house): the connection follows once the new address has answered. Close
// waits at most Config.Linger for queued messages. Delivery is exactly once while the
// connection lives; when it ends early the sender is told which tracked
// messages were not acknowledged, and the peer may have them or not.
package reliable
