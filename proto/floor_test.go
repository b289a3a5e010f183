package proto

import (
	"encoding/binary"
	"testing"
	"time"
)

// The benchmarks of this file are the yardstick for those of data packets: how
// fast is a codec on this machine that knows one frame by heart? A figure in
// nanoseconds says little about code, because machines differ by a factor of two
// and more; its ratio to these lines does.

// floorFrame is a flat frame that carries what a data packet with an ack carries.
// In msgpack it is
//
//	[type, id, seq, ack, [[lo, hi], [lo, hi], [lo, hi]], time, payload]
type floorFrame struct {
	kind     uint8
	id       uint32
	seq, ack uint64
	ranges   [32]struct{ lo, hi uint64 }
	n        int
	time     uint32
	payload  []byte
}

var floorExample = floorFrame{
	kind: 4, id: 0x1f2e3d4c, seq: 70_001, ack: 123_456, n: 3, time: 1_234_567_890,
	ranges: [32]struct{ lo, hi uint64 }{{100_000, 100_040}, {100_043, 100_050}, {100_052, 100_152}},
}

// append writes the frame without a look at what it may be.
func (f *floorFrame) append(dst []byte) []byte {
	dst = append(dst, codeFixArray|7, f.kind)
	dst = floorAppendUint(dst, uint64(f.id))
	dst = floorAppendUint(dst, f.seq)
	dst = floorAppendUint(dst, f.ack)
	dst = append(dst, codeFixArray|byte(f.n))
	for i := range f.ranges[:f.n] {
		dst = append(dst, codeFixArray|2)
		dst = floorAppendUint(dst, f.ranges[i].lo)
		dst = floorAppendUint(dst, f.ranges[i].hi)
	}
	dst = floorAppendUint(dst, uint64(f.time))
	n := len(f.payload)
	if n < 256 {
		dst = append(dst, codeBin8, byte(n))
	} else {
		dst = append(dst, codeBin16, byte(n>>8), byte(n))
	}
	return append(dst, f.payload...)
}

func floorAppendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 1<<7:
		return append(dst, byte(v))
	case v < 1<<8:
		return append(dst, codeUint8, byte(v))
	case v < 1<<16:
		return append(dst, codeUint16, byte(v>>8), byte(v))
	case v < 1<<32:
		return append(dst, codeUint32, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeUint64), v)
}

// parse reads what append wrote, with every check hostile bytes call for.
func (f *floorFrame) parse(b []byte) bool {
	if len(b) < 2 || b[0] != codeFixArray|7 || b[1] > codeFixIntHigh {
		return false
	}
	f.kind = b[1]
	id, i := floorUint(b, 2)
	f.id = uint32(id)
	f.seq, i = floorUint(b, i)
	f.ack, i = floorUint(b, i)
	if i >= len(b) || b[i]&^fixArrayMax != codeFixArray || id > 1<<32-1 {
		return false
	}
	f.n = int(b[i] & fixArrayMax)
	i++
	for k := range f.ranges[:f.n] {
		if i >= len(b) || b[i] != codeFixArray|2 {
			return false
		}
		f.ranges[k].lo, i = floorUint(b, i+1)
		f.ranges[k].hi, i = floorUint(b, i)
	}
	at, i := floorUint(b, i)
	f.time = uint32(at)
	if at > 1<<32-1 || i+3 > len(b) {
		return false
	}
	n := int(b[i+1])
	switch b[i] {
	case codeBin8:
		i += 2
	case codeBin16:
		n, i = n<<8|int(b[i+2]), i+3
	default:
		return false
	}
	f.payload = b[i:]
	return n == len(f.payload)
}

// floorUint answers with a place behind the end for whatever is no number.
func floorUint(b []byte, i int) (uint64, int) {
	if i >= len(b) {
		return 0, len(b) + 1
	}
	switch c, p := b[i], b[i+1:]; {
	case c <= codeFixIntHigh:
		return uint64(c), i + 1
	case c == codeUint8 && len(p) >= 1 && p[0] >= 1<<7:
		return uint64(p[0]), i + 2
	case c == codeUint16 && len(p) >= 2 && p[0] > 0:
		return uint64(binary.BigEndian.Uint16(p)), i + 3
	case c == codeUint32 && len(p) >= 4 && binary.BigEndian.Uint32(p) >= 1<<16:
		return uint64(binary.BigEndian.Uint32(p)), i + 5
	case c == codeUint64 && len(p) >= 8 && binary.BigEndian.Uint64(p) >= 1<<32:
		return binary.BigEndian.Uint64(p), i + 9
	}
	return 0, len(b) + 1
}

// A yardstick that reads something else than it wrote would measure nothing.
func TestTheFloorIsACodec(t *testing.T) {
	f := floorExample
	f.payload = []byte("hello")
	b := f.append(nil)
	var got floorFrame
	if !got.parse(b) || got.seq != f.seq || got.ranges != f.ranges || got.time != f.time || string(got.payload) != "hello" {
		t.Errorf("written %+v, read %+v", f, got)
	}
	if want := 58 + len(f.payload); len(b) != want {
		t.Errorf("%d bytes, want %d", len(b), want)
	}
	for n := range b {
		if got.parse(b[:n]) {
			t.Errorf("cut to %d bytes it is accepted", n)
		}
	}
}

func BenchmarkFloor(b *testing.B) {
	f := floorExample
	f.payload = make([]byte, 1200)
	buf := make([]byte, 0, 2048)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			if len(f.append(buf)) < 1200 {
				b.Fatal("too short")
			}
		}
	})
	datagram := f.append(nil)
	b.Run("parse", func(b *testing.B) {
		var got floorFrame
		for b.Loop() {
			if !got.parse(datagram) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("copy=1200B", func(b *testing.B) {
		for b.Loop() {
			_ = append(buf, f.payload...)
		}
	})
	b.Run("clock", func(b *testing.B) {
		var sum int64
		for b.Loop() {
			sum += time.Now().UnixNano()
		}
		_ = sum
	})
}
