// Package lossy does to datagrams what a bad network does: it loses, bursts,
// delays, reorders, duplicates, corrupts, queues and throttles them, by rules
// that are written down, from a seed that brings every fate back.
//
// It has three layers, each usable without the ones above it:
//
//   - Model is the pure core: given the profile, the seed, the flow and the
//     packet's number it returns a Verdict. It knows no time and no load.
//   - Link is one direction of one flow in virtual time: a Model, then a
//     Bottleneck (policer, queue, transmitter) and a delay line. The caller says
//     what time it is. Simulators and the UDP proxy drive links.
//   - Network is an in-memory network of net.PacketConn over links, for tests
//     of code that wants sockets. It works in testing/synctest bubbles. Wrap
//     puts one in front of a real socket.
//
// The subpackage proxy puts links between real UDP sockets, decisions writes down
// what links decide, evidence does it again and finds the few drops that matter,
// settings puts a Profile into words, presets has networks by name, scenario has
// them change over time, netem reads the arguments of Linux's netem and says what they
// do, control is the proxy's HTTP API.
//
// # Same seed, same fate
//
// Every random decision is f(seed, flow, direction, impairment, packet index),
// so it does not depend on goroutines, batches, clocks or other flows, and
// turning one impairment on does not move what another decides. Flows are
// numbered from 0 in order of appearance. What depends on arrival times — a
// full queue, who overtakes whom — repeats exactly where time is virtual.
// MODEL.md states the formulas, the order in which impairments apply, and how
// their accuracy is tested.
//
// # Concurrency
//
// Profile, Config, Verdict and Stats are plain values. Model and Link are not
// for concurrent use; callers lock. Network and its sockets are safe for
// concurrent use.
//
// # Limits
//
// It sees payloads, not packets: rates leave out IP and UDP headers unless told
// (Profile.Overhead), there is no fragmentation, no ICMP. Losses count packets,
// not time, jitter has no memory, and flows that share a bottleneck are served
// in the order of arrival. It knows nothing of any protocol and never will.
package lossy
