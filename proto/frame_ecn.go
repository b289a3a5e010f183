package proto

// ECN counts the packets that arrived with each mark of RFC 3168, since the
// connection began (SPEC 7.7).
type ECN struct {
	ECT0 uint64 // ECN-capable, as the sender marked it
	ECT1 uint64 // the other mark of a sender, which udplab does not set
	CE   uint64 // congestion experienced: a queue on the way marked it instead of dropping it
}

// ecnElements is the number of elements of an ecn frame.
const ecnElements = 4

// ECNFrameSize is the number of bytes AddECN adds for e.
func ECNFrameSize(e *ECN) int { return 2 + uintSize(e.ECT0) + uintSize(e.ECT1) + uintSize(e.CE) }

// AddECN adds an ecn frame.
func (b *DataBuilder) AddECN(e *ECN) {
	b.begin()
	dst := append(b.buf, codeFixArray|ecnElements, byte(FrameECN))
	dst = appendUint(dst, e.ECT0)
	dst = appendUint(dst, e.ECT1)
	b.buf = appendUint(dst, e.CE)
}

func readECN(b []byte, i pos, e *ECN, n int) pos {
	i = i.demand(n == ecnElements, faultFrameElements)
	e.ECT0, i = readUint(b, i)
	e.ECT1, i = readUint(b, i)
	e.CE, i = readUint(b, i)
	return i
}
