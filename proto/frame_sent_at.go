package proto

// sentAtElements is the number of elements of a sent_at frame.
const sentAtElements = 2

// SentAtFrameSize is the most bytes AddSentAt adds.
const SentAtFrameSize = 1 + 1 + 5

// AddSentAt adds a sent_at frame: the packet is sent at this time, the low 32
// bits of microseconds of a clock only the sender knows (SPEC 7.15). It belongs
// before the messages of ModeDeadline in the same packet.
func (b *DataBuilder) AddSentAt(micros uint32) {
	b.begin()
	b.buf = appendUint(append(b.buf, codeFixArray|sentAtElements, byte(FrameSentAt)), uint64(micros))
}

func readSentAt(b []byte, i pos, micros *uint32, n int) pos {
	*micros, i = readUint32(b, i.demand(n == sentAtElements, faultFrameElements))
	return i
}
