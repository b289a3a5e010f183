// Package capture writes what a bad network did to datagrams into a pcapng file:
// every one as it came and, each copy, as it went, with a comment that says what
// was decided and why. Those that were dropped are there too. Wireshark and
// tshark show the comments (frame.comment).
//
// A file has four interfaces, "up in", "up out", "down in" and "down out", and a
// comment that describes the network. Only UDP payloads pass the network, so IP
// and UDP headers are made for them, with lengths and checksums that are right:
// between the client's address and the service's, on both sides, so that a flow
// is one conversation. Times are those of the network's clock, in nanoseconds.
//
// A packet that came stands in the file when its fate is known, behind those
// decided before it: where a queue decides at its head, that is later.
//
// It costs nothing but memory and a copy where it is called: a goroutine writes.
// What finds no room because the disk is slow is left out and counted, as is what
// comes when the file is as large as it may be.
//
// Limits: datagrams that never reached the network (a full table of flows or
// socket buffer) are not seen, and one that the system would not send is shown as
// sent.
package capture
