// Package reliable delivers messages over UDP intact, over networks that lose,
// reorder, duplicate and damage datagrams: exactly once and in order, or as
// much of that as each message needs.
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
// # Channels and modes
//
// A connection has 256 channels, which do not wait for each other: Conn.Channel.
// Conn.Send and Conn.Receive are channel 0. Each channel has a priority and a
// weight among the others (Channel.Configure), so a file on one delays a line of
// chat on another by no more than the packet that is leaving. Each message has a
// mode:
//
//	mode        a loss is repaired       a message is delivered                receipts
//	Ordered     until acknowledged       once, after all those before it       Acked
//	Unordered   until acknowledged       once, as soon as it is whole          Acked
//	Latest      while it is the newest   if no newer one was, the last always  Acked, Superseded
//	Sequenced   never                    if no newer one was                   Acked, Lost
//	Unreliable  never                    as it comes, once at most             Acked, Lost
//	Deadline    until its lifetime ends  once at most, in order, never late    Acked, Skipped
//
// Order is promised among the messages of one mode of one channel, a lane;
// those of different modes of a channel are received as they got ready.
//
// Nothing is dropped in silence. The receiver sees in Message.Skipped how many
// messages of the lane it did not get before this one. The sender of a tracked
// message gets a Receipt with its fate, and Failed if the connection ended
// before that was known. Both sides count in Stats. In ModeDeadline the two agree
// about every message: Acked was ready to be received in time, Skipped was not and
// will not be. In ModeLatest and ModeSequenced an acked message may have arrived
// behind a newer one and not have been delivered; Superseded and Lost ones may
// have been.
//
// # Back-pressure
//
// Send waits while the channel's part of Config.SendBuffer is full; TrySend does
// not, and says ErrWouldBlock. A peer that does not read ModeOrdered and
// ModeUnordered messages of a channel stalls that channel alone. Messages of the
// other modes never wait for a slow reader: it loses the oldest of them, and is
// told how many.
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
