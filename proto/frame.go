package proto

import "fmt"

// FrameType says what a frame is. The frames up to sent_at have these numbers on
// the wire. Messages and fragments have others there, which say their lane too,
// and repair symbols the one behind those (SPEC 7).
type FrameType uint8

// The frame types (SPEC 7).
const (
	FrameChannelCredit FrameType = iota // how much more may be sent on a channel
	FrameSkip                           // these messages will not be repaired any more
	FrameLate                           // these messages were not delivered
	FrameAck                            // which packets arrived
	FrameMaxData                        // how much more may be sent
	FramePing                           // nothing, but it is acked
	FrameClose                          // the end
	FrameECN                            // how many packets arrived with which mark
	FrameReceivedAt                     // when a packet arrived
	FrameAckFrequency                   // how seldom acks may be sent
	FrameAckNow                         // nothing, but the packet is acked at once
	FramePathChallenge                  // does this reach you?
	FramePathResponse                   // it does
	FramePadding                        // zeros
	FrameFin                            // no more messages will come
	FrameSentAt                         // when this packet was sent
	FrameMessage                        // a whole message
	FrameFragment                       // a part of a message
	FrameRepair                         // a combination of messages
	frameTypeCount
)

var frameNames = [frameTypeCount]string{
	"channel_credit", "skip", "late", "ack", "max_data", "ping", "close", "ecn", "received_at", "ack_frequency", "ack_now",
	"path_challenge", "path_response", "padding", "fin", "sent_at", "message", "fragment", "repair",
}

// String is the name the specification uses.
func (t FrameType) String() string {
	if t < frameTypeCount {
		return frameNames[t]
	}
	return fmt.Sprintf("frame(%d)", uint8(t))
}

// Frame is one parsed frame. Only the member named by Type is meaningful
// (Message for both messages and fragments, Lapse for skip and late, PathToken
// for both frames of a path); the others keep whatever they held. The zero value
// is ready for FrameIter.Next.
type Frame struct {
	Type          FrameType
	Message       Message
	Ack           Ack
	MaxData       uint64 // credit in bytes, counted since the connection began
	ChannelCredit ChannelCredit
	Lapse         Lapse
	Repair        Repair
	Close         Close
	ECN           ECN
	ReceivedAt    ReceivedAt
	AckFrequency  AckFrequency
	PathToken     uint64
	Padding       int    // zeros in the frame
	FinNext       uint32 // low 32 bits of the number of the first message that will not come
	SentAt        uint32 // low 32 bits of microseconds of the sender's clock
}

// FrameIter walks over the frames of a data packet.
type FrameIter struct {
	d    *Data
	i    pos // where the next frame starts that is read from the datagram
	left int
}

// Next fills f with the next frame and reports whether there was one. Slices in
// f alias the datagram.
func (it *FrameIter) Next(f *Frame) bool {
	if it.left == 0 {
		return false
	}
	d := it.d
	k := d.count - it.left
	it.left--
	if k < d.kept.n {
		d.kept.take(k, f)
		return true
	}
	it.i = readFrame(d.frames, it.i, f, &f.Message)
	return it.i >= 0
}

// readFrame reads one frame: a message or fragment into m, any other into f,
// which gets the type of both.
func readFrame(b []byte, i pos, f *Frame, m *Message) pos {
	var n int
	var t uint64
	if j := int(i) + 1; j > 0 && j < len(b) && b[j-1]&^fixArrayMax == codeFixArray && b[j] <= codeFixIntHigh {
		n, t, i = int(b[j-1]&fixArrayMax), uint64(b[j]), pos(j+1) // nearly always one byte each
	} else {
		n, i = readArray(b, i)
		t, i = readUint(b, i)
	}
	if t >= typeMessages && t < typeMessagesEnd {
		return readMessage(b, i, f, m, n, t)
	}
	switch t {
	case uint64(FrameChannelCredit):
		f.Type = FrameChannelCredit
		return readChannelCredit(b, i, &f.ChannelCredit, n)
	case uint64(FrameSkip), uint64(FrameLate):
		f.Type = FrameType(t)
		return readLapse(b, i, &f.Lapse, n)
	case uint64(FrameAck):
		f.Type = FrameAck
		return readAck(b, i, &f.Ack, n)
	case uint64(FrameMaxData):
		f.Type = FrameMaxData
		f.MaxData, i = readUint(b, i.demand(n == maxDataElements, faultFrameElements))
		return i
	case uint64(FramePing):
		f.Type = FramePing
		return i.demand(n == pingElements, faultFrameElements)
	case uint64(FrameClose):
		f.Type = FrameClose
		return readClose(b, i, &f.Close, n)
	case uint64(FrameECN):
		f.Type = FrameECN
		return readECN(b, i, &f.ECN, n)
	case uint64(FrameReceivedAt):
		f.Type = FrameReceivedAt
		return readReceivedAt(b, i, &f.ReceivedAt, n)
	case uint64(FrameAckFrequency):
		f.Type = FrameAckFrequency
		return readAckFrequency(b, i, &f.AckFrequency, n)
	case uint64(FrameAckNow):
		f.Type = FrameAckNow
		return i.demand(n == ackNowElements, faultFrameElements)
	case uint64(FramePathChallenge), uint64(FramePathResponse):
		f.Type = FrameType(t)
		return readPath(b, i, &f.PathToken, n)
	case uint64(FramePadding):
		f.Type = FramePadding
		return readPadding(b, i, &f.Padding, n)
	case uint64(FrameFin):
		f.Type = FrameFin
		return readFin(b, i, &f.FinNext, n)
	case uint64(FrameSentAt):
		f.Type = FrameSentAt
		return readSentAt(b, i, &f.SentAt, n)
	case typeRepair:
		f.Type = FrameRepair
		return readRepair(b, i, &f.Repair, n)
	default:
		return i.demand(false, faultFrameType)
	}
}
