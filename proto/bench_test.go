package proto

import (
	"strings"
	"testing"
	"time"
)

// The packets of the benchmarks: what a bulk transfer sends (one message of 1200
// bytes with an ack of three ranges), and the same without the copy.
var benchAck = Ack{
	Largest: 54321, Delay: 3 * time.Millisecond, N: 3,
	Ranges: [MaxAckRanges]AckRange{{Count: 40}, {Gap: 2, Count: 7}, {Gap: 1, Count: 100}},
}

func benchMessage(size int) Message {
	return Message{Seq: 23456, Size: uint32(size), Payload: make([]byte, size)}
}

// BenchmarkAppendData is measured without Finish, so without the crc; the
// payload=0B line is what the packet costs besides the copy of its payload.
func BenchmarkAppendData(b *testing.B) {
	for name, size := range map[string]int{"payload=0B": 0, "payload=1200B": 1200} {
		b.Run(name, func(b *testing.B) {
			m := benchMessage(size)
			dst := make([]byte, 0, 2048)
			b.ReportAllocs()
			for b.Loop() {
				builder := BeginData(dst, 0x1f2e3d4c5b6a7988, 45678)
				builder.AddAck(&benchAck)
				builder.AddMessage(&m)
				if builder.Frames() != 2 {
					b.Fatal("frames missing")
				}
			}
		})
	}
}

// BenchmarkParseData reads all elements of a packet and then takes its two
// frames from the iterator, as a receiver does. The crc is measured apart.
func BenchmarkParseData(b *testing.B) {
	m := benchMessage(1200)
	builder := BeginData(nil, 0x1f2e3d4c5b6a7988, 45678)
	builder.AddAck(&benchAck)
	builder.AddMessage(&m)
	datagram := builder.Finish()
	var p Packet
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if parseBody(datagram, &p) != faultNone {
				b.Fatal("not a packet")
			}
		}
	})
	if err := Parse(datagram, &p); err != nil {
		b.Fatal(err)
	}
	b.Run("frames", func(b *testing.B) {
		var f Frame
		b.ReportAllocs()
		for b.Loop() {
			for it := p.Data.Frames(); it.Next(&f); {
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		var f Frame
		b.ReportAllocs()
		for b.Loop() {
			if err := Parse(datagram, &p); err != nil {
				b.Fatal(err)
			}
			for it := p.Data.Frames(); it.Next(&f); {
			}
		}
	})
}

// BenchmarkParseKinds reads packets as connections send them, from the type to
// the last frame, without the crc.
func BenchmarkParseKinds(b *testing.B) {
	fragment := Message{Seq: 23456, Size: 1 << 20, Offset: 345_678, Payload: make([]byte, 1400)}
	small := benchMessage(64)
	for _, c := range []struct {
		name  string
		build func(*DataBuilder)
	}{
		{"bulk", func(d *DataBuilder) { d.AddMessage(&fragment) }},
		{"ack", func(d *DataBuilder) { d.AddECN(&ECN{ECT0: 54321}); d.AddAck(&benchAck) }},
		{"small", func(d *DataBuilder) {
			for range 16 {
				d.AddMessage(&small)
			}
		}},
	} {
		d := BeginData(nil, 0x1f2e3d4c5b6a7988, 45678)
		c.build(&d)
		datagram := d.Finish()
		b.Run("packet="+c.name, func(b *testing.B) {
			var p Packet
			var f Frame
			b.ReportAllocs()
			for b.Loop() {
				if parseBody(datagram, &p) != faultNone {
					b.Fatal("not a packet")
				}
				for it := p.Data.Frames(); it.Next(&f); {
				}
			}
		})
	}
}

func BenchmarkCRC(b *testing.B) {
	for name, size := range map[string]int{"64B": 64, "1200B": 1200, "1452B": 1452, "65507B": MaxDatagram} {
		b.Run(name, func(b *testing.B) {
			buf := appendCRC(make([]byte, size-crcSize, size), 0)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if !intact(buf) {
					b.Fatal("damaged")
				}
			}
		})
	}
}

// BenchmarkParseBomb is what a hostile datagram costs, its right crc included.
// The aim is 1 us per kB.
func BenchmarkParseBomb(b *testing.B) {
	for _, v := range hostileVectors() {
		if !strings.HasPrefix(v.name, "bomb-") || len(v.bytes) < 10000 {
			continue
		}
		b.Run(v.name, func(b *testing.B) {
			var p Packet
			b.SetBytes(int64(len(v.bytes)))
			b.ReportAllocs()
			for b.Loop() {
				_ = Parse(v.bytes, &p)
			}
		})
	}
}

// BenchmarkReference is the same packet through the library, for comparison.
func BenchmarkReference(b *testing.B) {
	ref := NewReference()
	m := benchMessage(1200)
	frames := []Frame{{Type: FrameAck, Ack: benchAck}, {Type: FrameMessage, Message: m}}
	p := Packet{Type: TypeData, Data: Data{DestID: 0x1f2e3d4c5b6a7988, Number: 45678}}
	dst := make([]byte, 0, 2048)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ref.Append(dst, &p, frames, 0)
		}
	})
	datagram := ref.Append(dst, &p, frames, 0)
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			frames, _ = ref.Parse(datagram, &p, frames[:0])
		}
	})
}
