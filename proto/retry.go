package proto

// Retry answers the hello of an address that is not proven yet (SPEC 5.2).
type Retry struct {
	DestID uint64 // the SourceID of the hello
	Token  []byte // to be sent back in the next hello; 1 to MaxToken bytes
}

// AppendRetry appends the datagram of r to dst. It panics if r has a zero id or
// a token that is empty or too long.
func AppendRetry(dst []byte, r *Retry) []byte {
	if len(r.Token) == 0 || len(r.Token) > MaxToken {
		panic("proto: BUG: Retry.Token empty or longer than MaxToken")
	}
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeRetry], byte(TypeRetry))
	dst = appendID(dst, r.DestID)
	dst = appendBin(dst, r.Token)
	return appendCRC(dst, start)
}

func readRetry(b []byte, i pos, r *Retry) pos {
	r.DestID, i = readID(b, i)
	r.Token, i = readBin(b, i)
	return i.demand(len(r.Token) > 0 && len(r.Token) <= MaxToken, faultToken)
}
