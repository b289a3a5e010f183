package rlc

// coefficient is the factor of message n in the repair symbol with a key, 1 to
// 255 and so never without weight. Both ends compute it, so it is part of the
// wire format. Only the low 32 bits of n count, those the wire carries.
//
// It is a hash rather than a generator that is seeded (RFC 8681 uses TinyMT32):
// any one coefficient is had without those before it, in a few operations. The
// products keep keys and numbers apart, the shifts bring high bits down again.
func coefficient(key uint16, n uint64) byte {
	x := uint32(key)*0x9E3779B1 + uint32(n)*0x85EBCA77
	x ^= x >> 15
	x *= 0x2C1B3C6D
	x ^= x >> 12
	return byte(1 + x>>8%255)
}
