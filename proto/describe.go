package proto

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// describeText is the most bytes of a payload or token Describe shows.
const describeText = 32

// Describe says in one line what the datagram b is, for stories, logs and dumps:
//
//	data 5 [message 0:3 12B] [ack 7 (1.024ms) 5-7 0-3]
//
// Connection ids are left out where the reader knows which connection is meant.
// Text from the peer is quoted, so a terminal is safe from it. Numbers are the
// low 32 bits that are on the wire. It allocates and is not for the hot path.
func Describe(b []byte) string {
	var p Packet
	switch err := Parse(b, &p); err {
	case nil:
		return string(appendPacket(nil, &p, len(b)))
	case ErrNotPacket:
		return describeStranger(b)
	case ErrChecksum:
		return describeDamaged(b)
	case ErrVersion:
		return fmt.Sprintf("hello version %d source %x %dB, unknown version", p.Hello.Version, p.Hello.SourceID, len(b))
	default:
		return describeMalformed(b, err)
	}
}

// describeMalformed describes an undamaged packet that breaks the specification:
// what is wrong and, if it is msgpack at all, its elements.
func describeMalformed(b []byte, err error) string {
	var f fault
	if !errors.As(err, &f) {
		panic("proto: BUG: Parse answered with an unknown error")
	}
	s := fmt.Sprintf("malformed %dB: %s", len(b), faultTexts[f])
	if validate(b) == faultNone {
		s += " " + NewReference().dump(b)
	}
	return s
}

// describeStranger describes what does not start like a packet.
func describeStranger(b []byte) string {
	if len(b) > 0 && utf8.Valid(b) {
		return fmt.Sprintf("text %dB %s", len(b), excerpt(b))
	}
	return fmt.Sprintf("not a packet %dB", len(b))
}

// describeDamaged describes a packet whose crc is wrong.
func describeDamaged(b []byte) string {
	var r Raw
	if ParseDamagedRaw(b, &r) {
		return fmt.Sprintf("damaged %dB, perhaps raw %d %s", len(b), r.Seq, excerpt(r.Payload))
	}
	return fmt.Sprintf("damaged %dB", len(b))
}

func appendPacket(dst []byte, p *Packet, size int) []byte {
	dst = append(dst, p.Type.String()...)
	switch p.Type {
	case TypeRaw:
		return fmt.Appendf(dst, " %d stream %x at %dus %dB %s", p.Raw.Seq, p.Raw.Stream, p.Raw.SentAt, len(p.Raw.Payload), excerpt(p.Raw.Payload))
	case TypeHello:
		dst = fmt.Appendf(dst, " version %d source %x token %dB", p.Hello.Version, p.Hello.SourceID, len(p.Hello.Token))
		return fmt.Appendf(appendDescribedParams(dst, &p.Hello.Params), " %dB", size)
	case TypeRetry:
		return fmt.Appendf(dst, " dest %x token %dB", p.Retry.DestID, len(p.Retry.Token))
	case TypeAccept:
		return appendDescribedParams(fmt.Appendf(dst, " dest %x source %x", p.Accept.DestID, p.Accept.SourceID), &p.Accept.Params)
	case TypeData:
		dst = fmt.Appendf(dst, " %d", p.Data.Number)
		return appendFrames(dst, &p.Data)
	case TypeReset:
		return fmt.Appendf(dst, " dead %x", p.Reset.DeadID)
	case TypeVersion:
		return fmt.Appendf(dst, " dest %x knows %d", p.Version.DestID, p.Version.List[:p.Version.Count])
	default:
		panic("proto: BUG: a packet type without a description")
	}
}

// describeFrames is the most frames Describe shows.
const describeFrames = 20

func appendFrames(dst []byte, d *Data) []byte {
	var f Frame
	it := d.Frames()
	for n := 0; n < describeFrames && it.Next(&f); n++ {
		dst = appendFrame(append(dst, ' '), &f)
	}
	if it.left > 0 {
		dst = fmt.Appendf(dst, " and %d more", it.left)
	}
	return dst
}

func appendDescribedParams(dst []byte, p *Params) []byte {
	return fmt.Appendf(dst, " credit %d packet %d idle %dms first %d", p.MaxData, p.MaxPacket, p.IdleMillis, p.First)
}

