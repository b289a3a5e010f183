package proto

// ackNowElements is the number of elements of an ack_now frame.
const ackNowElements = 1

// AckNowFrameSize is the number of bytes AddAckNow adds.
const AckNowFrameSize = 1 + 1

// AddAckNow adds an ack_now frame: the packet is acked at once (SPEC 7.10).
func (b *DataBuilder) AddAckNow() {
	b.begin()
	b.buf = append(b.buf, codeFixArray|ackNowElements, byte(FrameAckNow))
}
