package proto

import (
	"bytes"
	"encoding/hex"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// Len must be right for a caller that fills a packet up to the last byte:
// Len before, plus the size of a frame, is the length with it.
func TestLenIsTheLengthOfTheDatagram(t *testing.T) {
	frames := []Frame{
		messageFrame(0, 1, "x"), messageFrame(200, 1<<20, strings.Repeat("y", 300)), fragmentFrame(70000, 300, "z"),
		ackFrame(5, time.Second, AckRange{0, 1}), manyRanges(MaxAckRanges), ackFrame(500, 0, AckRange{0, 300}, AckRange{200, 1}),
	}
	for count := 1; count <= 40; count++ {
		b := BeginData(nil, clientID, 1)
		for i := range count {
			f := frames[i%len(frames)]
			before, size := b.Len(), 0
			if f.Type == FrameAck {
				size = AckFrameSize(&f.Ack)
			} else {
				size = MessageFrameSize(&f.Message)
			}
			addFrame(&b, &f)
			if got := b.Len(); i+1 != fixArrayMax && got != before+size {
				t.Fatalf("frame %d: Len() is %d, want %d and %d of the frame", i+1, got, before, size)
			}
		}
		length, number := b.Len(), b.Frames()
		if number == fixArrayMax {
			length -= 2 // the next frame would bring a wider header, and Len counts it already
		}
		var p Packet
		datagram := b.Finish()
		if err := Parse(datagram, &p); err != nil || length != len(datagram) || number != count {
			t.Errorf("%d frames: Len() %d, Frames() %d, %d bytes (%v)", count, length, number, len(datagram), err)
		}
	}
}

// An MTU probe has exactly the length it asks about, whatever the headers of
// its padding and of the array of frames need.
func TestPaddedToEveryLength(t *testing.T) {
	for pings := range 20 {
		for n := MinPadding; n < 1500; n++ {
			b := BeginData(bytes.Repeat([]byte{0xff}, 3000)[:0], clientID, 1) // what was there must not show
			for range pings {
				b.AddPing()
			}
			want := b.Len() + n
			b.AddPadding(n)
			frames := b.Frames()
			datagram := b.Finish()
			var p Packet
			if err := Parse(datagram, &p); err != nil || len(datagram) != want {
				t.Fatalf("%d pings and %d bytes of padding: %d bytes, want %d (%v)", pings, n, len(datagram), want, err)
			}
			if n != 260 && frames != pings+1 {
				t.Fatalf("%d bytes of padding are %d frames, want one", n, frames-pings)
			}
		}
	}
	for _, size := range []int{1280, 1472, 8972, MaxDatagram} {
		if got := len(probePacket(size)); got != size {
			t.Errorf("a probe of %d bytes has %d", size, got)
		}
	}
}

// Len()+n must hold for the frames with a size of their own, too.
func TestSizesOfThePathFrames(t *testing.T) {
	length := func(f Frame) int {
		return len(buildData(clientID, 1, f)) - len(buildData(clientID, 1, Frame{Type: FramePing})) + 2
	}
	for _, v := range []uint64{0, 127, 128, 1 << 8, 1 << 16, 1 << 32, math.MaxUint64} {
		e := ECN{ECT0: v, ECT1: v / 3, CE: v / 1000}
		r := ReceivedAt{Number: uint32(v), At: time.Duration(v >> 1)}
		a := AckFrequency{Seq: uint32(v), Threshold: uint16(v) | 1, MaxDelay: time.Duration(v >> 1), ReportReceivedAt: v&1 != 0}
		for _, c := range []struct {
			f    Frame
			want int
		}{
			{Frame{Type: FrameECN, ECN: e}, ECNFrameSize(&e)},
			{Frame{Type: FrameReceivedAt, ReceivedAt: r}, ReceivedAtFrameSize(&r)},
			{Frame{Type: FrameAckFrequency, AckFrequency: a}, AckFrequencyFrameSize(&a)},
		} {
			if got := length(c.f); got != c.want {
				t.Errorf("%+v: size %d, want %d", c.f, c.want, got)
			}
		}
	}
	for _, kind := range []FrameType{FramePathChallenge, FramePathResponse} {
		if got := length(Frame{Type: kind, PathToken: math.MaxUint64}); got != PathFrameSize {
			t.Errorf("%v: at most %d bytes, PathFrameSize says %d", kind, got, PathFrameSize)
		}
	}
	if got := length(Frame{Type: FrameFin, FinNext: math.MaxUint32}); got != FinFrameSize {
		t.Errorf("fin: at most %d bytes, FinFrameSize says %d", got, FinFrameSize)
	}
	if got := length(Frame{Type: FrameSentAt, SentAt: math.MaxUint32}); got != SentAtFrameSize {
		t.Errorf("sent_at: at most %d bytes, SentAtFrameSize says %d", got, SentAtFrameSize)
	}
	if got := length(Frame{Type: FrameChannelCredit, ChannelCredit: ChannelCredit{255, math.MaxUint64}}); got != ChannelCreditFrameSize {
		t.Errorf("channel_credit: at most %d bytes, ChannelCreditFrameSize says %d", got, ChannelCreditFrameSize)
	}
	for _, kind := range []FrameType{FrameSkip, FrameLate} {
		if got := length(Frame{Type: kind, Lapse: Lapse{255, ModeDeadline, math.MaxUint32, math.MaxUint16}}); got != LapseFrameSize {
			t.Errorf("%v: at most %d bytes, LapseFrameSize says %d", kind, got, LapseFrameSize)
		}
	}
	for _, n := range []int{MinSymbol, 255, 256, 1200} {
		for _, r := range []Repair{
			{Span: 1, Key: 1, Payload: make([]byte, n)},
			{Channel: 16, Mode: ModeUnordered, Span: MaxSpan, Key: 128, Seq: 128, Payload: make([]byte, n)},
			{Channel: 255, Mode: ModeDeadline, Span: 2, Key: math.MaxUint16, Seq: math.MaxUint32, Payload: make([]byte, n)},
		} {
			if got, want := length(Frame{Type: FrameRepair, Repair: r}), RepairFrameSize(&r); got != want {
				t.Errorf("repair of %d bytes: size %d, want %d", n, got, want)
			}
		}
	}
}

// Times are rounded down and cut to what the wire has.
func TestTimesAreCutToTheirRange(t *testing.T) {
	for _, c := range []struct {
		f    Frame
		want string
	}{
		{Frame{Type: FrameReceivedAt, ReceivedAt: ReceivedAt{At: -time.Second}}, "[received_at 0 at 0s]"},
		{Frame{Type: FrameReceivedAt, ReceivedAt: ReceivedAt{At: 1999}}, "[received_at 0 at 1µs]"},
		{Frame{Type: FrameReceivedAt, ReceivedAt: ReceivedAt{At: math.MaxInt64}}, "[received_at 0 at 2501999h47m34.740991s]"},
		{Frame{Type: FrameAckFrequency, AckFrequency: AckFrequency{Threshold: 1, MaxDelay: -1}}, "[ack_frequency 0 every 1 within 0s]"},
		{Frame{Type: FrameAckFrequency, AckFrequency: AckFrequency{Threshold: 1, MaxDelay: math.MaxInt64}}, "[ack_frequency 0 every 1 within 1h11m34.967295s]"},
		{deadlineFrame(1, -1, "x"), "[message 9:1 deadline 1B left 0s]"},
		{deadlineFrame(1, 127999, "x"), "[message 9:1 deadline 1B left 64µs]"},
		{deadlineFrame(1, math.MaxInt64, "x"), "[message 9:1 deadline 1B left 76h21m17.90688s]"},
	} {
		if got, want := Describe(buildData(clientID, 1, c.f)), "data 1 "+c.want; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestFilledToTheLastByte(t *testing.T) {
	m := messageFrame(0, 1, "12345678").Message
	for limit := 60; limit < 400; limit++ {
		b := BeginData(nil, clientID, 1)
		for b.Len()+MessageFrameSize(&m) <= limit {
			b.AddMessage(&m)
		}
		n := b.Frames()
		datagram := b.Finish()
		frame := MessageFrameSize(&m)
		if len(datagram) > limit || len(datagram)+frame+2 <= limit {
			t.Errorf("%d frames and %d bytes where %d fit", n, len(datagram), limit)
		}
	}
}

// A caller may ask what a message would need that fits no datagram.
func TestSizeOfAnyMessageFrame(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 65535, 65536, MaxMessage} {
		for _, f := range []Frame{
			{Type: FrameMessage, Message: Message{Channel: 9, Seq: 300, Size: uint32(n), Payload: make([]byte, n)}},
			{Type: FrameFragment, Message: Message{Seq: 1 << 20, Size: MaxMessage, Offset: MaxMessage - uint32(n), Payload: make([]byte, n)}},
			{Type: FrameMessage, Message: Message{Mode: ModeDeadline, Left: time.Second, Size: uint32(n), Payload: make([]byte, n)}},
			{Type: FrameFragment, Message: Message{Mode: ModeDeadline, Left: leftUnit, Size: MaxMessage, Payload: make([]byte, n)}},
		} {
			if f.Type == FrameFragment && (n == 0 || n == MaxMessage) {
				continue
			}
			empty := Packet{Type: TypeData, Data: Data{DestID: 5}}
			with := NewReference().Append(nil, &empty, []Frame{f}, 0)
			without := NewReference().Append(nil, &empty, nil, 0)
			if got, want := MessageFrameSize(&f.Message), len(with)-len(without); got != want {
				t.Errorf("%v of %d bytes: size %d, want %d", f.Type, n, got, want)
			}
		}
	}
}

// MessageFit is the most that MessageFrameSize lets in, for every room, around
// the widths of a payload's length as well.
func TestMessageFitIsTheMostThatFits(t *testing.T) {
	data := make([]byte, 70_000)
	for _, m := range []Message{
		{Seq: 1, Size: 0},
		{Seq: 1, Size: 1, Payload: data[:1]},
		{Seq: 300, Size: 250, Payload: data[:250]},
		{Seq: 1 << 20, Size: 300, Payload: data[:300]},
		{Channel: 200, Seq: 1 << 20, Size: 1400, Offset: 200, Payload: data[200:1400]},
		{Mode: ModeDeadline, Left: time.Second, Seq: 7, Size: 300, Payload: data[:300]},
		{Seq: 7, Size: 70_000, Payload: data},
		{Seq: 7, Size: 70_000, Offset: 100, Payload: data[100:]},
	} {
		size := func(n int) int {
			part := m
			part.Payload = m.Payload[:n]
			return MessageFrameSize(&part)
		}
		for room := range 2000 {
			checkFit(t, &m, room, size)
		}
		for room := 65_000; room < 70_100; room++ {
			checkFit(t, &m, room, size)
		}
	}
}

func checkFit(t *testing.T, m *Message, room int, size func(n int) int) {
	t.Helper()
	got, all := MessageFit(m, room), len(m.Payload)
	switch {
	case got == all && size(all) <= room:
	case got == -1:
		if all == 0 && size(0) <= room || all > 1 && size(1) <= room || all == 1 && size(1) <= room {
			t.Fatalf("nothing of %d bytes fits into %d, but a byte does", all, room)
		}
	case got < 1 || got >= all || size(got) > room:
		t.Fatalf("%d of %d bytes fit into %d?", got, all, room)
	case size(all) <= room || got+1 < all && size(got+1) <= room:
		t.Fatalf("%d of %d bytes fit into %d, but more does", got, all, room)
	}
}

// SPEC 6.3 has this number, too.
func TestDataOverhead(t *testing.T) {
	b := BeginData(nil, 1<<64-1, 1<<32-1)
	size := 0
	for range 16 {
		b.AddPing()
		size += 2
	}
	if got := len(b.Finish()) - size; got != DataOverhead {
		t.Errorf("the largest overhead is %d, DataOverhead says %d", got, DataOverhead)
	}
	r := Raw{Stream: 1<<64 - 1, Seq: 1<<32 - 1, SentAt: 1<<64 - 1, Payload: make([]byte, 300)}
	if got := len(AppendRaw(nil, &r)) - 300; got != RawOverhead {
		t.Errorf("the largest overhead of raw is %d, RawOverhead says %d", got, RawOverhead)
	}
}

// SPEC 6.3: what one message and an ack cost while numbers are below 65536.
func TestTypicalOverhead(t *testing.T) {
	for _, c := range []struct {
		comment       string
		number        uint32
		payload, want int
	}{
		{"a young connection", 127, 100, 28},
		{"numbers of 16 bits, a short message", 65535, 255, 34},
		{"numbers of 16 bits, a message of two length bytes", 65535, 1100, 35},
		{"numbers of 32 bits", 1<<32 - 1, 1100, 41},
	} {
		ack := ackFrame(c.number, 5*time.Millisecond, AckRange{0, 127})
		b := buildData(1<<64-1, c.number, ack, messageFrame(6, c.number, strings.Repeat("x", c.payload)))
		if got := len(b) - c.payload; got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.comment, got, c.want)
		}
	}
}

