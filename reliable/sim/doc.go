// Package sim runs connections of package arq over links of package lossy in
// virtual time: any number of nodes, one heap of events, no clock, goroutine,
// lock or global randomness. The same seed gives the same run, bit for bit, on
// every machine; World.Hash is the proof.
//
// It is for tests and experiments, and serves them in three ways:
//
//   - Stories (Script, testdata/*.txt): commands and the full reaction of the
//     machines in text, reviewed as diffs.
//   - Schedules: World.Fate decides what happens to the n-th datagram, so a
//     test can walk through all fates of the first few.
//   - Swarm (RunSwarm): a seed draws a network, a workload and faults; while
//     the faults last, nothing wrong may be delivered (safety), and after they
//     are healed everything must arrive or be reported (liveness).
//
// In all three an oracle that knows nothing of the protocol watches every
// datagram and every delivery; see Oracle for what it demands.
//
// # Limits
//
// Nodes are not sockets: there is no batching, no kernel buffer, no address
// change. Everything takes no time except the links. A World is not for
// concurrent use; run several of them side by side instead.
package sim
