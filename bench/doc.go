// Package bench measures what a message costs on this machine: how many go
// through in a second and how long one is under way, in raw mode, in reliable
// mode and over TCP, with and without loss; what share of that acknowledgments
// are; and what thousands of connections cost that open, talk a little or idle.
//
//	go test -bench . ./bench
//
// It is for whoever changes the way of a message and wants to know what that
// did, and for whoever wants to know what reliability costs. Everything is in
// test files, so nothing imports it. METHOD.md says what is measured and how,
// and what must not be read into it. What the protocol reaches on bad networks
// is measured by package table.
//
//	sender -> lossy/proxy, if anything is to be lost -> receiver
//
// Both ends and the proxy run in this process on loopback sockets, so one clock
// times both ends.
//
// # Limits
//
// One direction, messages of one size, and but for Connects and Many one
// connection. The network has no delay and no rate: this is a test of software,
// not of a network. Two cores are shared by sender, proxy and receiver, and the
// kernel that moves the datagrams is part of the result.
package bench
