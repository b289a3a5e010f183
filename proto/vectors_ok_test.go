package proto

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"
)

// The ids of the vectors.
const (
	clientID = 0x1f2e3d4c5b6a7988
	serverID = 0xa1b2c3d4e5f60718
)

var vectorParams = Params{MaxData: 1 << 20, MaxPacket: 1472, IdleMillis: 60000, First: 3333333333}

// okVectors are packets that must be accepted and written again byte for byte.
func okVectors() []vector {
	var vs []vector
	add := func(name, comment string, b []byte) {
		vs = append(vs, vector{name, "ok", comment, b})
	}
	data := func(name, comment string, frames ...Frame) { add(name, comment, buildData(clientID, 7, frames...)) }

	add("raw-text", "a line of the chat in raw mode", AppendRaw(nil, &Raw{Stream: 99, Seq: 12, SentAt: 1700000, Payload: []byte("hello, world")}))
	add("raw-empty", "an empty payload is a message, too", AppendRaw(nil, &Raw{Stream: 1}))
	add("raw-largest-numbers", "every number at its end, payload just long enough for bin16",
		AppendRaw(nil, &Raw{Stream: math.MaxUint64, Seq: math.MaxUint32, SentAt: math.MaxUint64, Payload: bytes.Repeat([]byte{0xa5}, 256)}))
	add("hello-first", "first hello: no token, padded to 1200 bytes",
		AppendHello(nil, &Hello{Version: Version, SourceID: clientID, Params: vectorParams}, MinHello))
	add("hello-token", "hello with the longest token, padded to the packet size",
		AppendHello(nil, &Hello{Version: Version, SourceID: clientID, Token: bytes.Repeat([]byte{0x5c}, MaxToken), Params: vectorParams}, 1280))
	add("retry", "a token of 32 bytes", AppendRetry(nil, &Retry{DestID: clientID, Token: bytes.Repeat([]byte{0x5c}, 32)}))
	add("accept", "the answer to a hello with a good token", AppendAccept(nil, &Accept{DestID: clientID, SourceID: serverID, Params: vectorParams}))
	add("accept-smallest", "ids that happen to be small take one byte",
		AppendAccept(nil, &Accept{DestID: 1, SourceID: 2, Params: Params{MaxPacket: MinHello}}))
	add("reset", "I know no connection with this id", AppendReset(nil, &Reset{DeadID: clientID}))
	add("version", "the answer of an endpoint of today to a hello of tomorrow", AppendVersions(nil, &Versions{DestID: clientID, List: [MaxVersions]uint32{Version}, Count: 1}))
	add("version-eight", "the longest list", AppendVersions(nil, &Versions{DestID: clientID, List: [MaxVersions]uint32{1, 2, 3, 127, 128, 65535, 65536, math.MaxUint32}, Count: 8}))

	data("message", "a whole message", messageFrame(0, 3, "hello"))
	data("message-empty", "an empty message is a message", messageFrame(0, 0, ""))
	data("message-channels", "frame types of one, two and three bytes: channels 6, 7, 14, 15 and 255",
		messageFrame(6, 1, "a"), messageFrame(7, 1, "b"), messageFrame(14, 1, "c"), messageFrame(15, 1, "d"), messageFrame(255, 1, "e"))
	data("message-bin8-end", "255 bytes, the longest payload with a header of two bytes", messageFrame(0, 300, strings.Repeat("x", 255)))
	data("message-bin16", "256 bytes, the shortest payload with a header of three bytes", messageFrame(0, math.MaxUint32, strings.Repeat("x", 256)))
	data("fragment-first", "the first 4 of 70000 bytes", fragmentFrame(70000, 0, "head"))
	data("fragment-last", "the last byte of the largest message", fragmentFrame(MaxMessage, MaxMessage-1, "z"))
	data("message-modes", "one of each mode of channel 0, the last with 128 us left", messagesOfAllModes()...)
	data("message-deadline", "eight milliseconds left, on channel 9", deadlineFrame(7, 8*time.Millisecond, "soon"))
	data("message-deadline-most", "the longest lifetime, on the last lane in use",
		Frame{Type: FrameMessage, Message: Message{Channel: 255, Mode: ModeDeadline, Seq: math.MaxUint32, Left: leftMax}})
	data("fragment-deadline", "sent_at and the first 4 of 70000 bytes, which end in a second", Frame{Type: FrameSentAt, SentAt: 5000000},
		Frame{Type: FrameFragment, Message: Message{Channel: 9, Mode: ModeDeadline, Seq: 5, Size: 70000, Left: time.Second, Payload: []byte("head")}})
	data("fragment-latest", "the middle of a message of mode 2", Frame{Type: FrameFragment, Message: Message{Mode: ModeLatest, Seq: 5, Size: 12, Offset: 4, Payload: []byte("body")}})
	data("ack-one", "one packet, acked at once", ackFrame(7, 0, AckRange{0, 1}))
	data("ack-three-ranges", "packets 100 to 91, 89, and 80 to 1 arrived 8 ms ago",
		ackFrame(100, 8*time.Millisecond, AckRange{0, 10}, AckRange{1, 1}, AckRange{8, 80}))
	data("ack-wrapped", "across the wrap of the low 32 bits", ackFrame(1, 64*time.Microsecond, AckRange{0, 4}, AckRange{1, 2}))
	data("ack-widest", "exactly 2^31 numbers, the widest ack there is", ackFrame(math.MaxUint32, ackDelayMax, AckRange{0, 1}, AckRange{1<<31 - 2, 1}))
	data("ack-most-ranges", "32 ranges, frame header of three bytes", manyRanges(MaxAckRanges))
	data("max-data", "credit beyond 32 bits", Frame{Type: FrameMaxData, MaxData: math.MaxUint64})
	data("ping", "the shortest packet of a connection", Frame{Type: FramePing})
	data("close-silent", "the normal end", Frame{Type: FrameClose})
	data("close-reason", "two-byte and four-byte runes", Frame{Type: FrameClose, Close: Close{Code: math.MaxUint32, Reason: []byte("größer 🐘")}})
	data("close-longest", "256 bytes", Frame{Type: FrameClose, Close: Close{Code: 1, Reason: bytes.Repeat([]byte("r"), MaxReason)}})
	data("close-str8", "32 bytes, the shortest reason with a header of two bytes", Frame{Type: FrameClose, Close: Close{Code: 1, Reason: bytes.Repeat([]byte("r"), 32)}})
	data("ecn", "five packets with ECT(0) and one that a queue marked", Frame{Type: FrameECN, ECN: ECN{ECT0: 5, CE: 1}})
	data("ecn-widest", "counts beyond 32 bits", Frame{Type: FrameECN, ECN: ECN{ECT0: math.MaxUint64, ECT1: 1 << 32, CE: math.MaxUint32}})
	data("received-at", "packet 7 arrived 1.7 s after the receiver's epoch", Frame{Type: FrameReceivedAt, ReceivedAt: ReceivedAt{Number: 7, At: 1700 * time.Millisecond}})
	data("received-at-latest", "the last time there is, 285 years later", Frame{Type: FrameReceivedAt, ReceivedAt: ReceivedAt{Number: math.MaxUint32, At: maxReceivedAt}})
	data("ack-frequency", "an ack for every tenth packet, at most 25 ms late",
		Frame{Type: FrameAckFrequency, AckFrequency: AckFrequency{Seq: 3, Threshold: 10, MaxDelay: 25 * time.Millisecond}})
	data("ack-frequency-least", "an ack for each packet, at once, with its time of arrival",
		Frame{Type: FrameAckFrequency, AckFrequency: AckFrequency{Threshold: 1, ReportReceivedAt: true}})
	data("ack-frequency-most", "the seldomest acks there are",
		Frame{Type: FrameAckFrequency, AckFrequency: AckFrequency{Seq: math.MaxUint32, Threshold: math.MaxUint16, MaxDelay: ackFrequencyDelayMax}})
	data("ack-now", "this packet is to be acked at once", Frame{Type: FrameAckNow})
	data("path-challenge", "a token of 64 bits", Frame{Type: FramePathChallenge, PathToken: 0x8f1e2d3c4b5a6978})
	data("path-response", "the answer to it", Frame{Type: FramePathResponse, PathToken: 0x8f1e2d3c4b5a6978})
	data("path-token-small", "a token that happens to be small takes one byte", Frame{Type: FramePathChallenge}, Frame{Type: FramePathResponse, PathToken: 127})
	data("padding-empty", "the shortest padding has no zeros", Frame{Type: FramePadding})
	data("padding-bin8-end", "255 zeros, the most with a header of two bytes", Frame{Type: FramePadding, Padding: 255})
	data("padding-bin16", "256 zeros, the least with a header of three bytes", Frame{Type: FramePadding, Padding: 256})
	add("padding-probe", "an MTU probe of 1280 bytes: a ping and padding", probePacket(1280))
	data("fin", "no message at or after 17 will come", Frame{Type: FrameFin, FinNext: 17})
	data("fin-wrapped", "low 32 bits", Frame{Type: FrameFin, FinNext: math.MaxUint32})
	data("sent-at", "sent 5 s after the clock's epoch", Frame{Type: FrameSentAt, SentAt: 5000000})
	data("sent-at-wrapped", "low 32 bits", Frame{Type: FrameSentAt, SentAt: math.MaxUint32}, Frame{Type: FrameSentAt})
	data("channel-credit", "64 KiB on channel 1", Frame{Type: FrameChannelCredit, ChannelCredit: ChannelCredit{Channel: 1, Limit: 65536}})
	data("channel-credit-most", "the last channel, credit of 64 bits", Frame{Type: FrameChannelCredit, ChannelCredit: ChannelCredit{Channel: 255, Limit: math.MaxUint64}})
	data("channel-credit-least", "no credit at all", Frame{Type: FrameChannelCredit})
	data("skip", "messages 17 to 19 of channel 9 will not be repaired any more", Frame{Type: FrameSkip, Lapse: Lapse{Channel: 9, Mode: ModeDeadline, Seq: 17, Count: 3}})
	data("skip-most", "the most messages, on the last lane, across the wrap", Frame{Type: FrameSkip, Lapse: Lapse{Channel: 255, Mode: ModeDeadline, Seq: math.MaxUint32, Count: math.MaxUint16}})
	data("late", "message 17 of channel 0 came too late", Frame{Type: FrameLate, Lapse: Lapse{Mode: ModeDeadline, Seq: 17, Count: 1}})
	data("late-before-ack", "what the ack covers and was not delivered", Frame{Type: FrameLate, Lapse: Lapse{Channel: 9, Mode: ModeDeadline, Seq: 128, Count: 128}}, ackFrame(7, 0, AckRange{0, 3}))
	data("repair", "two messages of lane 0, \"one\" and \"three\": the example of 7.19", repairFrame(0, ModeOrdered, 7, 3333, "one", "three"))
	data("repair-least", "an empty message alone: a symbol of two bytes", repairFrame(0, ModeUnordered, 1, 0, ""))
	data("repair-most", "64 messages of the last lane, across the wrap", repairFrame(255, ModeDeadline, math.MaxUint16, math.MaxUint32-5, slices.Repeat([]string{"x"}, MaxSpan)...))
	data("repair-bin16", "a message of 254 bytes makes a symbol with a header of three", repairFrame(3, ModeUnordered, 256, 70000, strings.Repeat("y", 254)))
	data("frames-of-lanes", "one of each that is about messages and carries none", framesOfLanes()...)
	data("frames-of-the-path", "one of each that is not about messages", framesOfThePath()...)
	data("frames-of-all-types", "one of each, in any order", Frame{Type: FramePing}, Frame{Type: FrameClose, Close: Close{Code: 2}},
		Frame{Type: FrameMaxData, MaxData: 1 << 33}, ackFrame(9, 0, AckRange{0, 1}), fragmentFrame(9, 3, "frag"), messageFrame(3, 4, "m"))
	data("frames-fifteen", "the most with an array header of one byte", repeat(messageFrame(0, 1, "x"), 15)...)
	data("frames-sixteen", "the least with an array header of three bytes", repeat(messageFrame(0, 1, "x"), 16)...)
	add("data-typical", "the packet drawn in doc.go", docPacket())
	add("data-number-largest", "the last number before the low 32 bits wrap", buildData(1, math.MaxUint32, Frame{Type: FramePing}))
	return vs
}

