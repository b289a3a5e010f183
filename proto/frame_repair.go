package proto

import "math"

// Repair is a repair symbol: a linear combination of some consecutive messages
// of a lane, from which one of them that was lost can be computed (SPEC 7.19;
// the idea is RFC 8681). Package proto carries it and does not compute it.
type Repair struct {
	Channel uint8
	Mode    Mode   // ModeOrdered, ModeUnordered or ModeDeadline
	Span    uint8  // messages it combines, 1 to MaxSpan
	Key     uint16 // names the coefficients, at least 1
	Seq     uint32 // low 32 bits of the number of the first of them
	Payload []byte // at least MinSymbol bytes
}

const (
	// MaxSpan is the most messages a repair symbol combines.
	MaxSpan = 64
	// MinSymbol is the least length of a repair symbol in bytes: what says how
	// long a message is.
	MinSymbol = 2

	// typeRepair is the type of a repair frame on the wire: the messages and
	// fragments of all lanes stand below it.
	typeRepair = typeMessagesEnd
	// repairElements is the number of elements of a repair frame.
	repairElements = 6
	// repairModes are the modes that have repair symbols. In the others an older
	// message is not worth it.
	repairModes modeSet = 1<<ModeOrdered | 1<<ModeUnordered | 1<<ModeDeadline
)

// allowed reports whether a frame may say this.
func (r *Repair) allowed() bool {
	return repairModes.has(r.Mode) && r.Span >= 1 && r.Span <= MaxSpan && r.Key >= 1 && len(r.Payload) >= MinSymbol
}

// RepairFrameSize is the number of bytes AddRepair adds for r.
func RepairFrameSize(r *Repair) int {
	return 1 + uintSize(typeRepair) + uintSize(lane(r.Channel, r.Mode)) + uintSize(uint64(r.Seq)) +
		uintSize(uint64(r.Span)) + uintSize(uint64(r.Key)) + binSize(len(r.Payload))
}

// AddRepair adds a repair frame. It panics if r has a mode without repair
// symbols, a Span or Key out of range, or a payload below MinSymbol.
func (b *DataBuilder) AddRepair(r *Repair) {
	if !r.allowed() {
		panic("proto: BUG: Repair with a mode, a span, a key or a payload that no frame may have")
	}
	b.begin()
	dst := appendUint(append(b.buf, codeFixArray|repairElements), typeRepair)
	dst = appendUint(dst, lane(r.Channel, r.Mode))
	dst = appendUint(dst, uint64(r.Seq))
	dst = appendUint(dst, uint64(r.Span))
	dst = appendUint(dst, uint64(r.Key))
	b.buf = appendBin(dst, r.Payload)
}

func readRepair(b []byte, i pos, r *Repair, n int) pos {
	i = i.demand(n == repairElements, faultFrameElements)
	r.Channel, r.Mode, i = readLane(b, i, repairModes)
	r.Seq, i = readUint32(b, i)
	span, i := readUint(b, i)
	key, i := readUint(b, i)
	r.Payload, i = readBin(b, i)
	r.Span, r.Key = uint8(span), uint16(key)
	i = i.demand(span >= 1 && span <= MaxSpan && key >= 1 && key <= math.MaxUint16, faultRange)
	return i.demand(len(r.Payload) >= MinSymbol, faultSymbol)
}
