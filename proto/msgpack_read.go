package proto

import (
	"bytes"
	"time"
)

// Parse reads the datagram b through the library, fills p, and appends the frames
// of a data packet to frames. It accepts what Parse accepts and answers with the
// same four errors.
//
// The library would take nil for 0, -1 for a huge number and a string for bytes.
// So the datagram is validated before, and afterwards it must be what Append
// writes for the values that were read: that is the canonical form (SPEC 2.2).
func (c *Reference) Parse(b []byte, p *Packet, frames []Frame) ([]Frame, error) {
	if len(b) == 0 || b[0]&^fixArrayMax != codeFixArray {
		return frames, ErrNotPacket
	}
	if len(b) <= MaxDatagram && !intact(b) {
		return frames, ErrChecksum
	}
	if version, foreign := c.foreign(b, &p.Hello); foreign {
		p.Type, p.Hello.Version = TypeHello, version
		return frames, ErrVersion
	}
	if err := Validate(b); err != nil {
		return frames, err
	}
	start := len(frames)
	frames = c.read(b, p, frames)
	if !allowed(p, frames[start:], len(b)) {
		return frames, ErrMalformed
	}
	if again := c.Append(nil, p, frames[start:], len(b)); !bytes.Equal(again, b) {
		return frames, ErrMalformed
	}
	return frames, nil
}

// foreign reads a hello of another version, of which only the start is known.
func (c *Reference) foreign(b []byte, h *Hello) (uint32, bool) {
	if len(b) < MinHello || len(b) > MaxDatagram || b[0]&fixArrayMax < helloLeast || b[1] != byte(TypeHello) {
		return 0, false
	}
	c.in.Reset(b[2:])
	c.dec.Reset(&c.in)
	version, ok := c.number()
	id, okID := c.number()
	if !ok || !okID || version > 1<<32-1 || version == Version || id == 0 {
		return 0, false
	}
	again := appendUint(appendUint(nil, version), id)
	h.SourceID = id
	return uint32(version), bytes.HasPrefix(b[2:], again)
}

// number reads a number that is one: the library takes nil and negative ones, too.
func (c *Reference) number() (uint64, bool) {
	code, err := c.dec.PeekCode()
	if err != nil || code > codeFixIntHigh && (code < codeUint8 || code > codeUint64) {
		return 0, false
	}
	v, err := c.dec.DecodeUint64()
	return v, err == nil
}

// read reads as much of a packet as is there. What it cannot read is zero, and
// Append then writes something else.
func (c *Reference) read(b []byte, p *Packet, frames []Frame) []Frame {
	c.in.Reset(b)
	c.dec.Reset(&c.in)
	c.readArray()
	t := c.readUint()
	if t >= uint64(typeCount) {
		t = 0
	}
	p.Type = Type(t)
	switch p.Type {
	case TypeRaw:
		p.Raw = Raw{Stream: c.readUint(), Seq: uint32(c.readUint()), SentAt: c.readUint(), Payload: c.readBytes(b)}
	case TypeHello:
		p.Hello = Hello{Version: uint32(c.readUint()), SourceID: c.readUint(), Token: c.readBytes(b), Params: c.readParams()}
	case TypeRetry:
		p.Retry = Retry{DestID: c.readUint(), Token: c.readBytes(b)}
	case TypeAccept:
		p.Accept = Accept{DestID: c.readUint(), SourceID: c.readUint(), Params: c.readParams()}
	case TypeData:
		p.Data = Data{DestID: c.readUint(), Number: uint32(c.readUint())}
		for range c.readArray() {
			frames = append(frames, c.readFrame(b))
		}
	case TypeReset:
		p.Reset = Reset{DeadID: c.readUint()}
	case TypeVersion:
		p.Version = Versions{DestID: c.readUint(), Count: min(c.readArray(), MaxVersions)}
		for i := range p.Version.Count {
			p.Version.List[i] = uint32(c.readUint())
		}
	}
	return frames
}

