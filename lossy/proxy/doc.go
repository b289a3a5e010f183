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
// # NAT
//
// A flow's upstream port ends by [Proxy.Rebind] or as [NAT] says, and the
// client's next datagram opens another. The flow goes on with its fates. The
// socket of the old port stays open for half a minute, so that what the service
// still sends there is dropped and counted, as behind a real translator. When files
// run out it gives way to a flow's own.
//
// # Some flows only
//
// An [Overlay] changes the network for a share of the flows, drawn by the seed.
// Flows that share a bottleneck (lossy.Profile.SharedBottleneck) must agree on
// its rate, queue and policer, whatever overlays they have; an overlay that
// changes those of some flows is refused unless it takes them off the shared
// bottleneck. Loss, delay and all else may differ. The same holds the other way
// round for flows that share a model (lossy.Profile.SharedModel): those agree on
// loss, delay, reordering, duplication and corruption.
//
// # All addresses
//
// A proxy on 0.0.0.0 or [::] answers a client from the address that it sent to, or
// one that is connected would hear nothing. A client, by its address and port, is one
// flow whichever of ours it sends to; what leaves after it has changed to another
// leaves from there, also what was on its way. That takes Linux: elsewhere the system
// chooses the address, and a proxy for clients that connect to another has to listen on
// that one alone.
//
// # Batches
//
// On Linux datagrams are read and written many a call (recvmmsg, sendmmsg), and
// those of equal size in one piece where both ends can (UDP_GRO, UDP_SEGMENT).
// Each of them is impaired by itself, whatever it came together with, and batches
// change neither fates nor times nor order. One goroutine reads the sockets of
// all flows. Elsewhere a call moves one datagram, and each flow has a goroutine.
//
// # Timing
//
// A datagram meets the network when the kernel receives it, not when the proxy
// comes to read it: delay, rate and outages count from there, and a proxy that
// reads late is late, but decides as if it were not. On Linux the kernel's stamps
// (SO_TIMESTAMPNS) say when that was. Elsewhere, and when somebody sets the clock
// that they are of, it is when the datagram is read. If the scheduler was
// quicker than a late reader, a queue may have let out what it would still have
// held.
//
// What is due at once leaves in the goroutine that read it. What is due later
// is sent by one scheduler goroutine, or by a reader that just has something in
// hand, at absolute deadlines, so that errors never add up; how late each
// datagram left is in [DirectionStats].Lateness. On Linux the scheduler sleeps
// on a timerfd, which wakes it 5 to 120 us late, depending on the machine. It
// learns by how much, sleeps as much less and waits for the rest awake, a quarter
// of the time at most, and the last 50 us of it without letting go of its core.
// When datagrams are due less than 50 us apart they leave together, so much late at
// most. Elsewhere, and where no timerfd can be had, it sleeps on
// a Go timer, which is up to a millisecond late. [Proxy.Ready] fails while too many
// leave too late.
//
// # Bursts
//
// What comes while the proxy is off the cores waits in socket buffers: 32 MiB each
// are asked for, which hold 25,000 datagrams of 1,200 bytes. Linux grants no more
// than net.core.rmem_max, unless the process may administer the network. What
// overflows is counted as kernel_rx, and [Proxy.Warnings] tells of small buffers.
//
// # Limits
//
// The service sees the proxy's addresses, not the clients'. DSCP and ICMP errors
// are not carried over, and ECN marks on Linux only. A flow costs a socket and some 6 KiB,
// with larger datagrams 8 KiB; but for Linux a goroutine and 64 KiB besides.
// Without batches what still waits in the sockets as the proxy closes is read for
// 10 ms only. Datagrams that the kernel dropped joined are counted as kernel_rx by an
// estimate of how many they were. Two proxies that point at each other are not recognised as a loop,
// only a proxy that points at itself is; udplab proxy warns when it looks like one.
// A sender that invents source addresses can fill the flow table, or take all files
// that the process may open but for a reserve, of 32 and of a quarter at most, that
// is left for the rest of it; the flows that exist go on.
//
// # Scenarios
//
// Play has a scenario change the settings over time, with the same effect on the
// same datagrams as in virtual time; see package scenario.
package proxy