// docPacket is the packet drawn in doc.go.
func docPacket() []byte {
	return buildData(clientID, 1111, ackFrame(2222, 1024*time.Microsecond, AckRange{0, 2}), messageFrame(0, 3333, "ten  bytes"))
}

// probePacket is an MTU probe.
func probePacket(size int) []byte {
	b := BeginData(nil, clientID, 7)
	b.AddPing()
	b.AddPadding(size - b.Len())
	return b.Finish()
}

// framesOfThePath is one of each frame that is not about messages.
func framesOfThePath() []Frame {
	return []Frame{
		{Type: FrameECN, ECN: ECN{ECT0: 300, CE: 2}}, {Type: FrameReceivedAt, ReceivedAt: ReceivedAt{Number: 9, At: time.Second}},
		{Type: FrameAckFrequency, AckFrequency: AckFrequency{Seq: 1, Threshold: 2, MaxDelay: time.Millisecond, ReportReceivedAt: true}},
		{Type: FrameAckNow}, {Type: FramePathChallenge, PathToken: 1 << 40}, {Type: FramePathResponse, PathToken: 1 << 20},
		{Type: FramePadding, Padding: 3}, {Type: FrameFin, FinNext: 70000},
	}
}

// framesOfLanes is one of each frame that is about the messages of a lane.
func framesOfLanes() []Frame {
	return []Frame{
		{Type: FrameChannelCredit, ChannelCredit: ChannelCredit{Channel: 200, Limit: 1 << 33}},
		{Type: FrameSkip, Lapse: Lapse{Channel: 200, Mode: ModeDeadline, Seq: 1 << 20, Count: 300}},
		{Type: FrameLate, Lapse: Lapse{Channel: 1, Mode: ModeDeadline, Seq: 4, Count: 1}},
		{Type: FrameSentAt, SentAt: 70000}, deadlineFrame(300, time.Millisecond, "d"),
		repairFrame(4, ModeOrdered, 300, 200, "a", "bc"),
	}
}

