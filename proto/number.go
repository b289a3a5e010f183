package proto

// Expand returns the 64-bit number whose low 32 bits are low and that lies
// closest to expected (SPEC 3.4; the idea is RFC 9000, appendix A.3). It is exact
// as long as the true number is within [expected-2^31, expected+2^31). The result
// is never outside of 64 bits: near 0 and near 2^64 the only candidate inside
// is taken.
//
// What to expect: for a received packet, the largest number received plus one;
// for an ack, the number the next packet will have; for a message, the next one
// to deliver.
func Expand(low uint32, expected uint64) uint64 {
	distance := int64(int32(low - uint32(expected)))
	v := expected + uint64(distance)
	if distance < 0 && v > expected {
		return v + 1<<32
	}
	if distance > 0 && v < expected {
		return v - 1<<32
	}
	return v
}
