// Package raw is the control group: application messages as plain UDP carries
// them, numbered and timestamped so that everything the network did to them
// can be counted, and repaired in nothing.
//
// It is for the chat's raw mode, the demo, the bench and every experiment that
// wants to know what UDP alone would have delivered. Its packets are the raw
// packets of the wire format (proto, type 0), so what is counted here compares
// with what package reliable counts.
//
//	socket -> proto.Parse -> the stream's Account -> Conn.Receive -> application
//	application -> Conn.Send -> proto.AppendRaw -> socket
//
// [Account] is the receiver's arithmetic for one stream of numbers, pure and
// without a clock. [Conn] is one peer over a socket.
//
// What it will not do: acknowledge, retransmit, reorder, hold back duplicates,
// pace, control congestion or authenticate. Every message that arrives is
// handed to the application, as often and in the order it arrived; the
// [Arrival] beside it says what is odd about it.
//
// Limits. A message must fit one datagram ([MaxMessage] bytes). A late packet
// can be told from a duplicate while it is less than [Window] numbers behind
// the highest. A Conn keeps the accounts of the last few streams it heard, so
// somebody who invents stream ids can push the peer's account out; the plain
// wire format does not authenticate.
package raw
