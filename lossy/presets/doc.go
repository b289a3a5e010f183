// Package presets has networks by name, each with its numbers, where they come
// from, and how much that is worth.
//
// A preset is a whole path: it replaces every setting of the network, those it
// does not name included, and the NAT's. What else is said beside it, a flag or
// a field, then changes the result. Nothing of an earlier state remains.
//
// Clients send up, the service answers down. A megabit is 10^6 bits. Where a
// source gives a round trip, each way has half of it. Where it does not say how
// long the queue is, Notes says what stands here instead.
//
// Find also reads the scenarios of quic-network-simulator, as its command line
// has them: "simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25".
//
// # What is not here
//
// The profiles of ITU-T G.1050 (TIA-921): their tables could not be read, and
// numbers from memory would carry a standard's name. Apple's LTE and Wi-Fi
// profiles, the grid of RFC 8868 and measurements of Starlink, for the same
// reason; what stands for them is an engineering choice, and says so.
//
// PRESETS.md lists all of them. Everything here is constant and safe for
// concurrent use.
package presets
