package proto

import (
	"math"
	"time"
)

// AckFrequency tells the receiver of packets how seldom it may ack them (SPEC 7.9).
type AckFrequency struct {
	Seq              uint32        // the larger of two frames holds
	Threshold        uint16        // an ack is due with this many packets that ask for one; at least 1
	MaxDelay         time.Duration // an ack is due this long after such a packet; whole microseconds, at most 2^32-1
	ReportReceivedAt bool          // acks travel with received_at frames
}

const (
	// ackFrequencyElements is the number of elements of an ack_frequency frame.
	ackFrequencyElements = 5
	// ackFrequencyReport is the flag of ReportReceivedAt; the others are refused.
	ackFrequencyReport = 1

	ackFrequencyDelayMax = math.MaxUint32 * time.Microsecond
)

func (a *AckFrequency) micros() uint64 {
	return uint64(min(max(a.MaxDelay, 0), ackFrequencyDelayMax) / time.Microsecond)
}

func (a *AckFrequency) flags() uint64 {
	if a.ReportReceivedAt {
		return ackFrequencyReport
	}
	return 0
}

// AckFrequencyFrameSize is the number of bytes AddAckFrequency adds for a.
func AckFrequencyFrameSize(a *AckFrequency) int {
	return 2 + uintSize(uint64(a.Seq)) + uintSize(uint64(a.Threshold)) + uintSize(a.micros()) + 1
}

// AddAckFrequency adds an ack_frequency frame. The delay is rounded down to a
// microsecond and cut to the range it may have. It panics if Threshold is 0.
func (b *DataBuilder) AddAckFrequency(a *AckFrequency) {
	if a.Threshold == 0 {
		panic("proto: BUG: AckFrequency.Threshold is zero")
	}
	b.begin()
	dst := append(b.buf, codeFixArray|ackFrequencyElements, byte(FrameAckFrequency))
	dst = appendUint(dst, uint64(a.Seq))
	dst = appendUint(dst, uint64(a.Threshold))
	dst = appendUint(dst, a.micros())
	b.buf = appendUint(dst, a.flags())
}

func readAckFrequency(b []byte, i pos, a *AckFrequency, n int) pos {
	i = i.demand(n == ackFrequencyElements, faultFrameElements)
	a.Seq, i = readUint32(b, i)
	threshold, i := readUint(b, i)
	delay, i := readUint32(b, i)
	flags, i := readUint(b, i)
	a.Threshold = uint16(threshold)
	a.MaxDelay = time.Duration(delay) * time.Microsecond
	a.ReportReceivedAt = flags&ackFrequencyReport != 0
	i = i.demand(threshold >= 1 && threshold <= math.MaxUint16, faultRange)
	return i.demand(flags <= ackFrequencyReport, faultFlags)
}
