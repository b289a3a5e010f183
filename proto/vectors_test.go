package proto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

// A vector is a datagram with the answer it must get (SPEC 11). The tables in
// vectors_ok_test.go and vectors_hostile_test.go say what is meant; the files in
// testdata/vectors say which bytes that is, and change only with a new version.
type vector struct {
	name    string
	expect  string // ok, checksum, malformed, version or notpacket
	comment string
	bytes   []byte
}

var expectations = map[string]error{
	"ok": nil, "checksum": ErrChecksum, "malformed": ErrMalformed, "version": ErrVersion, "notpacket": ErrNotPacket,
}

func vectors() []vector { return append(okVectors(), hostileVectors()...) }

// text is the file of a vector.
func (v vector) text() string {
	return fmt.Sprintf("name: %s\nexpect: %s\ncomment: %s\nmeaning: %s\n\n%s", v.name, v.expect, v.comment, Describe(v.bytes), hexLines(v.bytes))
}

// hexLines writes bytes as hex, at most 16 a line. One to three bytes that come
// more than 20 times are a line of their own: the bytes, a star and the count.
func hexLines(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		if period, count := pattern(b); count > 0 {
			fmt.Fprintf(&s, "%x*%d\n", b[:period], count)
			b = b[period*count:]
			continue
		}
		n := 1
		for n < min(16, len(b)) {
			if _, count := pattern(b[n:]); count > 0 {
				break
			}
			n++
		}
		fmt.Fprintf(&s, "% x\n", b[:n])
		b = b[n:]
	}
	return s.String()
}

// pattern finds one to three bytes that b starts with many times.
func pattern(b []byte) (period, count int) {
	for period = 1; period <= 3 && period <= len(b); period++ {
		for count = 1; (count+1)*period <= len(b) && bytes.Equal(b[:period], b[count*period:(count+1)*period]); count++ {
		}
		if count > 20 {
			return period, count
		}
	}
	return 0, 0
}

// unhex is the inverse of hexLines. Spaces do not matter.
func unhex(t testing.TB, text string) (b []byte) {
	t.Helper()
	for _, field := range strings.Fields(text) {
		digits, count, repeated := strings.Cut(field, "*")
		part, err := hex.DecodeString(digits)
		n := 1
		if repeated && err == nil {
			n, err = strconv.Atoi(count)
		}
		if err != nil {
			t.Fatalf("bad hex %q: %v", field, err)
		}
		b = append(b, bytes.Repeat(part, n)...)
	}
	return b
}

