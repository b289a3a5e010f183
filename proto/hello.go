package proto

import "encoding/binary"

// Hello opens a connection (SPEC 5.1).
type Hello struct {
	Version  uint32 // of the specification the sender speaks
	SourceID uint64 // the id the sender wants to be called by; never zero
	Token    []byte // from the retry packet, or empty; at most MaxToken bytes
	Params   Params
}

// helloLeast is the number of elements a hello of any version has at least: type,
// version, source id, crc.
const helloLeast = 4

// AppendHello appends the datagram of h to dst, padded with zeros to size bytes.
// A size below MinHello counts as MinHello, one above MaxDatagram as MaxDatagram.
// It panics if h has a zero id, too long a token or a MaxPacket out of range.
func AppendHello(dst []byte, h *Hello, size int) []byte {
	if len(h.Token) > MaxToken {
		panic("proto: BUG: Hello.Token longer than MaxToken")
	}
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeHello], byte(TypeHello))
	dst = appendUint(dst, uint64(h.Version))
	dst = appendID(dst, h.SourceID)
	dst = appendBin(dst, h.Token)
	dst = appendParams(dst, &h.Params)
	dst = appendPadding(dst, paddingLen(size, len(dst)-start))
	return appendCRC(dst, start)
}

// paddingLen is the number of zeros that make a hello size bytes long when used
// bytes stand before its padding. All before it is shorter than 200 bytes, so
// the header of the padding always has three bytes and every size is reached.
func paddingLen(size, used int) int {
	size = min(max(size, MinHello), MaxDatagram)
	return size - used - 3 - crcSize
}

func appendPadding(dst []byte, n int) []byte {
	dst = appendBinHeader(dst, n)
	start := len(dst)
	if cap(dst)-start < n {
		return append(dst, make([]byte, n)...)
	}
	dst = dst[:start+n]
	clear(dst[start:])
	return dst
}

// appendID appends a connection id.
func appendID(dst []byte, id uint64) []byte {
	if id == 0 {
		panic("proto: BUG: connection id zero")
	}
	return appendUint(dst, id)
}

// refuseForeignHello fails with faultVersion if a hello of size bytes speaks
// another version, and fills what never changes between versions (SPEC 8.2). A
// hello that breaks the rules for all versions fails for that.
func refuseForeignHello(b []byte, i pos, h *Hello, size int) pos {
	i = i.demand(b[0]&fixArrayMax >= helloLeast, faultElements)
	version, next := readUint32(b, i)
	id, next := readID(b, next)
	if next.fault() != faultNone || version == Version {
		return i // readHello reads the same elements and finds the same fault
	}
	h.Version, h.SourceID = version, id
	i = i.demand(size >= MinHello, faultShortHello)
	return i.demand(false, faultVersion)
}

func readHello(b []byte, i pos, h *Hello, size int) pos {
	i = i.demand(size >= MinHello, faultShortHello)
	h.Version, i = readUint32(b, i)
	h.SourceID, i = readID(b, i)
	h.Token, i = readBin(b, i)
	i = i.demand(len(h.Token) <= MaxToken, faultToken)
	i = readParams(b, i, &h.Params)
	padding, i := readBin(b, i)
	return i.demand(zero(padding), faultPadding)
}

// zero reports whether b holds nothing but zeros, eight bytes at a time: a
// hello may be padded to 64 KiB and anybody may send one.
func zero(b []byte) bool {
	var sum uint64
	for ; len(b) >= 8; b = b[8:] {
		sum |= binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		sum |= uint64(c)
	}
	return sum == 0
}