// The picture in doc.go is the bytes this package makes.
func TestDocumentedPacket(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, picture, _ := strings.Cut(string(source), "message of ten:\n//\n")
	picture, _, found := strings.Cut(picture, "\n//\n")
	if !found {
		t.Fatal("no picture in doc.go")
	}
	var digits strings.Builder
	for line := range strings.Lines(picture) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "//")
		line = strings.ReplaceAll(line, `"ten  bytes"`, hex.EncodeToString([]byte("ten  bytes")))
		code, _, _ := strings.Cut(strings.TrimLeft(line, "\t "), "  ")
		digits.WriteString(code + " ")
	}
	if got, want := unhex(t, digits.String()), docPacket(); !bytes.Equal(got, want) {
		t.Errorf("doc.go draws\n%x\nand the packet is\n%x", got, want)
	}
}

func TestAckLeavesOutWhatIsTooFar(t *testing.T) {
	far := ackFrame(100, -time.Second, AckRange{0, 10}, AckRange{1 << 30, 5}, AckRange{1 << 30, 5}, AckRange{1, 1})
	b := buildData(clientID, 1, far)
	if got, want := Describe(b), "data 1 [ack 100 (0s) 91-100 3221225558-3221225562]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	late := ackFrame(100, time.Duration(1<<62), AckRange{0, 1})
	if got, want := Describe(buildData(clientID, 1, late)), "data 1 [ack 100 (76h21m17.90688s) 100]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCloseReasonIsCutToWhatMayTravel(t *testing.T) {
	for _, c := range []struct{ comment, reason, want string }{
		{"as it is", "grüße", "grüße"},
		{"bytes that are not UTF-8", "bad\xffword", "bad"},
		{"half a rune at the end", "gr\xc3", "gr"},
		{"a replacement character is one", "a�b", "a�b"},
		{"too long", strings.Repeat("a", 300), strings.Repeat("a", 256)},
		{"too long, a rune across the end", strings.Repeat("a", 255) + "ü", strings.Repeat("a", 255)},
	} {
		var p Packet
		if err := Parse(buildData(clientID, 1, Frame{Type: FrameClose, Close: Close{Reason: []byte(c.reason)}}), &p); err != nil {
			t.Fatalf("%s: %v", c.comment, err)
		}
		if got := string(framesOf(&p.Data)[0].Close.Reason); got != c.want {
			t.Errorf("%s: got %q, want %q", c.comment, got, c.want)
		}
	}
}

