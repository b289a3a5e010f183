// Package demo sends the same numbered messages over the same bad network
// twice, once in raw and once in reliable mode, at the same time, and says what
// became of them. It knows no terminal: `udplab demo` shows what it measures.
//
//	          ┌──────────── one half, and another with the other mode ───────────┐
//	schedule ─▶ sender ══ UDP ══▶ proxy (loses, delays, ...) ══ UDP ══▶ receiver ─▶ tally
//
// Each half has two sockets on loopback and a proxy of its own in between, with
// the same seed and the same impairments each way. In raw mode the k-th message
// is the k-th datagram, so a seed decides exactly which messages are lost,
// duplicated and damaged. In reliable mode acknowledgments cross the same
// network in the other direction.
//
// # What the numbers mean
//
// The sender is an open loop: message k is due k/rate after the start,
// whatever happened to those before it, and is sent as soon as its mode lets
// it. Everything is counted where an application would notice it.
//
//   - sent: messages that were due.
//   - delivered: distinct, intact messages that reached the application.
//   - lost: sent less delivered, at the end of the run. While it runs, the
//     messages that later ones have overtaken and that are not there.
//   - out of order: messages that arrived after one sent later (type-P-reordered,
//     RFC 4737 section 3.3).
//   - duplicate: further intact copies of a message already delivered.
//   - corrupt: damaged messages that reached the application. Raw packets carry
//     a checksum only to make this count possible; nothing is held back by it.
//   - retransmits: message frames sent again.
//   - wire bytes: UDP payload bytes both peers put on the wire, handshake and
//     acknowledgments included; IP and UDP headers (28 bytes a datagram) are not.
//   - payload bytes: bytes of the delivered messages.
//   - latency: from the moment a message was due, not from when it was sent,
//     until the application had it. Only delivered messages have one.
//
// # Limits
//
// Both ends read one clock, which only a test on one machine can. The messages
// all go one way. The schedule is as exact as Go's timers, a millisecond.
package demo
