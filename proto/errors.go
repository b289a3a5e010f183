package proto

import "errors"

// What Parse answers. Each is counted apart by the endpoints, because each
// tells another story: a stranger's datagram, a damaged one, a peer that does
// not follow the specification, a peer from another time.
var (
	// ErrNotPacket says that the datagram is empty or does not start like a
	// packet (SPEC 2.1). It may be text of a chat that knows no packets.
	ErrNotPacket = errors.New("proto: not a packet")
	// ErrChecksum says that the datagram starts like a packet and its crc is
	// wrong or missing: it was damaged or cut on the way (SPEC 2.3).
	ErrChecksum = errors.New("proto: checksum mismatch")
	// ErrMalformed says that an undamaged packet breaks the specification. The
	// error returned wraps it and says what was wrong.
	ErrMalformed = errors.New("proto: malformed packet")
	// ErrVersion says that a hello speaks a version this package does not know.
	// Packet.Hello.Version and Packet.Hello.SourceID are filled (SPEC 8.2).
	ErrVersion = errors.New("proto: unknown version")
)

// fault is what was wrong with a malformed packet. A byte becomes an error
// without an allocation, so a flood of malformed packets costs the collector
// nothing.
type fault uint8

const (
	faultNone fault = iota
	faultTooLong
	faultTruncated
	faultTrailing
	faultKind
	faultWide
	faultRange
	faultDepth
	faultUTF8
	faultNoCRC
	faultPacketType
	faultVersion // answered as ErrVersion
	faultElements
	faultZeroID
	faultToken
	faultParams
	faultShortHello
	faultPadding
	faultVersions
	faultNoFrames
	faultFrameType
	faultFrameElements
	faultMode
	faultMessageSize
	faultFragment
	faultAckRanges
	faultReason
	faultFlags
	faultLane
	faultSymbol
	faultCount
)

// faultTexts finishes the sentence "malformed packet: ...".
var faultTexts = [faultCount]string{
	faultNone:          "nothing is wrong",
	faultTooLong:       "longer than a datagram can be",
	faultTruncated:     "an element reaches beyond the end",
	faultTrailing:      "bytes after the last element",
	faultKind:          "an element of the wrong kind",
	faultWide:          "an element not in its smallest form",
	faultRange:         "a number out of range",
	faultDepth:         "arrays nested too deep",
	faultUTF8:          "a string that is not UTF-8",
	faultNoCRC:         "the last element is not a crc",
	faultPacketType:    "unknown packet type",
	faultVersion:       "unknown version",
	faultElements:      "wrong number of elements for the packet type",
	faultZeroID:        "connection id zero",
	faultToken:         "token empty or too long",
	faultParams:        "parameters out of range",
	faultShortHello:    "hello shorter than 1200 bytes",
	faultPadding:       "padding that is not zero",
	faultVersions:      "version list empty or too long",
	faultNoFrames:      "no frames",
	faultFrameType:     "unknown frame type",
	faultFrameElements: "wrong number of elements for the frame type",
	faultMode:          "reserved delivery mode",
	faultMessageSize:   "message larger than 64 MiB",
	faultFragment:      "fragment empty, outside its message or the whole of it",
	faultAckRanges:     "acknowledged ranges empty, too many or too wide",
	faultReason:        "close reason too long",
	faultFlags:         "unknown flags",
	faultLane:          "a lane of a mode this frame is not about",
	faultSymbol:        "repair symbol too short",
}

// Error says what was wrong.
func (f fault) Error() string { return "proto: malformed packet: " + faultTexts[f] }

// Is makes every fault an ErrMalformed for errors.Is.
func (f fault) Is(target error) bool { return target == ErrMalformed }
