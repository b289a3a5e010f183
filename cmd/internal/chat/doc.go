// Package chat is the chat application without a terminal: what two people say
// to each other over plain UDP (raw mode), over the reliability layer
// (reliable mode), or with somebody who runs the tutorial chat (bare text).
//
// Command udplab chat is its caller; the terminal is drawn by package chatui,
// and a pipe is served by the command itself. Both see a [Session]: say a line,
// read the events, count, close.
//
//	Say -> outbox -> message.Encode -> raw.Conn or reliable.Conn -> ...
//	... -> raw.Conn or reliable.Conn -> Decode -> gaps or dedupe -> Events
//
// A session survives its peer. One that is not there yet, goes away, or comes
// back at the same address, as the same run or as a new one, is an event.
//
// What it will not do: draw, read keys, log, encrypt or authenticate. Names are
// what a peer says they are, and every string of an event is what a stranger
// sent: clean it before drawing.
//
// Limits: two people; names of [MaxName] bytes, lines of [MaxText]; at most
// [MaxQueued] own lines wait for an absent peer.
package chat
