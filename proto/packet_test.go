package proto

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
)

// The sizes at which sockets, paths and headers change their minds.
func TestDatagramsOfAllSizes(t *testing.T) {
	const overhead = 1 + 1 + 1 + 1 + 1 + crcSize // and the header of the payload
	for _, size := range []int{12, 15, 16, 266, 267, 269, 1199, 1200, 1201, 1472, 1473, 9000, 65506, MaxDatagram} {
		header := 2
		if size-overhead-2 > 255 {
			header = 3
		}
		r := Raw{Stream: 1, Seq: 2, SentAt: 3, Payload: bytes.Repeat([]byte{0xee}, size-overhead-header)}
		b := AppendRaw(nil, &r)
		if len(b) != size {
			t.Fatalf("made %d bytes, want %d", len(b), size)
		}
		var p Packet
		if err := Parse(b, &p); err != nil || !bytes.Equal(p.Raw.Payload, r.Payload) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if err := Parse(b[:size-1], &p); !errors.Is(err, ErrChecksum) {
			t.Errorf("%d bytes with the last one missing: got %v, want a checksum error", size, err)
		}
	}
}

// SPEC 2.1: text is told from packets by its first byte.
func TestNoTextIsAPacket(t *testing.T) {
	var p Packet
	for first := range 256 {
		err := Parse([]byte{byte(first), 'x'}, &p)
		if isPacket := first >= 0x90 && first <= 0x9f; isPacket == errors.Is(err, ErrNotPacket) {
			t.Errorf("first byte %#x: got %v", first, err)
		}
	}
	for r := rune(0); r <= 0x10ffff; r++ {
		if first := string(r)[0]; first >= 0x90 && first <= 0x9f {
			t.Fatalf("%U starts like a packet", r)
		}
	}
}

func TestErrorsSayWhatWasWrong(t *testing.T) {
	seen := map[string]bool{}
	for f := faultNone; f < faultCount; f++ {
		if faultTexts[f] == "" || seen[f.Error()] {
			t.Errorf("fault %d has no text of its own", f)
		}
		seen[f.Error()] = true
		if !errors.Is(f, ErrMalformed) || errors.Is(f, ErrChecksum) || errors.Is(f, ErrVersion) {
			t.Errorf("%v is not just malformed", f)
		}
	}
}

func TestNamesAreThoseOfTheSpecification(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{TypeRaw.String(), "raw"}, {TypeVersion.String(), "version"}, {Type(7).String(), "type(7)"},
		{FrameMessage.String(), "message"}, {FrameClose.String(), "close"}, {FrameChannelCredit.String(), "channel_credit"}, {FrameRepair.String(), "repair"}, {FrameECN.String(), "ecn"},
		{FrameReceivedAt.String(), "received_at"}, {FrameFin.String(), "fin"}, {FrameType(19).String(), "frame(19)"},
		{ModeOrdered.String(), "ordered"}, {ModeDeadline.String(), "deadline"}, {Mode(6).String(), "mode(6)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// An append to what Parse returned must not write into the datagram.
func TestSlicesEndWithTheirElement(t *testing.T) {
	b := buildData(clientID, 1, messageFrame(0, 1, "first"), messageFrame(0, 2, "second"))
	before := bytes.Clone(b)
	var p Packet
	if err := Parse(b, &p); err != nil {
		t.Fatal(err)
	}
	for _, f := range framesOf(&p.Data) {
		_ = append(f.Message.Payload, "overwrite"...)
	}
	if !bytes.Equal(b, before) {
		t.Errorf("the datagram is %x, was %x", b, before)
	}
}

// A datagram that is changed after Parse is a bug of its owner; the iterator
// then ends early, and stays inside. Of the frames that Parse kept only the bytes
// of payloads lie in the datagram.
func TestIteratorEndsWhenTheDatagramChanged(t *testing.T) {
	var frames []Frame
	for n := range maxKept + 2 {
		frames = append(frames, messageFrame(0, uint32(n), "message"))
	}
	b := buildData(clientID, 1, frames...)
	var p Packet
	if err := Parse(b, &p); err != nil {
		t.Fatal(err)
	}
	for i := range p.Data.frames {
		p.Data.frames[i] = 0xff
	}
	var f Frame
	it := p.Data.Frames()
	for n := range maxKept {
		if !it.Next(&f) || f.Message.Seq != uint32(n) || string(f.Message.Payload) != strings.Repeat("\xff", len("message")) {
			t.Errorf("frame %d, which was kept, is %+v", n, f.Message)
		}
	}
	for n := range 2 {
		if it.Next(&f) {
			t.Errorf("frame %d behind those was read from bytes that are none", n)
		}
	}
}

// All members of a Packet are used again and again, by whatever type comes next.
func TestPacketIsUsedAgain(t *testing.T) {
	var p Packet
	for range 2 {
		for _, v := range okVectors() {
			if err := Parse(v.bytes, &p); err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			if again := rebuild(&p, len(v.bytes)); !bytes.Equal(again, v.bytes) {
				t.Errorf("%s after other packets is %x, want %x", v.name, again, v.bytes)
			}
		}
	}
}

func TestManyGoroutinesAtOnce(t *testing.T) {
	vs := vectors()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var p Packet
			for _, v := range vs {
				if err := Parse(v.bytes, &p); !errors.Is(err, expectations[v.expect]) {
					t.Errorf("%s: %v", v.name, err)
				}
				Describe(v.bytes)
			}
		})
	}
	all.Wait()
}

func TestParseDamagedRaw(t *testing.T) {
	whole := AppendRaw(nil, &Raw{Stream: 99, Seq: 12, SentAt: 17, Payload: []byte("hello")})
	with := func(i int, c byte) []byte {
		b := bytes.Clone(whole)
		b[i] = c
		return b
	}
	for _, c := range []struct {
		comment string
		b       []byte
		want    string
		ok      bool
	}{
		{"a letter changed", with(8, 'x'), "hxllo", true},
		{"the crc changed", with(len(whole)-1, 0), "hello", true},
		{"the code of the crc changed", with(len(whole)-crcSize, 0), "hello", true},
		{"the stream changed", with(2, 3), "hello", true},
		{"another type", with(1, 5), "", false},
		{"another number of elements", with(0, 0x95), "", false},
		{"another length of the payload", with(5, 0x44), "", false},
		{"a shorter payload than is there", with(6, 4), "", false},
		{"cut", whole[:len(whole)-1], "", false},
		{"nothing but a crc", whole[len(whole)-crcSize:], "", false},
		{"too long", append(bytes.Clone(whole), make([]byte, MaxDatagram)...), "", false},
	} {
		var r Raw
		ok := ParseDamagedRaw(c.b, &r)
		if ok != c.ok || ok && string(r.Payload) != c.want {
			t.Errorf("%s: got %q %v, want %q %v", c.comment, r.Payload, ok, c.want, c.ok)
		}
	}
}
