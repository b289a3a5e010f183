package lossy

// corrupt damages payloads. On sockets the damage is done above the UDP
// checksum, which the kernel computes anew, so it reaches the application: the
// kind that gets past checksums.
type corrupt struct {
	draws, place, key stream
	probability       float64
	how               Damage
}

// harm damages a packet, if it is one to be damaged: the verdict then says how.
func (c *corrupt) harm(v *Verdict, size int) {
	if c.how.touches(size) && c.draws.hits(v.Index, c.probability) {
		c.wound(v, size)
	}
}

// wound says in the verdict how a packet is damaged.
func (c *corrupt) wound(v *Verdict, size int) {
	if !c.how.touches(size) {
		return
	}
	v.Corrupt, v.Damage = true, c.how
	if c.how == (Damage{}) {
		v.Bit = int(c.place.below(v.Index, uint64(size)*8))
	} else {
		v.Key = c.key.at(v.Index)
	}
}

func flip(payload []byte, bit int) { payload[bit/8] ^= 0x80 >> (bit % 8) }
