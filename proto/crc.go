package proto

import (
	"encoding/binary"
	"hash/crc32"
)

// crcSize is the length of the crc element: always code and four bytes (SPEC 2.3).
const crcSize = 5

// castagnoli is the polynomial of CRC-32C (RFC 9260, appendix A). It finds
// every error of up to 3 bits, every odd number of flipped bits and every burst
// of up to 32 bits in a datagram, and both amd64 and arm64 have instructions
// for it. Read only.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendCRC closes the datagram that starts at dst[start:].
func appendCRC(dst []byte, start int) []byte {
	sum := crc32.Checksum(dst[start:], castagnoli)
	return append(dst, codeUint32, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

// intact reports whether b ends in a crc element that fits the bytes before it.
func intact(b []byte) bool {
	body := len(b) - crcSize
	return body > 0 &&
		b[body] == codeUint32 &&
		binary.BigEndian.Uint32(b[body+1:]) == crc32.Checksum(b[:body], castagnoli)
}