func appendFrame(dst []byte, f *Frame) []byte {
	dst = append(append(dst, '['), f.Type.String()...)
	switch f.Type {
	case FrameMessage, FrameFragment:
		dst = appendDescribedMessage(dst, &f.Message)
	case FrameChannelCredit:
		dst = fmt.Appendf(dst, " %d %d", f.ChannelCredit.Channel, f.ChannelCredit.Limit)
	case FrameSkip, FrameLate:
		dst = appendDescribedSpan(dst, f.Lapse.Channel, f.Lapse.Mode, f.Lapse.Seq, uint32(f.Lapse.Count))
	case FrameRepair:
		r := &f.Repair
		dst = appendDescribedSpan(dst, r.Channel, r.Mode, r.Seq, uint32(r.Span))
		dst = fmt.Appendf(dst, " key %d %dB", r.Key, len(r.Payload))
	case FrameAck:
		dst = appendDescribedAck(dst, &f.Ack)
	case FrameMaxData:
		dst = fmt.Appendf(dst, " %d", f.MaxData)
	case FramePing:
	case FrameClose:
		dst = fmt.Appendf(dst, " %d %s", f.Close.Code, excerpt(f.Close.Reason))
	case FrameECN:
		dst = fmt.Appendf(dst, " ect0 %d ect1 %d ce %d", f.ECN.ECT0, f.ECN.ECT1, f.ECN.CE)
	case FrameReceivedAt:
		dst = fmt.Appendf(dst, " %d at %v", f.ReceivedAt.Number, f.ReceivedAt.At)
	case FrameAckFrequency:
		dst = appendDescribedFrequency(dst, &f.AckFrequency)
	case FrameAckNow:
	case FramePathChallenge, FramePathResponse:
		dst = fmt.Appendf(dst, " %x", f.PathToken)
	case FramePadding:
		dst = fmt.Appendf(dst, " %dB", f.Padding)
	case FrameFin:
		dst = fmt.Appendf(dst, " %d", f.FinNext)
	case FrameSentAt:
		dst = fmt.Appendf(dst, " %dus", f.SentAt)
	default:
		panic("proto: BUG: a frame type without a description")
	}
	return append(dst, ']')
}

func appendDescribedMessage(dst []byte, m *Message) []byte {
	dst = appendDescribedSpan(dst, m.Channel, m.Mode, m.Seq, 1)
	if m.whole() {
		dst = fmt.Appendf(dst, " %dB", m.Size)
	} else {
		dst = fmt.Appendf(dst, " %d-%d/%dB", m.Offset, m.Offset+uint32(len(m.Payload))-1, m.Size)
	}
	if m.Mode == ModeDeadline {
		dst = fmt.Appendf(dst, " left %v", m.Left)
	}
	return dst
}

// appendDescribedSpan names count messages of a lane from seq on. The mode is
// said unless it is the usual one.
func appendDescribedSpan(dst []byte, channel uint8, mode Mode, seq, count uint32) []byte {
	dst = fmt.Appendf(dst, " %d:%d", channel, seq)
	if count > 1 {
		dst = fmt.Appendf(dst, "-%d", seq+count-1)
	}
	if mode != ModeOrdered {
		dst = fmt.Appendf(dst, " %v", mode)
	}
	return dst
}

// appendDescribedAck lists the ranges from the largest packet down.
func appendDescribedAck(dst []byte, a *Ack) []byte {
	dst = fmt.Appendf(dst, " %d (%v)", a.Largest, a.Delay)
	top := a.Largest
	for _, g := range a.Ranges[:a.N] {
		top -= g.Gap
		bottom := top - g.Count + 1
		if bottom == top {
			dst = fmt.Appendf(dst, " %d", top)
		} else {
			dst = fmt.Appendf(dst, " %d-%d", bottom, top)
		}
		top = bottom - 1
	}
	return dst
}

func appendDescribedFrequency(dst []byte, a *AckFrequency) []byte {
	dst = fmt.Appendf(dst, " %d every %d within %v", a.Seq, a.Threshold, a.MaxDelay)
	if a.ReportReceivedAt {
		dst = append(dst, " received_at"...)
	}
	return dst
}

// excerpt quotes the start of b in printable ASCII.
func excerpt(b []byte) string {
	if len(b) > describeText {
		return fmt.Sprintf("%+q...", b[:describeText])
	}
	return fmt.Sprintf("%+q", b)
}
