package proto

import (
	"bytes"
	"hash/crc32"

	"github.com/vmihailenco/msgpack/v5"
)

// Reference writes and reads packets by calls into the msgpack library alone. It
// is the definition of the wire in code: the functions that append and parse by
// hand must agree with it on every datagram, and fuzz tests compare them. Other
// uses are to look into a packet Parse refuses (Describe) and to check a second
// implementation.
//
// It is several times slower than the hand-written functions and its Parse
// allocates. A Reference must not be used by two goroutines at once. To be made
// by NewReference.
type Reference struct {
	out datagramWriter
	enc *msgpack.Encoder
	in  bytes.Reader
	dec *msgpack.Decoder
}

// datagramWriter collects what the encoder writes.
type datagramWriter struct{ b []byte }

func (w *datagramWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *datagramWriter) WriteByte(c byte) error {
	w.b = append(w.b, c)
	return nil
}

// NewReference makes a codec with its own encoder and decoder. They are not taken
// from the pools of the library: another user of a pool can leave a decoder in it
// that records all it reads.
func NewReference() *Reference {
	c := new(Reference)
	c.enc = msgpack.NewEncoder(&c.out)
	c.dec = msgpack.NewDecoder(&c.in)
	return c
}

// Append appends the datagram of p to dst as the library writes it. For a data
// packet, frames are its frames; a hello is padded to size bytes. Unlike the
// functions that append by hand it writes what the specification forbids, too.
func (c *Reference) Append(dst []byte, p *Packet, frames []Frame, size int) []byte {
	c.out.b = dst
	start := len(dst)
	c.array(int(elements[p.Type]))
	c.uint(uint64(p.Type))
	switch p.Type {
	case TypeRaw:
		c.uint(p.Raw.Stream)
		c.uint(uint64(p.Raw.Seq))
		c.uint(p.Raw.SentAt)
		c.bin(p.Raw.Payload)
	case TypeHello:
		c.uint(uint64(p.Hello.Version))
		c.uint(p.Hello.SourceID)
		c.bin(p.Hello.Token)
		c.params(&p.Hello.Params)
		c.bin(make([]byte, max(0, paddingLen(size, len(c.out.b)-start))))
	case TypeRetry:
		c.uint(p.Retry.DestID)
		c.bin(p.Retry.Token)
	case TypeAccept:
		c.uint(p.Accept.DestID)
		c.uint(p.Accept.SourceID)
		c.params(&p.Accept.Params)
	case TypeData:
		c.uint(p.Data.DestID)
		c.uint(uint64(p.Data.Number))
		c.array(len(frames))
		for i := range frames {
			c.frame(&frames[i])
		}
	case TypeReset:
		c.uint(p.Reset.DeadID)
	case TypeVersion:
		c.uint(p.Version.DestID)
		c.array(p.Version.Count)
		for _, version := range p.Version.List[:p.Version.Count] {
			c.uint(uint64(version))
		}
	}
	must(c.enc.EncodeUint32(crc32.Checksum(c.out.b[start:], castagnoli)))
	dst, c.out.b = c.out.b, nil
	return dst
}

func (c *Reference) frame(f *Frame) {
	switch f.Type {
	case FrameMessage, FrameFragment:
		c.message(&f.Message, f.Type == FrameFragment)
	case FrameAck:
		c.array(ackFixed + 2*f.Ack.N - 1)
		c.uint(uint64(FrameAck))
		c.uint(uint64(f.Ack.Largest))
		c.uint(f.Ack.delay())
		for i, g := range f.Ack.Ranges[:f.Ack.N] {
			if i > 0 {
				c.uint(uint64(g.Gap))
			}
			c.uint(uint64(g.Count))
		}
	case FrameMaxData:
		c.numbers(FrameMaxData, f.MaxData)
	case FramePing:
		c.numbers(FramePing)
	case FrameClose:
		c.array(closeElements)
		c.uint(uint64(FrameClose))
		c.uint(uint64(f.Close.Code))
		must(c.enc.EncodeString(string(f.Close.Reason)))
	default:
		c.pathFrame(f)
	}
}

func (c *Reference) message(m *Message, fragment bool) {
	n, deadline := messageElements, m.Mode == ModeDeadline
	if fragment {
		n = fragmentElements
	}
	if deadline {
		n++
	}
	c.array(n)
	c.uint(m.wireType())
	c.uint(uint64(m.Seq))
	if fragment {
		c.uint(uint64(m.Size))
		c.uint(uint64(m.Offset))
	}
	if deadline {
		c.uint(m.left())
	}
	c.bin(m.Payload)
}

// pathFrame writes the frames that are about the path and the acks.
func (c *Reference) pathFrame(f *Frame) {
	switch f.Type {
	case FrameECN:
		c.numbers(FrameECN, f.ECN.ECT0, f.ECN.ECT1, f.ECN.CE)
	case FrameReceivedAt:
		c.numbers(FrameReceivedAt, uint64(f.ReceivedAt.Number), f.ReceivedAt.micros())
	case FrameAckFrequency:
		a := &f.AckFrequency
		c.numbers(FrameAckFrequency, uint64(a.Seq), uint64(a.Threshold), a.micros(), a.flags())
	case FrameAckNow:
		c.numbers(FrameAckNow)
	case FramePathChallenge, FramePathResponse:
		c.numbers(f.Type, f.PathToken)
	case FramePadding:
		c.array(paddingElements)
		c.uint(uint64(FramePadding))
		c.bin(make([]byte, f.Padding))
	case FrameSentAt:
		c.numbers(FrameSentAt, uint64(f.SentAt))
	default:
		c.laneFrame(f)
	}
}

// laneFrame writes the frames about messages that carry none.
func (c *Reference) laneFrame(f *Frame) {
	switch f.Type {
	case FrameChannelCredit:
		c.numbers(FrameChannelCredit, uint64(f.ChannelCredit.Channel), f.ChannelCredit.Limit)
	case FrameSkip, FrameLate:
		c.numbers(f.Type, lane(f.Lapse.Channel, f.Lapse.Mode), uint64(f.Lapse.Seq), uint64(f.Lapse.Count))
	case FrameFin:
		c.numbers(FrameFin, uint64(f.FinNext))
	case FrameRepair:
		r := &f.Repair
		c.array(repairElements)
		for _, v := range []uint64{typeRepair, lane(r.Channel, r.Mode), uint64(r.Seq), uint64(r.Span), uint64(r.Key)} {
			c.uint(v)
		}
		c.bin(r.Payload)
	}
}

// numbers writes a frame of nothing but numbers.
func (c *Reference) numbers(t FrameType, elements ...uint64) {
	c.array(1 + len(elements))
	c.uint(uint64(t))
	for _, v := range elements {
		c.uint(v)
	}
}

func (c *Reference) params(p *Params) {
	c.array(paramsElements)
	c.uint(p.MaxData)
	c.uint(uint64(p.MaxPacket))
	c.uint(uint64(p.IdleMillis))
	c.uint(uint64(p.First))
}

func (c *Reference) array(n int) { must(c.enc.EncodeArrayLen(n)) }

func (c *Reference) uint(v uint64) { must(c.enc.EncodeUint(v)) }

// bin is not EncodeBytes, which writes a nil slice as nil.
func (c *Reference) bin(b []byte) {
	must(c.enc.EncodeBytesLen(len(b)))
	c.out.b = append(c.out.b, b...)
}

// must holds because a datagramWriter cannot fail and nothing else does.
func must(err error) {
	if err != nil {
		panic("proto: BUG: msgpack: " + err.Error())
	}
}