func TestVectorFiles(t *testing.T) {
	dir := filepath.Join("testdata", "vectors")
	known := map[string]bool{}
	for _, v := range vectors() {
		file := filepath.Join(dir, v.name+".txt")
		if known[file] {
			t.Fatalf("two vectors are called %s", v.name)
		}
		known[file] = true
		if *update {
			if err := os.WriteFile(file, []byte(v.text()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; go test ./proto -run TestVectorFiles -update writes the files", err)
		}
		if string(got) != v.text() {
			t.Errorf("%s differs from what the code makes. A change of the wire needs a new version (SPEC 8).\nfile:\n%s\ncode:\n%s", file, got, v.text())
		}
		_, hexText, _ := strings.Cut(string(got), "\n\n")
		if !bytes.Equal(unhex(t, hexText), v.bytes) {
			t.Errorf("%s: the hex is not the datagram", file)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) != len(known) || len(known) < 40 {
		t.Errorf("%d vectors and %d files in %s, want as many and at least 40 (%v)", len(known), len(files), dir, err)
	}
}

func TestVectorsGetTheirAnswer(t *testing.T) {
	ref := NewReference()
	for _, v := range vectors() {
		var p, q Packet
		want, known := expectations[v.expect]
		if !known {
			t.Fatalf("%s expects %q", v.name, v.expect)
		}
		if err := Parse(v.bytes, &p); !errors.Is(err, want) {
			t.Errorf("%s: Parse answers %v, want %v", v.name, err, want)
		}
		if _, err := ref.Parse(v.bytes, &q, nil); !errors.Is(err, want) {
			t.Errorf("%s: Reference.Parse answers %v, want %v", v.name, err, want)
		}
		if want == nil {
			if again := rebuild(&p, len(v.bytes)); !bytes.Equal(again, v.bytes) {
				t.Errorf("%s: written again it is\n%x\nnot\n%x", v.name, again, v.bytes)
			}
		}
	}
}

// A packet cut anywhere is refused by its crc; with a crc that fits the rest
// (which no accident makes) it is refused by its structure.
func TestEveryTruncationIsRefused(t *testing.T) {
	for _, v := range okVectors() {
		var p Packet
		for n := range v.bytes {
			if err := Parse(v.bytes[:n], &p); err == nil {
				t.Errorf("%s cut to %d of %d bytes is accepted", v.name, n, len(v.bytes))
			}
			if n == 0 || n > len(v.bytes)-crcSize-1 {
				continue
			}
			cut := appendCRC(bytes.Clone(v.bytes[:n]), 0)
			if err := Parse(cut, &p); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s cut to %d of %d bytes with a new crc: got %v, want malformed", v.name, n, len(v.bytes), err)
			}
		}
	}
}

// SPEC 2.3: no single flipped bit goes unnoticed. Where the crc is made to fit
// the flipped packet, either that is refused or it is a packet in its own right,
// written again byte for byte.
func TestEveryBitFlipIsRefused(t *testing.T) {
	for _, v := range okVectors() {
		var p Packet
		b := bytes.Clone(v.bytes)
		for bit := range len(b) * 8 {
			b[bit/8] ^= 1 << (bit % 8)
			if err := Parse(b, &p); err == nil {
				t.Errorf("%s with bit %d flipped is accepted", v.name, bit)
			}
			forged := appendCRC(bytes.Clone(b[:len(b)-crcSize]), 0)
			if err := Parse(forged, &p); err == nil && !bytes.Equal(rebuild(&p, len(forged)), forged) {
				t.Errorf("%s with bit %d flipped and a new crc is accepted, but not canonical", v.name, bit)
			}
			b[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// rebuild writes a parsed packet again by hand.
func rebuild(p *Packet, size int) []byte {
	switch p.Type {
	case TypeRaw:
		return AppendRaw(nil, &p.Raw)
	case TypeHello:
		return AppendHello(nil, &p.Hello, size)
	case TypeRetry:
		return AppendRetry(nil, &p.Retry)
	case TypeAccept:
		return AppendAccept(nil, &p.Accept)
	case TypeReset:
		return AppendReset(nil, &p.Reset)
	case TypeVersion:
		return AppendVersions(nil, &p.Version)
	}
	return buildData(p.Data.DestID, p.Data.Number, framesOf(&p.Data)...)
}

// buildData writes a data packet of frames.
func buildData(destID uint64, number uint32, frames ...Frame) []byte {
	b := BeginData(nil, destID, number)
	for i := range frames {
		addFrame(&b, &frames[i])
	}
	return b.Finish()
}

func addFrame(b *DataBuilder, f *Frame) {
	switch f.Type {
	case FrameMessage, FrameFragment:
		b.AddMessage(&f.Message)
	case FrameAck:
		b.AddAck(&f.Ack)
	case FrameMaxData:
		b.AddMaxData(f.MaxData)
	case FramePing:
		b.AddPing()
	case FrameClose:
		b.AddClose(&f.Close)
	case FrameECN:
		b.AddECN(&f.ECN)
	case FrameReceivedAt:
		b.AddReceivedAt(&f.ReceivedAt)
	case FrameAckFrequency:
		b.AddAckFrequency(&f.AckFrequency)
	case FrameAckNow:
		b.AddAckNow()
	case FramePathChallenge:
		b.AddPathChallenge(f.PathToken)
	case FramePathResponse:
		b.AddPathResponse(f.PathToken)
	case FramePadding:
		b.addPaddingFrame(f.Padding)
	case FrameFin:
		b.AddFin(f.FinNext)
	case FrameSentAt:
		b.AddSentAt(f.SentAt)
	case FrameChannelCredit:
		b.AddChannelCredit(&f.ChannelCredit)
	case FrameSkip:
		b.AddSkip(&f.Lapse)
	case FrameLate:
		b.AddLate(&f.Lapse)
	case FrameRepair:
		b.AddRepair(&f.Repair)
	default:
		panic("a frame type that cannot be added")
	}
}

// framesOf collects the frames of a parsed packet, each on its own.
func framesOf(d *Data) (frames []Frame) {
	for it := d.Frames(); ; {
		var f Frame
		if !it.Next(&f) {
			return frames
		}
		frames = append(frames, f)
	}
}
