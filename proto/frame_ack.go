package proto

import (
	"math"
	"time"
)

// Ack says which packets arrived (SPEC 7.3).
type Ack struct {
	Largest uint32        // low 32 bits of the largest packet number acked
	Delay   time.Duration // between the arrival of that packet and the sending of the ack
	Ranges  [MaxAckRanges]AckRange
	N       int // ranges in use, 1 to MaxAckRanges
}

// AckRange is a run of packets that arrived, below the run before it.
type AckRange struct {
	Gap   uint32 // missing packets above this range: 0 for the first, at least 1 for the others
	Count uint32 // packets in this range, at least 1
}

const (
	ackDelayUnit = 64 * time.Microsecond
	ackDelayMax  = math.MaxUint32 * ackDelayUnit
	// ackSpanMax is the most numbers the ranges and gaps of one ack may cover
	// together: with more, the low 32 bits of largest would not say which.
	ackSpanMax = 1 << 31
	// ackFixed is the number of elements before the ranges: type, largest, delay.
	ackFixed = 3
)

// usable is the number of ranges that fit the specification. The lower ranges of
// an ack may always be left out, and a peer that jumps through the numbers can
// make ours too wide.
func (a *Ack) usable() int {
	if a.N < 1 || a.N > MaxAckRanges || a.Ranges[0].Count < 1 {
		panic("proto: BUG: ack without ranges, with too many or with an empty one")
	}
	span := uint64(a.Ranges[0].Count)
	for i := 1; i < a.N; i++ {
		g := &a.Ranges[i]
		if g.Gap < 1 || g.Count < 1 {
			panic("proto: BUG: ack with an empty gap or range")
		}
		if span += uint64(g.Gap) + uint64(g.Count); span > ackSpanMax {
			return i
		}
	}
	return a.N
}

// delay is the delay in its unit on the wire, rounded down.
func (a *Ack) delay() uint64 {
	return uint64(min(max(a.Delay, 0), ackDelayMax) / ackDelayUnit)
}

// AckFrameSize is the number of bytes AddAck adds for a.
func AckFrameSize(a *Ack) int {
	n := a.usable()
	size := arraySize(ackFixed+2*n-1) + 1 + uintSize(uint64(a.Largest)) + uintSize(a.delay()) +
		uintSize(uint64(a.Ranges[0].Count))
	for i := 1; i < n; i++ {
		size += uintSize(uint64(a.Ranges[i].Gap)) + uintSize(uint64(a.Ranges[i].Count))
	}
	return size
}

// AddAck adds an ack frame. The delay is rounded down to 64 us and a negative
// one counts as 0. Ranges that reach more than 2^31 below Largest are left out.
// It panics if a has no range, too many, an empty one, or an empty gap.
func (b *DataBuilder) AddAck(a *Ack) {
	n := a.usable()
	b.begin()
	dst := appendArray(b.buf, ackFixed+2*n-1)
	dst = append(dst, byte(FrameAck))
	dst = appendUint(dst, uint64(a.Largest))
	dst = appendUint(dst, a.delay())
	dst = appendUint(dst, uint64(a.Ranges[0].Count))
	for i := 1; i < n; i++ {
		g := a.Ranges[i]
		if g.Gap|g.Count <= fixIntMax {
			dst = append(dst, byte(g.Gap), byte(g.Count))
			continue
		}
		dst = appendUint(dst, uint64(g.Gap))
		dst = appendUint(dst, uint64(g.Count))
	}
	b.buf = dst
}

// copyTo copies a without the ranges that are not in use.
func (a *Ack) copyTo(to *Ack) {
	to.Largest, to.Delay, to.N = a.Largest, a.Delay, a.N
	for i := range a.Ranges[:a.N] {
		to.Ranges[i] = a.Ranges[i]
	}
}

func readAck(b []byte, i pos, a *Ack, n int) pos {
	largest, i := readUint(b, i)
	delay, i := readUint(b, i)
	a.Largest, a.Delay = uint32(largest), time.Duration(uint32(delay))*ackDelayUnit
	i = i.demand(largest|delay <= math.MaxUint32, faultRange)
	ranges := (n - ackFixed + 1) / 2
	i = i.demand(n > ackFixed && (n-ackFixed)%2 == 1 && ranges <= MaxAckRanges, faultAckRanges)
	if i < 0 {
		return i
	}
	a.N = ranges
	count, i := readUint(b, i)
	a.Ranges[0] = AckRange{Count: uint32(count)}
	// A number beyond the span could overflow the sum, so it is looked at alone.
	span, most, empty := count, count, count == 0
	for k := 1; k < ranges && i >= 0; k++ {
		n, sum := readShortPairs(b[i:], a.Ranges[k:ranges])
		span += sum
		i += pos(2 * n)
		if k += n; k == ranges {
			break
		}
		var gap uint64
		gap, i = readUint(b, i)
		count, i = readUint(b, i)
		a.Ranges[k] = AckRange{Gap: uint32(gap), Count: uint32(count)}
		span += gap + count
		most |= gap | count
		empty = empty || gap == 0 || count == 0
	}
	return i.demand(!empty && span <= ackSpanMax && most <= math.MaxUint32, faultAckRanges)
}

// readShortPairs reads gaps and counts as long as both are 1 to 127 and so one
// byte each. Nearly all are, and an ack may have 31 pairs. It returns how many
// it read, and their sum.
func readShortPairs(b []byte, to []AckRange) (n int, sum uint64) {
	for ; n < len(to) && len(b) >= 2; n++ {
		gap, count := b[0], b[1]
		if gap-1 >= fixIntMax || count-1 >= fixIntMax {
			break
		}
		to[n] = AckRange{Gap: uint32(gap), Count: uint32(count)}
		sum += uint64(gap) + uint64(count)
		b = b[2:]
	}
	return n, sum
}
