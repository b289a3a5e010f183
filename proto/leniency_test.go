package proto

import (
	"bytes"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// Why a datagram is validated before the library reads it, and why packets are
// not read by the library in the first place (SPEC 2.2). When one of these fails,
// the library got stricter, and the reason it gives can be taken out of doc.go.
func TestLibraryIsStillLenient(t *testing.T) {
	decoder := func(text string) *msgpack.Decoder { return msgpack.NewDecoder(bytes.NewReader(mustHex(text))) }
	for _, c := range []struct {
		comment, text string
		want          uint64
	}{
		{"nil is 0", "c0", 0},
		{"-1 is 2^64-1", "ff", 1<<64 - 1},
		{"7 in nine bytes is 7", "cf0000000000000007", 7},
	} {
		if got, err := decoder(c.text).DecodeUint64(); err != nil || got != c.want {
			t.Errorf("%s: now %d %v", c.comment, got, err)
		}
	}
	if got, err := decoder("ce01020304").DecodeUint8(); err != nil || got != 4 {
		t.Errorf("a number of 32 bits is cut to 8: now %d %v", got, err)
	}
	if got, err := decoder("a568656c6c6f").DecodeBytesLen(); err != nil || got != 5 {
		t.Errorf("a string is bytes: now %d %v", got, err)
	}
	if got, err := decoder("c0").DecodeArrayLen(); err != nil || got != -1 {
		t.Errorf("nil is an array: now %d %v", got, err)
	}
	if got, err := decoder("dd7fffffff").DecodeArrayLen(); err != nil || got != 1<<31-1 {
		t.Errorf("an array of 2 billion elements in five bytes: now %d %v", got, err)
	}
}

// A Reference must answer the same after it met bytes it could not read.
func TestReferenceSurvivesErrors(t *testing.T) {
	ref := NewReference()
	for range 2 {
		for _, v := range vectors() {
			if len(v.bytes) <= fuzzLongest {
				compare(t, ref, v.bytes)
			}
		}
	}
}
