package proto

import (
	"bytes"
	"strings"
	"testing"
)

// The vectors hold a line for each packet; here is what must never be on one.
func TestDescribeIsOneSafeLine(t *testing.T) {
	hostile := []byte("\x1b[2J\r\n\u202e\x00\u2028evil")
	for _, b := range [][]byte{
		hostile,
		AppendRaw(nil, &Raw{Payload: hostile}),
		buildData(clientID, 1, Frame{Type: FrameClose, Close: Close{Reason: hostile}}),
		sealed("93 d9" + "20" + strings.Repeat("0a", 32) + "05"),
		AppendRaw(nil, &Raw{Payload: hostile})[:20],
		AppendRaw(nil, &Raw{Payload: bytes.Repeat(hostile, 3)}),
	} {
		line := Describe(b)
		for _, r := range line {
			if r < ' ' || r > '~' {
				t.Errorf("%q has a character that is not printable ASCII", line)
				break
			}
		}
		if line == "" {
			t.Errorf("nothing to say about %x", b)
		}
	}
}

func TestDescribeIsShort(t *testing.T) {
	long := AppendRaw(nil, &Raw{Payload: bytes.Repeat([]byte("x"), 60000)})
	nested := append(mustHex("94 07 dc4e20"), make([]byte, 20000)...)
	nested = appendCRC(append(nested, 0x07), 0)
	for _, b := range [][]byte{long, nested, bytes.Repeat([]byte("text "), 10000), buildData(clientID, 1, repeat(Frame{Type: FramePing}, 1000)...)} {
		if line := Describe(b); len(line) > 500 {
			t.Errorf("a line of %d bytes for a datagram of %d: %s", len(line), len(b), line[:500])
		}
	}
}
