package demo

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A message carries all its receiver needs to judge it:
//
//	 0        4            12                  size-4    size
//	┌────────┬────────────┬───────────────────┬─────────┐
//	│ index  │ due, ns    │ filler            │ CRC-32  │  big endian
//	└────────┴────────────┴───────────────────┴─────────┘
//
// The checksum is the application's own and another one than that of the wire
// format, so that a fault of the transport's check would show.
const (
	indexAt  = 0
	dueAt    = 4
	fillerAt = 12
	crcSize  = 4

	// MinSize is the size of a message without filler, bytes.
	MinSize = fillerAt + crcSize
)

// appendMessage appends message index, due at the given time of the run, of
// size bytes.
func appendMessage(b []byte, index int, due time.Duration, size int) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint32(b, uint32(index))
	b = binary.BigEndian.AppendUint64(b, uint64(due))
	for i := fillerAt; i < size-crcSize; i++ {
		b = append(b, byte(index+i))
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}

// parseMessage reads a message of a run of total messages of size bytes. ok is
// false for anything else, damaged ones among them.
func parseMessage(b []byte, total, size int) (index int, due time.Duration, ok bool) {
	if len(b) != size || len(b) < MinSize {
		return 0, 0, false
	}
	body := b[:len(b)-crcSize]
	if binary.BigEndian.Uint32(b[len(body):]) != crc32.ChecksumIEEE(body) {
		return 0, 0, false
	}
	number := binary.BigEndian.Uint32(b[indexAt:])
	due = time.Duration(binary.BigEndian.Uint64(b[dueAt:]))
	if uint64(number) >= uint64(total) || due < 0 {
		return 0, 0, false
	}
	return int(number), due, true
}
