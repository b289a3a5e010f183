package proto

import (
	"math"
	"time"
)

// Message is a message or a part of one (SPEC 7.1, 7.2). If Offset is 0 and Size
// is len(Payload) it is whole and travels as a message frame, otherwise as a
// fragment frame.
type Message struct {
	Channel uint8
	Mode    Mode
	Seq     uint32        // low 32 bits of the number of the message in its lane
	Size    uint32        // of the whole message in bytes, at most MaxMessage
	Offset  uint32        // of the payload in the message in bytes
	Payload []byte        // not empty unless the whole message is
	Left    time.Duration // ModeDeadline: from the sending of the packet to the end of its lifetime; otherwise 0
}

// Elements of the two frames. In ModeDeadline each has one more.
const (
	messageElements  = 3
	fragmentElements = 5
)

const (
	leftUnit = 64 * time.Microsecond
	leftMax  = math.MaxUint32 * leftUnit
)

// Frame types from typeMessages on belong to messages and fragments, and say
// whose they are (SPEC 7.1), as a STREAM frame of QUIC keeps flags in its type
// (RFC 9000, section 19.8). In hex, channel 0 has 0x10 to 0x1f, channel 1 has
// 0x20 to 0x2f:
//
//	0x10 + (channel<<3 | mode)<<1 | fragment
const (
	typeMessages    = 0x10
	typeMessagesEnd = typeMessages + (laneMax+1)<<laneShift
	laneShift       = 1
	fragmentBit     = 1
)

// wireType is the frame type m travels with.
func (m *Message) wireType() uint64 {
	t := typeMessages + lane(m.Channel, m.Mode)<<laneShift
	if !m.whole() {
		t |= fragmentBit
	}
	return t
}

// left is Left in its unit on the wire, rounded down.
func (m *Message) left() uint64 { return uint64(min(max(m.Left, 0), leftMax) / leftUnit) }

func (m *Message) whole() bool { return m.Offset == 0 && uint64(m.Size) == uint64(len(m.Payload)) }

// check panics if the specification has no frame for m.
func (m *Message) check() {
	if m.Mode >= modeCount || !validExtent(m) {
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
	if m.Mode == ModeDeadline {
		n += uintSize(m.left())
	}
	return n
}

// MessageFit is how many bytes of the payload of m fit into one frame of at most
// room bytes: all of them, or as many as a fragment frame takes; -1 if there is
// no such frame.
func MessageFit(m *Message, room int) int {
	header := 1 + uintSize(m.wireType()) + uintSize(uint64(m.Seq))
	if m.Mode == ModeDeadline {
		header += uintSize(m.left())
	}
	all := len(m.Payload)
	if m.whole() && header+binSize(all) <= room {
		return all
	}
	header += uintSize(uint64(m.Size)) + uintSize(uint64(m.Offset))
	if !m.whole() && header+binSize(all) <= room {
		return all
	}
	n := room - header
	switch {
	case n <= binSize(0):
		return -1
	case n < binSize(math.MaxUint8+1):
		return min(n-binSize(0), math.MaxUint8)
	case n < binSize(math.MaxUint16+1):
		return min(n-3, math.MaxUint16)
	default:
		return n - 5
	}
}

// AddMessage adds m as a message frame if it is whole and as a fragment frame if
// it is not. Left is rounded down to 64 us and cut to the range it may have. It
// panics if m has a reserved mode, is larger than MaxMessage, or if the payload
// lies outside of it or is empty without need.
func (b *DataBuilder) AddMessage(m *Message) {
	m.check()
	b.begin()
	n := byte(messageElements)
	if !m.whole() {
		n = fragmentElements
	}
	dst := append(b.buf, codeFixArray|n)
	if m.Mode == ModeDeadline {
		dst[len(dst)-1]++
	}
	dst = appendUint(dst, m.wireType())
	dst = appendUint(dst, uint64(m.Seq))
	if n == fragmentElements {
		dst = appendUint(dst, uint64(m.Size))
		dst = appendUint(dst, uint64(m.Offset))
	}
	if m.Mode == ModeDeadline {
		dst = appendUint(dst, m.left())
	}
	b.buf = appendBin(dst, m.Payload)
}

// readMessage reads a message or a fragment behind its type t into m, and the
// type into f.
func readMessage(b []byte, i pos, f *Frame, m *Message, n int, t uint64) pos {
	number := (t - typeMessages) >> laneShift
	mode := Mode(number & modeMask)
	m.Channel, m.Mode, m.Left = uint8(number>>modeBits), mode, 0
	if mode != ModeOrdered {
		i = i.demand(mode < modeCount, faultMode)
		if mode == ModeDeadline {
			n--
		}
	}
	if t&fragmentBit != 0 {
		f.Type = FrameFragment
		return readFragment(b, i, m, n)
	}
	f.Type = FrameMessage
	seq, i := readUint(b, i.demand(n == messageElements, faultFrameElements))
	i = i.demand(seq <= math.MaxUint32, faultRange)
	if mode == ModeDeadline {
		m.Left, i = readLeft(b, i)
	}
	payload, i := readBin(b, i)
	m.Seq, m.Size, m.Offset, m.Payload = uint32(seq), uint32(len(payload)), 0, payload
	return i
}

func readFragment(b []byte, i pos, m *Message, n int) pos {
	seq, i := readUint(b, i.demand(n == fragmentElements, faultFrameElements))
	size, i := readUint(b, i.demand(seq <= math.MaxUint32, faultRange))
	offset, i := readUint(b, i.demand(size <= math.MaxUint32, faultRange))
	i = i.demand(offset <= math.MaxUint32, faultRange)
	if m.Mode == ModeDeadline {
		m.Left, i = readLeft(b, i)
	}
	payload, i := readBin(b, i)
	m.Seq, m.Size, m.Offset, m.Payload = uint32(seq), uint32(size), uint32(offset), payload
	i = i.demand(m.Size <= MaxMessage, faultMessageSize)
	// SPEC 7.2: "A fragment MUST NOT be empty and MUST NOT be the whole message."
	return i.demand(validExtent(m) && !m.whole(), faultFragment)
}

// readLeft reads the element that only ModeDeadline has.
func readLeft(b []byte, i pos) (time.Duration, pos) {
	left, i := readUint32(b, i)
	return time.Duration(left) * leftUnit, i
}
