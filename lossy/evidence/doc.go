// Package evidence does again what a log of decisions says was done, and finds
// out which of its drops made a program fail.
//
// # Replay
//
// Read takes in a log that package decisions wrote. A Replay of it is a
// lossy.Replayer: give its Script to a lossy.Network, a Conn or a proxy, and the
// datagram of a flow, a direction and an index meets the fate that the log has
// for it, to the bit and the nanosecond, whatever seed, profile, queue or
// blackout there is: the same drop for the same cause, the same delay and wait,
// the same copies, the same damage, the same place in the order. A link driven
// at the same virtual times then writes the same log again, but for the lines that
// moved a datagram when the rate changed: its first wait is then the last. On real sockets the
// datagrams come at other times, and every fate but t_ns is the same.
//
// What comes beyond the log is counted, and left to the network, dropped, or a
// reason to stop; see After.
//
// # Shrink
//
// Drops lists what the log says was dropped. Minimise reduces a list that makes
// a test fail to one of which nothing can be spared. Flags and GoTest write the
// list down for people.
//
// # Limits
//
// A log is held in memory, packed: some 28 bytes a decision, a million in 28 MB
// and read in two or three seconds (TestMemoryOfADecision, BenchmarkRead). One of
// more than MaxDecisions is refused, as is a line that says what no link decides:
// a log is hostile until it was read.
//
// A flow whose name was given to it (lossy.NamedFlow) may begin anew when it
// expired. The log then has its index 0 again, and from there on decisions are
// for its next life. A log whose first line of such a life is missing is refused.
//
// Whether a datagram is the one that was logged is told by flow, direction and
// index alone. One of another size is counted (Stats.Resized), its damage falls
// where its size lets it, and it is not damaged where it has no such place.
//
// A Recording is not changed after Read and may be shared. A Replay is safe for
// concurrent use; each Script that it gives is not.
package evidence
