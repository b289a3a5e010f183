// Package proxy puts a bad network between the clients of a UDP service and
// the service, on real sockets and without privileges: every datagram that
// passes meets the fate that package lossy decides for it.
//
//	                 up lane: lossy.Link
//	client ──────▶ listen socket ──────────▶ flow's upstream socket ──────▶ service
//	client ◀────── listen socket ◀────────── flow's upstream socket ◀────── service
//	                down lane: lossy.Link
//
// Each client address is a flow with an upstream socket of its own, connected
// to the service, so that the service tells its clients apart as it would
// without the proxy. Flows are numbered from 0 in order of appearance, and the
// number, not the ephemeral port, goes into the seed: the same traffic meets
// the same fates again, and the same as in a simulation. The proxy knows no
// protocol and passes anything, empty datagrams and those of 65,507 bytes
// included.
//
// # Nothing is dropped silently
//
// Every datagram that does not come out has a [Cause] with a counter: those of
// the network model, and those of the proxy itself and of the kernel. See
// [DirectionStats] for the equation that always holds.
//
// # Timing
//
// What is due at once leaves in the goroutine that read it. What is due later
// is sent by one scheduler goroutine, at absolute deadlines, so that errors
// never add up; how late each datagram left is in [Stats].Lateness. On Linux
// the scheduler sleeps on a timerfd, which is a few microseconds late on an
// idle machine. Elsewhere, and where no timerfd can be had, it sleeps on a Go
// timer, which is up to a millisecond late.
//
// # Limits
//
// The service sees the proxy's addresses, not the clients'. ECN bits, DSCP
// and ICMP errors are not carried over. A flow costs a socket, a goroutine and
// 64 KiB. Two proxies that point at each other are not recognised as a loop,
// only a proxy that points at itself is. A sender that invents source
// addresses can fill the flow table; the flows that exist go on.
package proxy
