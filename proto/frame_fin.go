package proto

// finElements is the number of elements of a fin frame.
const finElements = 2

// FinFrameSize is the most bytes AddFin adds.
const FinFrameSize = 1 + 1 + 5

// AddFin adds a fin frame: no message at or after next, the low 32 bits of a
// message number of lane 0, will come, and none on any other lane (SPEC 7.14).
func (b *DataBuilder) AddFin(next uint32) {
	b.begin()
	b.buf = appendUint(append(b.buf, codeFixArray|finElements, byte(FrameFin)), uint64(next))
}

func readFin(b []byte, i pos, next *uint32, n int) pos {
	*next, i = readUint32(b, i.demand(n == finElements, faultFrameElements))
	return i
}
