// Package rlc repairs the messages of a lane before a retransmission could: a
// sliding-window random linear code over GF(2^8).
//
// # The idea
//
// A sender now and then adds a repair symbol: a linear combination of its last
// messages. A receiver that lacks one of them subtracts the others and has it, half
// a round trip after it was sent instead of one and a half or more. It does not
// matter which one is lacking, and k lost messages need any k symbols that cover
// them. Unlike a block code the window slides, so nothing waits for the end of a
// block.
//
// The idea and the field are those of RFC 8681 (Roca and Teibi, "Sliding Window
// Random Linear Code (RLC) Forward Erasure Correction (FEC) Schemes for FECFRAME",
// 2020); so is the length in front of each message, which makes symbols of messages
// that differ in length. Three things are simpler than there: coefficients are a
// hash of key and message number instead of a seeded generator, none of them is
// zero, and every repair symbol is as long as its longest message needs instead of
// one length for all.
//
// # The code
//
// The symbol of a message is its length (2 bytes, big-endian), its bytes, and
// zeros. The repair symbol with key k, 1 to 65535, over messages n to n+span-1,
// span at most MaxSpan, is the sum of c(k, n) times symbol in the field with the
// polynomial 0x11D, where, all modulo 2^32 and of n its low 32 bits,
//
//	x = k*0x9E3779B1 + n*0x85EBCA77
//	x ^= x >> 15
//	x *= 0x2C1B3C6D
//	x ^= x >> 12
//	c(k, n) = 1 + (x >> 8) modulo 255
//
// k symbols over k lost messages fail once in 255 for k > 1, never for k = 1; each
// further symbol makes that 256 times rarer, as with coefficients that are truly
// random (TestMatricesAreAsGoodAsRandomOnes).
//
// # How it is used
//
// The sender passes each message of the lane to Encoder.Add and, when its schedule
// says so, sends what Encoder.Repair gives, with first, span and key. The receiver
// passes each message that comes to Decoder.Message and each symbol to
// Decoder.Repair, and handles what they return as if it had come by itself.
//
// # Bounds
//
// A decoder keeps copies of the last 128 messages (at most 256 KiB) and at most 32
// unresolved symbols (33 rows of 2.3 KiB); both grow only as they are needed. A
// symbol costs at most 128 multiply-and-adds of 2.3 KB, whatever it says and
// whatever came before, and a message at most 96; BenchmarkHostileSymbol measures
// that. A symbol of which all messages are here costs a look at each, and a message
// on a lane without unresolved symbols costs its copy.
//
// # Limits
//
// A repair symbol is trusted as much as a message: who can forge one can forge a
// message. Bytes damaged on the way must be found before, by a checksum. A symbol
// that contradicts what is known is counted and dropped, and so is a recovered
// message whose length does not fit; but a wrong symbol can also turn into a wrong
// message unnoticed.
package rlc
