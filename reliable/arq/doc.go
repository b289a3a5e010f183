// Package arq is the connection state machine of udplab's reliable messages
// over UDP: handshake, acknowledgment, loss recovery, flow control, ordering
// and ending, without sockets, clocks, goroutines, locks or global randomness.
// Package reliable drives it on sockets, package sim in virtual time.
//
// # The two machines
//
// An Endpoint stands for a socket. Its Route finds the Conn a parsed packet
// belongs to, makes one when a hello proves its address with a cookie, and
// answers what belongs to none. A Conn is one end of one connection.
//
// # How a driver uses a Conn
//
// Every input carries now, a monotonic time since an epoch of the driver's
// choosing that never goes back:
//
//	Handle(now, from, packet, size, mark)    a packet came
//	HandleTimeout(now)           the time of NextTimeout has come
//	Send, SendOn(now, options, msg)    the application has a message
//	Receive, ReceiveOn(now, channel)   the application takes a message
//	Finish(now)                  half-close: no message of this side follows
//	Close(now, code, reason), Abort(code, reason)
//
// After one input, and before the next, the driver drains the outputs:
//
//  1. AppendPacket until it reports false; each call is one datagram and the
//     address it goes to, to be marked as ECN says. A batch of inputs may share
//     one draining.
//  2. Peer: if it changed, the endpoint is told (Moved).
//  3. NextTimeout, once, after the packets: sending arms timers.
//  4. State, Err, Readable, CanSend and Receipt tell what to wake up for.
//
// A connection that is Closed may still have one packet to give; then the
// driver takes it out of the endpoint with Remove. What was received stays
// readable.
//
// # What it promises
//
// While the connection lives every message is delivered as its mode promises
// (SPEC 7.1), intact as far as CRC-32C can tell; each tracked one gets a last
// word: acked, superseded, lost, skipped, or, when the connection ends first,
// failed (the peer may have it or not). Order holds within a lane, one mode of
// one channel, and nothing on one lane waits for another. Everything a peer can
// make this side keep is bounded: messages by credit or by count, ranges of
// packet numbers and gaps by count, nothing before its address is proven.
//
// # Limits
//
// Nothing is encrypted or authenticated: whoever sees a packet can forge
// others. The peer may move to another address (SPEC 6.4) at any time after
// the handshake; this side never notices that its own changed.
//
// Packet numbers and message numbers are 64 bits here and 32 bits on the wire
// (SPEC 3); the spans in flight are far below 2^31, so expanding them is never
// ambiguous.
package arq
