package proto

import "math"

// Lapse names consecutive messages of a lane that are given up: by their sender
// in a skip frame (SPEC 7.17), by their receiver in a late frame (SPEC 7.18).
type Lapse struct {
	Channel uint8
	Mode    Mode   // ModeDeadline: messages of the other modes do not lapse
	Seq     uint32 // low 32 bits of the number of the first message
	Count   uint16 // messages, at least 1
}

const (
	// lapseElements is the number of elements of skip and late frames.
	lapseElements = 4
	// lapseModes are the modes whose messages can lapse.
	lapseModes modeSet = 1 << ModeDeadline
	// LapseFrameSize is the most bytes AddSkip or AddLate adds.
	LapseFrameSize = 1 + 1 + 3 + 5 + 3
)

// allowed reports whether a frame may say this.
func (l *Lapse) allowed() bool { return lapseModes.has(l.Mode) && l.Count >= 1 }

// AddSkip adds a skip frame: the messages, as far as they were not delivered,
// will not be repaired any more. It panics if Mode is not ModeDeadline or Count
// is 0.
func (b *DataBuilder) AddSkip(l *Lapse) { b.addLapse(FrameSkip, l) }

// AddLate adds a late frame: the messages were not and will not be delivered. It
// panics if Mode is not ModeDeadline or Count is 0.
func (b *DataBuilder) AddLate(l *Lapse) { b.addLapse(FrameLate, l) }

func (b *DataBuilder) addLapse(t FrameType, l *Lapse) {
	if !l.allowed() {
		panic("proto: BUG: Lapse of no messages, or of a mode whose messages do not lapse")
	}
	b.begin()
	dst := append(b.buf, codeFixArray|lapseElements, byte(t))
	dst = appendUint(dst, lane(l.Channel, l.Mode))
	dst = appendUint(dst, uint64(l.Seq))
	b.buf = appendUint(dst, uint64(l.Count))
}

func readLapse(b []byte, i pos, l *Lapse, n int) pos {
	i = i.demand(n == lapseElements, faultFrameElements)
	l.Channel, l.Mode, i = readLane(b, i, lapseModes)
	l.Seq, i = readUint32(b, i)
	count, i := readUint(b, i)
	l.Count = uint16(count)
	return i.demand(count >= 1 && count <= math.MaxUint16, faultRange)
}
