package proto

import "math"

// Data is a packet of frames of one connection (SPEC 6).
type Data struct {
	DestID uint64 // the id its receiver chose
	Number uint32 // low 32 bits of the packet number

	frames []byte // count frames, validated by Parse
	count  int
	kept   keptFrames
}

// DataOverhead is the most bytes a data packet needs besides its frames.
const DataOverhead = 1 + 1 + 9 + 5 + 3 + crcSize

// Frames walks over the frames. It is valid after Parse succeeded, until the
// datagram is changed or d parsed into again.
func (d *Data) Frames() FrameIter {
	return FrameIter{d: d, i: d.kept.end, left: d.count}
}

func readData(b []byte, i pos, d *Data) pos {
	id, i := readUint(b, i)
	number, i := readUint(b, i.demand(id != 0, faultZeroID))
	count, i := readArray(b, i.demand(number <= math.MaxUint32, faultRange))
	if i = i.demand(count > 0, faultNoFrames); i < 0 {
		return i
	}
	d.DestID, d.Number, d.count, d.frames = id, uint32(number), count, b[i:]
	end := d.kept.read(d.frames, d.count)
	if end < 0 {
		return end
	}
	return i + end
}

// DataBuilder appends one data packet to a buffer, frame by frame. It allocates
// only when the buffer is too short. It does not know how large a packet may be:
// ask Len before adding. Owned by its caller; to be made by BeginData.
type DataBuilder struct {
	buf    []byte
	start  int // where the datagram starts in buf
	header int // where the header of the frame array stands in buf
	frames int
}

// BeginData starts a data packet behind dst. It panics if destID is zero.
func BeginData(dst []byte, destID uint64, number uint32) DataBuilder {
	start := len(dst)
	dst = append(dst, codeFixArray|elements[TypeData], byte(TypeData))
	dst = appendID(dst, destID)
	dst = appendUint(dst, uint64(number))
	return DataBuilder{buf: append(dst, codeFixArray), start: start, header: len(dst)}
}

// Len is the length in bytes the finished datagram would have now, the crc
// included. With one more frame of n bytes it would be Len()+n: the header of
// the frame array is counted with the width that frame would give it.
func (b *DataBuilder) Len() int {
	n := len(b.buf) - b.start + crcSize
	if b.frames == fixArrayMax {
		n += arraySize(fixArrayMax+1) - arraySize(fixArrayMax)
	}
	return n
}

// Frames is the number of frames added so far.
func (b *DataBuilder) Frames() int { return b.frames }

// begin counts one more frame. The sixteenth needs a wider array header, so the
// frames before it move by two bytes once.
func (b *DataBuilder) begin() {
	b.frames++
	if b.frames <= fixArrayMax {
		b.buf[b.header]++
		return
	}
	if b.frames == fixArrayMax+1 {
		b.buf = append(b.buf, 0, 0)
		copy(b.buf[b.header+3:], b.buf[b.header+1:len(b.buf)-2])
		b.buf[b.header] = codeArray16
	}
	b.buf[b.header+1] = byte(b.frames >> 8)
	b.buf[b.header+2] = byte(b.frames)
}

// Finish closes the packet and returns dst of BeginData with the datagram behind
// it. It panics if no frame was added. The builder must not be used afterwards.
func (b *DataBuilder) Finish() []byte {
	if b.frames == 0 {
		panic("proto: BUG: data packet without frames")
	}
	return appendCRC(b.buf, b.start)
}
