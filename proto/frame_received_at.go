package proto

import "time"

// ReceivedAt says when a packet arrived, by the receiver's clock (SPEC 7.8).
type ReceivedAt struct {
	Number uint32        // low 32 bits of the packet number
	At     time.Duration // since an epoch only the receiver knows; whole microseconds, at most maxReceivedAt
}

const (
	// receivedAtElements is the number of elements of a received_at frame.
	receivedAtElements = 3
	// maxReceivedAt is 2^53-1 us, 285 years: the largest power of two that a
	// time.Duration holds, and what every language has exact numbers for.
	maxReceivedAt = (1<<53 - 1) * time.Microsecond
)

// micros is the time in its unit on the wire, rounded down.
func (r *ReceivedAt) micros() uint64 {
	return uint64(min(max(r.At, 0), maxReceivedAt) / time.Microsecond)
}

// ReceivedAtFrameSize is the number of bytes AddReceivedAt adds for r.
func ReceivedAtFrameSize(r *ReceivedAt) int {
	return 2 + uintSize(uint64(r.Number)) + uintSize(r.micros())
}

// AddReceivedAt adds a received_at frame. The time is rounded down to a
// microsecond; a negative one counts as 0, one too late as the latest.
func (b *DataBuilder) AddReceivedAt(r *ReceivedAt) {
	b.begin()
	dst := append(b.buf, codeFixArray|receivedAtElements, byte(FrameReceivedAt))
	dst = appendUint(dst, uint64(r.Number))
	b.buf = appendUint(dst, r.micros())
}

func readReceivedAt(b []byte, i pos, r *ReceivedAt, n int) pos {
	i = i.demand(n == receivedAtElements, faultFrameElements)
	r.Number, i = readUint32(b, i)
	at, i := readUint(b, i)
	i = i.demand(at <= uint64(maxReceivedAt/time.Microsecond), faultRange)
	r.At = time.Duration(at) * time.Microsecond
	return i
}
