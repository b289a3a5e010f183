package udp

// ECN is the mark in a datagram's IP header by which routers tell of
// congestion without dropping (RFC 3168 section 5). The values are those of
// the header.
type ECN uint8

const (
	NotECT ECN = iota // not ECN-capable, or this system does not tell
	ECT1
	ECT0
	CE // congestion experienced
)

var ecnNames = [...]string{"not-ECT", "ECT(1)", "ECT(0)", "CE"}

func (e ECN) String() string { return ecnNames[e&CE] }
