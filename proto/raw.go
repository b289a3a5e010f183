package proto

// Raw is a datagram of the control group (SPEC 4): numbered and dated, so that
// loss, reordering, duplication and jitter can be counted, but never acked and
// never repaired.
type Raw struct {
	Stream  uint64 // names one run of one sender; a new one means that the sender restarted
	Seq     uint32 // low 32 bits of the number of the datagram in its stream
	SentAt  uint64 // when it was sent, in microseconds of a clock only the sender knows
	Payload []byte
}

// RawOverhead is the most bytes a raw packet needs besides its payload.
const RawOverhead = 1 + 1 + 9 + 5 + 9 + 3 + crcSize

// AppendRaw appends the datagram of r to dst. It allocates only if dst is too
// short. The payload may have at most MaxDatagram-RawOverhead bytes.
func AppendRaw(dst []byte, r *Raw) []byte {
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeRaw], byte(TypeRaw))
	dst = appendUint(dst, r.Stream)
	dst = appendUint(dst, uint64(r.Seq))
	dst = appendUint(dst, r.SentAt)
	dst = appendBin(dst, r.Payload)
	return appendCRC(dst, start)
}

// ParseDamagedRaw reads a raw packet of which Parse said ErrChecksum, as far as
// its shape still allows: a person may then see what the damage did to the
// message. Nothing in r can be trusted, not even the stream (SPEC 4.3). It
// reports whether b still has the shape of a raw packet.
func ParseDamagedRaw(b []byte, r *Raw) bool {
	if len(b) <= crcSize || len(b) > MaxDatagram || b[0] != codeFixArray|elements[TypeRaw] {
		return false
	}
	body := b[:len(b)-crcSize]
	t, i := readUint(body, 1)
	i = i.demand(t == uint64(TypeRaw), faultPacketType)
	i = readRaw(body, i, r)
	return int(i) == len(body)
}

func readRaw(b []byte, i pos, r *Raw) pos {
	r.Stream, i = readUint(b, i)
	r.Seq, i = readUint32(b, i)
	r.SentAt, i = readUint(b, i)
	r.Payload, i = readBin(b, i)
	return i
}
