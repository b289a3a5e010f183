package lossy

// corrupt flips one bit of the payload, each bit as likely as any other. On
// sockets the damage is done above the UDP checksum, which the kernel computes
// anew, so it reaches the application: the kind that gets past checksums.
type corrupt struct {
	draws, place stream
	probability  float64
}

// bit returns which bit to flip, counted from the highest bit of the first
// byte. A payload of no bytes has none and is left alone.
func (c *corrupt) bit(index uint64, size int) (bit int, hit bool) {
	if size == 0 || !c.draws.hits(index, c.probability) {
		return 0, false
	}
	return int(c.place.below(index, uint64(size)*8)), true
}

func flip(payload []byte, bit int) { payload[bit/8] ^= 0x80 >> (bit % 8) }