func TestHelloOfEverySize(t *testing.T) {
	h := Hello{Version: Version, SourceID: 5, Params: vectorParams}
	for _, c := range []struct{ size, want int }{{-1, 1200}, {0, 1200}, {1200, 1200}, {1201, 1201}, {1472, 1472}, {MaxDatagram, MaxDatagram}, {1 << 20, MaxDatagram}} {
		prefix := []byte("prefix")
		b := AppendHello(prefix, &h, c.size)[len(prefix):]
		var p Packet
		if err := Parse(b, &p); err != nil || len(b) != c.want {
			t.Errorf("size %d: %d bytes, want %d (%v)", c.size, len(b), c.want, err)
		}
	}
	// A buffer that was used before must not show through the padding.
	dirty := bytes.Repeat([]byte{0xff}, 2000)
	if err := Parse(AppendHello(dirty[:0], &h, 0), new(Packet)); err != nil {
		t.Errorf("in a used buffer: %v", err)
	}
}

// What the specification forbids is not sent: these are bugs of the caller, and
// the peer would only count them.
func TestForbiddenValuesPanic(t *testing.T) {
	params := vectorParams
	begin := func() *DataBuilder { b := BeginData(nil, 1, 1); return &b }
	for name, f := range map[string]func(){
		"id zero":            func() { AppendReset(nil, &Reset{}) },
		"data id zero":       func() { BeginData(nil, 0, 1) },
		"no frames":          func() { begin().Finish() },
		"reserved mode":      func() { begin().AddMessage(&Message{Mode: modeCount}) },
		"size too small":     func() { begin().AddMessage(&Message{Payload: []byte("x")}) },
		"outside":            func() { begin().AddMessage(&Message{Size: 5, Offset: 5, Payload: []byte("x")}) },
		"empty fragment":     func() { begin().AddMessage(&Message{Size: 5}) },
		"too large":          func() { begin().AddMessage(&Message{Size: MaxMessage + 1, Payload: []byte("x")}) },
		"no ranges":          func() { begin().AddAck(&Ack{}) },
		"too many ranges":    func() { begin().AddAck(&Ack{N: MaxAckRanges + 1}) },
		"empty range":        func() { begin().AddAck(&Ack{N: 1}) },
		"empty gap":          func() { begin().AddAck(&Ack{N: 2, Ranges: [MaxAckRanges]AckRange{{0, 1}, {0, 1}}}) },
		"no token in retry":  func() { AppendRetry(nil, &Retry{DestID: 1}) },
		"long token":         func() { AppendHello(nil, &Hello{SourceID: 1, Token: make([]byte, 65), Params: params}, 0) },
		"small packets":      func() { AppendAccept(nil, &Accept{DestID: 1, SourceID: 1}) },
		"no versions":        func() { AppendVersions(nil, &Versions{DestID: 1}) },
		"too many versions":  func() { AppendVersions(nil, &Versions{DestID: 1, Count: 9}) },
		"late without one":   func() { begin().AddLate(&Lapse{Mode: ModeDeadline}) },
		"skip, not deadline": func() { begin().AddSkip(&Lapse{Mode: ModeLatest, Count: 1}) },
		"repair of latest":   func() { begin().AddRepair(&Repair{Mode: ModeLatest, Span: 1, Key: 1, Payload: make([]byte, 2)}) },
		"repair of nothing":  func() { begin().AddRepair(&Repair{Key: 1, Payload: make([]byte, 2)}) },
		"repair of 65":       func() { begin().AddRepair(&Repair{Span: MaxSpan + 1, Key: 1, Payload: make([]byte, 2)}) },
		"repair without key": func() { begin().AddRepair(&Repair{Span: 1, Payload: make([]byte, 2)}) },
		"symbol too short":   func() { begin().AddRepair(&Repair{Span: 1, Key: 1, Payload: make([]byte, 1)}) },
		"threshold zero":     func() { begin().AddAckFrequency(&AckFrequency{}) },
		"padding too short":  func() { begin().AddPadding(MinPadding - 1) },
		"padding too long":   func() { begin().AddPadding(MaxDatagram + 1) },
		"type without bytes": func() { readPacket(nil, 0, &Packet{Type: 9}, 0) },
		"type without name":  func() { appendPacket(nil, &Packet{Type: 9}, 0) },
		"frame without name": func() { appendFrame(nil, &Frame{Type: frameTypeCount}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
