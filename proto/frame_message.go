package proto

import "fmt"

// Mode says what the receiver owes the messages of a channel.
type Mode uint8

// ModeReliableOrdered delivers every message once and in order. The other seven
// modes are reserved and refused (SPEC 7.1).
const ModeReliableOrdered Mode = 0

// String is the name the specification uses.
func (m Mode) String() string {
	if m == ModeReliableOrdered {
		return "reliable-ordered"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// Message is a message or a part of one (SPEC 7.1, 7.2). If Offset is 0 and Size
// is len(Payload) it is whole and travels as a message frame, otherwise as a
// fragment frame.
type Message struct {
	Channel uint8
	Mode    Mode
	Seq     uint32 // low 32 bits of the number of the message in its channel
	Size    uint32 // of the whole message in bytes, at most MaxMessage
	Offset  uint32 // of the payload in the message in bytes
	Payload []byte // not empty unless the whole message is
}

// Elements of the two frames.
const (
	messageElements  = 4
	fragmentElements = 6
	modeBits         = 3
	laneMax          = 255<<modeBits | 1<<modeBits - 1
)

// lane is channel and mode as one number.
func (m *Message) lane() uint64 { return uint64(m.Channel)<<modeBits | uint64(m.Mode) }

func (m *Message) whole() bool { return m.Offset == 0 && uint64(m.Size) == uint64(len(m.Payload)) }

// check panics if the specification has no frame for m.
func (m *Message) check() {
	if m.Mode != ModeReliableOrdered || !validExtent(m) {
		panic("proto: BUG: reserved mode, or a message that is too large or lies outside of itself")
	}
}

// validExtent reports whether the payload is a part of the message, and not an
// empty part unless the message is empty.
func validExtent(m *Message) bool {
	n := uint64(len(m.Payload))
	return m.Size <= MaxMessage &&
		uint64(m.Offset)+n <= uint64(m.Size) &&
		(n > 0 || m.Size == 0)
}

// MessageFrameSize is the number of bytes AddMessage adds for m.
func MessageFrameSize(m *Message) int {
	n := 2 + uintSize(m.lane()) + uintSize(uint64(m.Seq)) + binSize(len(m.Payload))
	if !m.whole() {
		n += uintSize(uint64(m.Size)) + uintSize(uint64(m.Offset))
	}
	return n
}

// AddMessage adds m as a message frame if it is whole and as a fragment frame if
// it is not. It panics if m has a reserved mode, is larger than MaxMessage, or if
// the payload lies outside of it or is empty without need.
func (b *DataBuilder) AddMessage(m *Message) {
	m.check()
	b.begin()
	dst := b.buf
	if m.whole() {
		dst = append(dst, codeFixArray|messageElements, byte(FrameMessage))
	} else {
		dst = append(dst, codeFixArray|fragmentElements, byte(FrameFragment))
	}
	dst = appendUint(dst, m.lane())
	dst = appendUint(dst, uint64(m.Seq))
	if !m.whole() {
		dst = appendUint(dst, uint64(m.Size))
		dst = appendUint(dst, uint64(m.Offset))
	}
	b.buf = appendBin(dst, m.Payload)
}

func (r *reader) message(m *Message, n int) {
	r.frameElements(n, messageElements)
	r.lane(m)
	m.Seq = r.uint32()
	m.Payload = r.bin()
	m.Size, m.Offset = uint32(len(m.Payload)), 0
}

func (r *reader) fragment(m *Message, n int) {
	r.frameElements(n, fragmentElements)
	r.lane(m)
	m.Seq = r.uint32()
	m.Size = r.uint32()
	m.Offset = r.uint32()
	m.Payload = r.bin()
	if m.Size > MaxMessage {
		r.fail(faultMessageSize)
	}
	// SPEC 7.2: "A fragment MUST NOT be empty and MUST NOT be the whole message."
	if m.whole() || !validExtent(m) {
		r.fail(faultFragment)
	}
}

// lane reads channel and mode.
func (r *reader) lane(m *Message) {
	lane := r.uint()
	if lane > laneMax {
		r.fail(faultRange)
	}
	m.Channel, m.Mode = uint8(lane>>modeBits), Mode(lane&(1<<modeBits-1))
	if m.Mode != ModeReliableOrdered {
		r.fail(faultMode)
	}
}
