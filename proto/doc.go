// Package proto turns the packets of udplab into bytes and bytes into packets,
// and does nothing else. SPEC.md is the specification; the numbers in comments
// ("SPEC 6.2") point into it.
//
// One datagram is one packet, one packet is one msgpack array, and its last
// element is a checksum over all the bytes before it. So every msgpack library
// can read the wire, and a damaged packet is found before it is parsed. This is
// a data packet with an ack and one message, 44 bytes for a message of ten:
//
//	95                            packet: array of 5
//	   04                         type: data
//	   cf 1f2e3d4c5b6a7988        connection id its receiver chose
//	   cd 0457                    packet number 1111
//	   92                         frames: array of 2
//	      94 03                   frame: ack
//	         cd 08ae              largest acked: packet 2222
//	         10                   delay: 16 * 64 us
//	         02                   2 packets acked: 2221 and 2222
//	      93 10                   frame: message on channel 0, reliable and ordered
//	         cd 0d05              message number 3333
//	         c4 0a "ten  bytes"   payload
//	   ce e9b5b8b7                crc: CRC-32C of everything above
//
// # Who calls it
//
// The connection machine and the control group parse with Parse, look at frames
// with Data.Frames, and build with DataBuilder and the Append functions. Stories,
// logs and dumps call Describe. Nothing here reads a socket or a clock, and all
// functions may be called by many goroutines at once on different values.
//
// # Hostile bytes
//
// Parse accepts a packet only in the one canonical form: what it accepts, the
// Append functions write again byte for byte. A claimed length is compared with
// the bytes that are there before it is used, nesting is bounded by the shape of
// the packets, and neither parsing nor building allocates. See SPEC 2.2 for what
// is refused.
//
// The format is that of github.com/vmihailenco/msgpack, but that library is
// lenient and allocates by claimed lengths, so it never decodes a datagram that
// Validate has not seen, and then only by calls that read one number or one
// length. Reference is that codec: the wire as the library writes and reads it.
// Packets are written and read by hand, which needs no shared or pooled state and
// is several times faster; a differential fuzz test holds the two together.
//
// # Limits
//
// The checksum protects against accidents, not against people: who can send to
// the socket and knows a connection id can forge packets (SPEC 10). The package
// keeps no state, so it does not know whether a packet is new, wanted or for us.
package proto
