package proto

import "fmt"

// Limits of the wire (SPEC 9).
const (
	// Version is the version of the specification this package speaks.
	Version = 2
	// MaxDatagram is the most bytes a UDP datagram over IPv4 carries.
	MaxDatagram = 65507
	// MinHello is the least length of a hello in bytes. What is sent back to an
	// address that is not proven yet is always less than that.
	MinHello = 1200
	// MaxMessage is the largest message in bytes.
	MaxMessage = 64 << 20
	// MaxAckRanges is the most ranges in one ack frame.
	MaxAckRanges = 32
	// MaxReason is the longest reason of a close frame in bytes.
	MaxReason = 256
	// MaxToken is the longest token in bytes.
	MaxToken = 64
	// MaxVersions is the most entries in a version packet.
	MaxVersions = 8
)

// Type is the first element of a packet and says what the others are.
type Type uint8

// The packet types (SPEC 2.1).
const (
	TypeRaw     Type = iota // one datagram of the control group: never acked, never repaired
	TypeHello               // client to server: let us talk
	TypeRetry               // server to client: say hello again, with this token
	TypeAccept              // server to client: we talk
	TypeData                // frames of a connection
	TypeReset               // I know no connection with this id
	TypeVersion             // I do not speak this version, but those
	typeCount
)

var typeNames = [typeCount]string{"raw", "hello", "retry", "accept", "data", "reset", "version"}

// elements is the number of elements of each packet type, the type and the crc included.
var elements = [typeCount]byte{TypeRaw: 6, TypeHello: 7, TypeRetry: 4, TypeAccept: 5, TypeData: 5, TypeReset: 3, TypeVersion: 4}

// String is the name the specification uses.
func (t Type) String() string {
	if t < typeCount {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Packet is one parsed datagram. Only the member named by Type is meaningful;
// the others keep whatever they held. Its slices alias the datagram. The zero
// value is ready for Parse, and one Packet should be used again and again.
type Packet struct {
	Type    Type
	Raw     Raw
	Hello   Hello
	Retry   Retry
	Accept  Accept
	Data    Data
	Reset   Reset
	Version Versions
}

// Parse validates the whole datagram b, every frame included, and fills p.
// Slices in p alias b. It allocates nothing, takes time linear in len(b) and is
// safe for concurrent use on different packets.
//
// The error is nil or one of ErrNotPacket, ErrChecksum, ErrMalformed, ErrVersion
// for errors.Is, found in this order. With ErrVersion, p.Type is TypeHello and
// p.Hello.Version and p.Hello.SourceID are filled; after any other error the
// contents of p mean nothing.
func Parse(b []byte, p *Packet) error {
	if len(b) == 0 || b[0]&^fixArrayMax != codeFixArray {
		return ErrNotPacket
	}
	if len(b) > MaxDatagram {
		return faultTooLong
	}
	// SPEC 2.3: "A receiver MUST check the crc before it looks at any other element."
	if !intact(b) {
		return ErrChecksum
	}
	switch f := parseBody(b, p); f {
	case faultNone:
		return nil
	case faultVersion:
		return ErrVersion
	default:
		return f
	}
}

// parseBody reads a datagram whose crc is right.
func parseBody(b []byte, p *Packet) fault {
	size := len(b)
	n := b[0] & fixArrayMax
	b = b[:size-crcSize]
	t, i := readUint(b, 1)
	i = i.demand(t < uint64(typeCount), faultPacketType)
	if i < 0 {
		return i.fault()
	}
	p.Type = Type(t)
	if p.Type == TypeHello {
		// The rest of a foreign hello is not read, so that what was filled stays.
		if i = refuseForeignHello(b, i, &p.Hello, size); i < 0 {
			return i.fault()
		}
	}
	i = i.demand(n == elements[p.Type], faultElements)
	i = readPacket(b, i, p, size)
	return i.demand(int(i) == len(b), faultTrailing).fault()
}

// readPacket reads the elements between the type and the crc.
func readPacket(b []byte, i pos, p *Packet, size int) pos {
	switch p.Type {
	case TypeRaw:
		return readRaw(b, i, &p.Raw)
	case TypeHello:
		return readHello(b, i, &p.Hello, size)
	case TypeRetry:
		return readRetry(b, i, &p.Retry)
	case TypeAccept:
		return readAccept(b, i, &p.Accept)
	case TypeData:
		return readData(b, i, &p.Data)
	case TypeReset:
		return readReset(b, i, &p.Reset)
	case TypeVersion:
		return readVersions(b, i, &p.Version)
	default:
		panic("proto: BUG: a packet type without a reader")
	}
}
