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
//     test can walk through all fates of the first few (exhaustive_test.go).
//   - Swarm (RunSwarm): a seed draws a network, a workload and faults; while
//     the faults last, nothing wrong may be delivered (safety), and after they
//     are healed everything must arrive or be reported (liveness).
//
// In all three an oracle that knows nothing of the protocol watches every
// datagram and every delivery; see oracle.go for what it demands.
//
// CATALOGUE.md lists what the engine is proven to do and by which tests.
//
// # When it fails
//
// Everything that is decided in a run can be written down (Record): what
// happened to each datagram, and what the nodes and their applications did
// when. A record is run again without its seed, so that decisions can be taken
// out of it one by one (Shrink) until only those are left that it takes to
// fail. Those are printed as a story, to be put into testdata.
//
// # How much is run
//
// The flags of the test decide; see .github/CONTRIBUTING.md.
//
//	-sim.depth=8     fates of the first 8 datagrams: 4^8 schedules, twice
//	-sim.runs=10000  seeds of the swarm, from 1
//	-sim.seed=N      only this one; -sim.trace with it prints everything
//	-sim.for=8h      with -run TestSwarmLong: as long as this, from the seed
//	                 after the last in the ledger or from -sim.first
//	-sim.ledger=F    where that run is entered, LEDGER.md unless given
//
// # Limits
//
// Nodes are not sockets: there is no batching and no kernel buffer. Everything
// takes no time except the links. A World is not for concurrent use; run several
// of them side by side instead.
package sim