func messagesOfAllModes() (frames []Frame) {
	for mode := range modeCount {
		f := messageFrame(0, uint32(mode), mode.String())
		if f.Message.Mode = mode; mode == ModeDeadline {
			f.Message.Left = 128 * time.Microsecond
		}
		frames = append(frames, f)
	}
	return frames
}

func deadlineFrame(seq uint32, left time.Duration, payload string) Frame {
	f := messageFrame(9, seq, payload)
	f.Message.Mode, f.Message.Left = ModeDeadline, left
	return f
}

func messageFrame(channel uint8, seq uint32, payload string) Frame {
	return Frame{Type: FrameMessage, Message: Message{Channel: channel, Seq: seq, Size: uint32(len(payload)), Payload: []byte(payload)}}
}

func fragmentFrame(size, offset uint32, payload string) Frame {
	return Frame{Type: FrameFragment, Message: Message{Seq: 5, Size: size, Offset: offset, Payload: []byte(payload)}}
}

func ackFrame(largest uint32, delay time.Duration, ranges ...AckRange) Frame {
	f := Frame{Type: FrameAck, Ack: Ack{Largest: largest, Delay: delay, N: len(ranges)}}
	copy(f.Ack.Ranges[:], ranges)
	return f
}

func manyRanges(n int) Frame {
	ranges := []AckRange{{0, 1}}
	for i := 1; i < n; i++ {
		ranges = append(ranges, AckRange{uint32(i), uint32(i * i)})
	}
	return ackFrame(100000, time.Millisecond, ranges...)
}

func repeat(f Frame, n int) (frames []Frame) {
	for range n {
		frames = append(frames, f)
	}
	return frames
}
