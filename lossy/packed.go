package lossy

// Tables of models are packed into strings, big-endian, so that a model stays a
// value that may be copied and compared whatever its size, and all flows share
// one table.

// word is the i-th number of 8 bytes in a packed table.
func word(packed string, i int) uint64 {
	s := packed[8*i : 8*i+8]
	return uint64(s[7]) | uint64(s[6])<<8 | uint64(s[5])<<16 | uint64(s[4])<<24 |
		uint64(s[3])<<32 | uint64(s[2])<<40 | uint64(s[1])<<48 | uint64(s[0])<<56
}
