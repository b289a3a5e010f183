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
	messageElements  = 3
	fragmentElements = 5
)

// Frame types from typeMessages on belong to messages and fragments, and say
// whose they are (SPEC 7.1), as a STREAM frame of QUIC keeps flags in its type
// (RFC 9000, section 19.8). In hex, channel 0 has 0x10 to 0x1f, channel 1 has
// 0x20 to 0x2f:
//
//	0x10 + channel<<4 | mode<<1 | fragment
const (
	typeMessages    = 0x10
	typeMessagesEnd = typeMessages + 256<<channelShift
	channelShift    = 4
	modeShift       = 1
	modeMask        = 7
	fragmentBit     = 1
)

// wireType is the frame type m travels with.
func (m *Message) wireType() uint64 {
	t := typeMessages + uint64(m.Channel)<<channelShift | uint64(m.Mode)<<modeShift
	if !m.whole() {
		t |= fragmentBit
	}
	return t
}

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
	n := 1 + uintSize(m.wireType()) + uintSize(uint64(m.Seq)) + binSize(len(m.Payload))
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
	n := byte(messageElements)
	if !m.whole() {
		n = fragmentElements
	}
	dst := appendUint(append(b.buf, codeFixArray|n), m.wireType())
	dst = appendUint(dst, uint64(m.Seq))
	if n == fragmentElements {
		dst = appendUint(dst, uint64(m.Size))
		dst = appendUint(dst, uint64(m.Offset))
	}
	b.buf = appendBin(dst, m.Payload)
}

// readMessage reads a message or a fragment behind its type t.
func readMessage(b []byte, i pos, f *Frame, n int, t uint64) pos {
	t -= typeMessages
	m := &f.Message
	m.Channel, m.Mode = uint8(t>>channelShift), Mode(t>>modeShift&modeMask)
	i = i.demand(m.Mode == ModeReliableOrdered, faultMode)
	if t&fragmentBit != 0 {
		f.Type = FrameFragment
		return readFragment(b, i, m, n)
	}
	f.Type = FrameMessage
	i = i.demand(n == messageElements, faultFrameElements)
	m.Seq, i = readUint32(b, i)
	m.Payload, i = readBin(b, i)
	m.Size, m.Offset = uint32(len(m.Payload)), 0
	return i
}

func readFragment(b []byte, i pos, m *Message, n int) pos {
	i = i.demand(n == fragmentElements, faultFrameElements)
	m.Seq, i = readUint32(b, i)
	m.Size, i = readUint32(b, i)
	m.Offset, i = readUint32(b, i)
	m.Payload, i = readBin(b, i)
	i = i.demand(m.Size <= MaxMessage, faultMessageSize)
	// SPEC 7.2: "A fragment MUST NOT be empty and MUST NOT be the whole message."
	return i.demand(validExtent(m) && !m.whole(), faultFragment)
}
