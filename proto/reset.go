package proto

// Reset answers a data packet for an id its receiver does not know, so that the
// sender of that packet need not wait for a timeout (SPEC 5.4).
type Reset struct {
	DeadID uint64 // the DestID of the data packet; never zero
}

// AppendReset appends the datagram of r to dst. It panics if r has a zero id.
func AppendReset(dst []byte, r *Reset) []byte {
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeReset], byte(TypeReset))
	dst = appendID(dst, r.DeadID)
	return appendCRC(dst, start)
}

func readReset(b []byte, i pos, r *Reset) pos {
	r.DeadID, i = readID(b, i)
	return i
}