func (c *Reference) readFrame(b []byte) (f Frame) {
	n, t := c.readArray(), c.readUint()
	switch {
	case t >= typeMessages && t < typeMessagesEnd:
		f.Type, f.Message = c.readMessage(b, t)
	case t == uint64(FrameAck):
		f.Type = FrameAck
		f.Ack.Largest = uint32(c.readUint())
		f.Ack.Delay = time.Duration(uint32(c.readUint())) * ackDelayUnit
		for n -= ackFixed; n > 0 && f.Ack.N < MaxAckRanges; n -= 2 {
			var g AckRange
			if f.Ack.N > 0 {
				g.Gap = uint32(c.readUint())
			}
			g.Count = uint32(c.readUint())
			f.Ack.Ranges[f.Ack.N] = g
			f.Ack.N++
		}
	case t == uint64(FrameMaxData):
		f.Type, f.MaxData = FrameMaxData, c.readUint()
	case t == uint64(FramePing):
		f.Type = FramePing
	case t == uint64(FrameClose):
		f.Type = FrameClose
		f.Close = Close{Code: uint32(c.readUint()), Reason: c.readBytes(b)}
	case t == typeRepair:
		f.Type = FrameRepair
		c.readLaneFrame(b, &f)
	case t <= uint64(FrameSentAt):
		f.Type = FrameType(t)
		c.readPathFrame(b, &f)
	default:
		f.Type = frameTypeCount // unknown, and refused
	}
	return f
}

// readMessage is the counterpart of message.
func (c *Reference) readMessage(b []byte, t uint64) (kind FrameType, m Message) {
	number := (t - typeMessages) >> laneShift
	m.Channel, m.Mode = uint8(number>>modeBits), Mode(number&modeMask)
	m.Seq = uint32(c.readUint())
	if kind = FrameMessage; t&fragmentBit != 0 {
		kind = FrameFragment
		m.Size, m.Offset = uint32(c.readUint()), uint32(c.readUint())
	}
	if m.Mode == ModeDeadline {
		m.Left = time.Duration(uint32(c.readUint())) * leftUnit
	}
	if m.Payload = c.readBytes(b); kind == FrameMessage {
		m.Size = uint32(len(m.Payload))
	}
	return kind, m
}

// readPathFrame is the counterpart of pathFrame.
func (c *Reference) readPathFrame(b []byte, f *Frame) {
	switch f.Type {
	case FrameECN:
		f.ECN = ECN{ECT0: c.readUint(), ECT1: c.readUint(), CE: c.readUint()}
	case FrameReceivedAt:
		f.ReceivedAt.Number = uint32(c.readUint())
		f.ReceivedAt.At = time.Duration(c.readUint()&(1<<53-1)) * time.Microsecond
	case FrameAckFrequency:
		a := &f.AckFrequency
		a.Seq, a.Threshold = uint32(c.readUint()), uint16(c.readUint())
		a.MaxDelay = time.Duration(uint32(c.readUint())) * time.Microsecond
		a.ReportReceivedAt = c.readUint()&ackFrequencyReport != 0
	case FramePathChallenge, FramePathResponse:
		f.PathToken = c.readUint()
	case FramePadding:
		f.Padding = len(c.readBytes(b))
	case FrameSentAt:
		f.SentAt = uint32(c.readUint())
	default:
		c.readLaneFrame(b, f)
	}
}

// readLaneFrame is the counterpart of laneFrame.
func (c *Reference) readLaneFrame(b []byte, f *Frame) {
	switch f.Type {
	case FrameChannelCredit:
		f.ChannelCredit = ChannelCredit{Channel: uint8(c.readUint()), Limit: c.readUint()}
	case FrameSkip, FrameLate:
		number := c.readUint()
		f.Lapse = Lapse{Channel: uint8(number >> modeBits), Mode: Mode(number & modeMask), Seq: uint32(c.readUint()), Count: uint16(c.readUint())}
	case FrameFin:
		f.FinNext = uint32(c.readUint())
	case FrameRepair:
		number := c.readUint()
		f.Repair = Repair{Channel: uint8(number >> modeBits), Mode: Mode(number & modeMask), Seq: uint32(c.readUint()),
			Span: uint8(c.readUint()), Key: uint16(c.readUint()), Payload: c.readBytes(b)}
	}
}

func (c *Reference) readParams() (p Params) {
	if c.readArray() == paramsElements {
		p = Params{MaxData: c.readUint(), MaxPacket: uint32(c.readUint()), IdleMillis: uint32(c.readUint()), First: uint32(c.readUint())}
	}
	return p
}

func (c *Reference) readArray() int {
	n, err := c.dec.DecodeArrayLen()
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func (c *Reference) readUint() uint64 {
	v, ok := c.number()
	if !ok {
		return 0
	}
	return v
}

// readBytes reads a bin or a str. The result aliases b, which c.in reads.
func (c *Reference) readBytes(b []byte) []byte {
	n, err := c.dec.DecodeBytesLen()
	start := len(b) - c.in.Len()
	if err != nil || n < 0 || n > len(b)-start {
		return nil
	}
	if _, err := c.in.Seek(int64(n), 1); err != nil {
		return nil
	}
	return b[start : start+n]
}
