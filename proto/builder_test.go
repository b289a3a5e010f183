package proto

import (
	"bytes"
	"encoding/hex"
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
		"reserved mode":      func() { begin().AddMessage(&Message{Mode: 1}) },
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
		"type without bytes": func() { readPacket(nil, 0, &Packet{Type: 9}, 0) },
		"type without name":  func() { appendPacket(nil, &Packet{Type: 9}, 0) },
		"frame without name": func() { appendFrame(nil, &Frame{}) },
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
