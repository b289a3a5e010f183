package proto

// Accept finishes the handshake (SPEC 5.3).
type Accept struct {
	DestID   uint64 // the SourceID of the hello
	SourceID uint64 // the id the sender wants to be called by; never zero
	Params   Params
}

// AppendAccept appends the datagram of a to dst. It panics if a has a zero id or
// a MaxPacket out of range.
func AppendAccept(dst []byte, a *Accept) []byte {
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeAccept], byte(TypeAccept))
	dst = appendID(dst, a.DestID)
	dst = appendID(dst, a.SourceID)
	dst = appendParams(dst, &a.Params)
	return appendCRC(dst, start)
}

func readAccept(b []byte, i pos, a *Accept) pos {
	a.DestID, i = readID(b, i)
	a.SourceID, i = readID(b, i)
	return readParams(b, i, &a.Params)
}
