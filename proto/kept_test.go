package proto

import (
	"reflect"
	"testing"
	"time"
)

// oneOfEach is a frame of each type, no two values the same.
func oneOfEach() []Frame {
	frames := append(framesOfThePath(), framesOfLanes()...)
	for i := range frames {
		frames[i].Message.Left = frames[i].Message.Left.Truncate(leftUnit) // what the wire can say
	}
	return append(frames,
		ackFrame(900, 128*time.Microsecond, AckRange{Count: 5}, AckRange{Gap: 200, Count: 1}, AckRange{Gap: 3, Count: 4}),
		Frame{Type: FrameMaxData, MaxData: 77_777}, Frame{Type: FramePing}, Frame{Type: FrameClose, Close: Close{Code: 3, Reason: []byte("why")}},
		messageFrame(4, 800, "whole"), fragmentFrame(900, 100, "part"))
}

// bytesAgain collects the frames of a packet without what Parse kept of them.
func bytesAgain(d Data) []Frame {
	d.kept.n, d.kept.end = 0, 0
	return framesOf(&d)
}

// What Parse kept of a frame is what its bytes say, whatever other frame comes
// before or behind it and fills the same member.
func TestKeptFramesAreWhatTheBytesSay(t *testing.T) {
	frames := oneOfEach()
	types := map[FrameType]bool{}
	var p Packet
	kept := 0
	for _, first := range frames {
		types[first.Type] = true
		for _, second := range frames {
			for _, want := range [][]Frame{{first}, {first, second}, {first, second, first}, append(repeat(first, maxKept), second)} {
				if err := Parse(buildData(clientID, 1, want...), &p); err != nil {
					t.Fatal(err)
				}
				if p.Data.kept.n > 0 {
					kept++
				}
				got, again := framesOf(&p.Data), bytesAgain(p.Data)
				if !reflect.DeepEqual(got, again) || !reflect.DeepEqual(got, want) {
					t.Errorf("%d frames of %v and %v: what is kept, what the bytes say and what was added differ", len(want), first.Type, second.Type)
				}
			}
		}
	}
	if len(types) != int(frameTypeCount) || kept < len(frames)*len(frames) {
		t.Errorf("%d of %d types, %d packets kept: most of them should be", len(types), frameTypeCount, kept)
	}
}

// The packets of connections are kept whole: one frame of each kind, and
// messages.
func TestWhatConnectionsSendIsKept(t *testing.T) {
	message := messageFrame(0, 7, "m")
	ecn, sentAt := Frame{Type: FrameECN, ECN: ECN{ECT0: 9}}, Frame{Type: FrameSentAt, SentAt: 5}
	late := Frame{Type: FrameLate, Lapse: Lapse{Mode: ModeDeadline, Seq: 3, Count: 1}}
	for _, frames := range [][]Frame{
		{fragmentFrame(5000, 1000, "f")},
		{fragmentFrame(5000, 4999, "f"), fragmentFrame(6000, 0, "f"), {Type: FrameAckNow}},
		{late, sentAt, ecn, manyRanges(32), message},
		{{Type: FrameMaxData, MaxData: 1 << 20}, {Type: FrameChannelCredit, ChannelCredit: ChannelCredit{Limit: 1 << 20}}, {Type: FrameAckNow}},
		{{Type: FramePing}, {Type: FramePadding, Padding: 100}},
		repeat(message, maxKept),
	} {
		var p Packet
		if err := Parse(buildData(clientID, 1, frames...), &p); err != nil {
			t.Fatal(err)
		}
		if p.Data.kept.n != len(frames) {
			t.Errorf("%d of %d frames from %v are kept", p.Data.kept.n, len(frames), frames[0].Type)
		}
	}
}

// SPEC 2.4: a packet is refused as a whole, also for a fault behind everything
// that is kept of it.
func TestAFaultBehindTheKeptFrames(t *testing.T) {
	for n := range 2*maxKept + 2 {
		b := BeginData(nil, clientID, 1)
		for range n {
			b.AddPing()
		}
		b.AddMaxData(5)
		datagram := b.Finish()
		body := datagram[:len(datagram)-crcSize]
		body[len(body)-2] = 0x0f + 1 // max_data becomes a message that has an element too few
		var p Packet
		if err := Parse(appendCRC(body, 0), &p); err != faultFrameElements {
			t.Errorf("behind %d frames: %v", n, err)
		}
	}
}
