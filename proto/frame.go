package proto

import "fmt"

// FrameType says what a frame is.
type FrameType uint8

// The frame types (SPEC 7).
const (
	FrameMessage  FrameType = 1 + iota // a whole message
	FrameFragment                      // a part of a message
	FrameAck                           // which packets arrived
	FrameMaxData                       // how much more may be sent
	FramePing                          // nothing, but it is acked
	FrameClose                         // the end
	frameTypeCount
)

var frameNames = [frameTypeCount]string{"", "message", "fragment", "ack", "max_data", "ping", "close"}

// String is the name the specification uses.
func (t FrameType) String() string {
	if t > 0 && t < frameTypeCount {
		return frameNames[t]
	}
	return fmt.Sprintf("frame(%d)", uint8(t))
}

// Frame is one parsed frame. Only the member named by Type is meaningful
// (Message for both messages and fragments); the others keep whatever they
// held. The zero value is ready for FrameIter.Next.
type Frame struct {
	Type    FrameType
	Message Message
	Ack     Ack
	MaxData uint64 // total bytes of messages the peer may have sent
	Close   Close
}

// FrameIter walks over the frames of a data packet.
type FrameIter struct {
	r    reader
	left int
}

// Next fills f with the next frame and reports whether there was one. Slices in
// f alias the datagram.
func (it *FrameIter) Next(f *Frame) bool {
	if it.left == 0 {
		return false
	}
	it.left--
	it.r.frame(f)
	return it.r.fault == faultNone
}

// frame reads one frame.
func (r *reader) frame(f *Frame) {
	n := r.array()
	t := r.uint()
	if t > uint64(FrameClose) {
		t = 0
	}
	f.Type = FrameType(t)
	switch f.Type {
	case FrameMessage:
		r.message(&f.Message, n)
	case FrameFragment:
		r.fragment(&f.Message, n)
	case FrameAck:
		r.ack(&f.Ack, n)
	case FrameMaxData:
		f.MaxData = r.maxData(n)
	case FramePing:
		r.frameElements(n, pingElements)
	case FrameClose:
		r.close(&f.Close, n)
	default:
		r.fail(faultFrameType)
	}
}

// frameElements fails unless a frame has as many elements as its type demands.
func (r *reader) frameElements(got, want int) {
	if got != want {
		r.fail(faultFrameElements)
	}
}
