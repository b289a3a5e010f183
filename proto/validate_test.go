package proto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf8"
)

// oracle is Validate as one would write it first: recursive, an element at a
// time, with sizes from the msgpack specification and no ledger.
func oracle(b []byte) error {
	if len(b) > MaxDatagram {
		return errors.New("too long")
	}
	if len(b) == 0 || b[0] < 0x90 || b[0] > 0x9f && b[0] != 0xdc {
		return errors.New("no array")
	}
	rest, err := oracleElement(b, 1, true)
	if err == nil && len(rest) > 0 {
		return errors.New("trailing bytes")
	}
	return err
}

func oracleElement(b []byte, depth int, outermost bool) ([]byte, error) {
	if len(b) == 0 {
		return nil, errors.New("nothing left")
	}
	head := map[byte]int{0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, 0xc4: 1, 0xc5: 2, 0xd9: 1, 0xda: 2, 0xdc: 2}
	c, size := b[0], head[b[0]]
	if len(b) < 1+size {
		return nil, errors.New("header cut")
	}
	var wide [8]byte
	copy(wide[8-size:], b[1:1+size])
	v, rest := binary.BigEndian.Uint64(wide[:]), b[1+size:]
	least := map[byte]uint64{0xcc: 128, 0xcd: 1 << 8, 0xce: 1 << 16, 0xcf: 1 << 32, 0xc5: 1 << 8, 0xd9: 32, 0xda: 1 << 8, 0xdc: 16}
	if v < least[c] {
		return nil, errors.New("not smallest")
	}
	switch {
	case c <= 0x7f, c >= 0xcc && c <= 0xcf:
		return rest, nil
	case c == 0xc4, c == 0xc5:
		return oracleBytes(rest, v, false)
	case c >= 0xa0 && c <= 0xbf:
		return oracleBytes(rest, uint64(c-0xa0), true)
	case c == 0xd9, c == 0xda:
		return oracleBytes(rest, v, true)
	case c >= 0x90 && c <= 0x9f:
		v = uint64(c - 0x90)
	case c != 0xdc:
		return nil, errors.New("kind")
	}
	if depth > 4 && v > 0 {
		return nil, errors.New("deep")
	}
	if outermost && v == 0 {
		return nil, errors.New("no crc")
	}
	for n := v; n > 0; n-- {
		var err error
		if outermost && n == 1 {
			if len(rest) < 5 || rest[0] != 0xce {
				return nil, errors.New("no crc")
			}
			return rest[5:], nil
		}
		if rest, err = oracleElement(rest, depth+1, false); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func oracleBytes(b []byte, n uint64, text bool) ([]byte, error) {
	if n > uint64(len(b)) || text && !utf8.Valid(b[:n]) {
		return nil, errors.New("bytes")
	}
	return b[n:], nil
}

func TestValidateKnowsItsVectors(t *testing.T) {
	for _, v := range vectors() {
		if err := Validate(v.bytes); (err == nil) != (oracle(v.bytes) == nil) {
			t.Errorf("%s: Validate says %v, a recursive reading says %v", v.name, err, oracle(v.bytes))
		}
	}
}

// SPEC 2.2, with a crc element of any value.
func TestValidate(t *testing.T) {
	const crc = "ce00000000"
	for _, c := range []struct {
		comment, text string
		want          fault
	}{
		{"all kinds", "96 07 cc80 c40161 a161 93 01 02 90" + crc, faultNone},
		{"four arrays deep", "92 91 91 91 07" + crc, faultNone},
		{"an empty array is no level", "92 91 91 91 90" + crc, faultNone},
		{"five arrays deep", "92 91 91 91 91 07" + crc, faultDepth},
		{"sixteen elements", "dc0010" + "07*15" + crc, faultNone},
		{"fifteen elements with a header for sixteen", "dc000f" + "07*14" + crc, faultWide},
		{"a crc in its smallest form", "91 00", faultNoCRC},
		{"a crc in an inner array", "92 07 91" + crc, faultWide},
		{"a large number in an inner array is no crc", "92 07 91 ceffffffff", faultNoCRC},
		{"no elements", "90", faultNoCRC},
		{"no array", crc, faultKind},
		{"nothing", "", faultTruncated},
		{"behind the crc", "91 ceffffffff 00", faultTrailing},
		{"two levels together claim more than there is", "96 95 00 00 00 00 ceffffffff", faultTruncated},
		{"number cut", "92 cf00000000ffff", faultTruncated},
		{"nil", "92 c0" + crc, faultKind},
		{"false", "92 c2" + crc, faultKind},
		{"float", "92 ca00000000" + crc, faultKind},
		{"negative", "92 e0" + crc, faultKind},
		{"map", "92 80" + crc, faultKind},
		{"map16", "92 de0000" + crc, faultKind},
		{"fixext", "92 d40000" + crc, faultKind},
		{"ext8", "92 c70000" + crc, faultKind},
		{"array32", "92 dd00000001 07" + crc, faultTruncated},
		{"str32", "92 db00000001 61" + crc, faultTruncated},
		{"bin32", "92 c600000001 61" + crc, faultTruncated},
		{"not UTF-8", "92 a1ff" + crc, faultUTF8},
	} {
		b := unhex(t, spaced(c.text))
		err := Validate(b)
		got, _ := err.(fault)
		if got != c.want || (err == nil) != (c.want == faultNone) {
			t.Errorf("%s: Validate answers %v, want %v", c.comment, err, c.want)
		}
	}
}

// spaced puts spaces around repetitions so that unhex sees them.
func spaced(text string) string {
	b := bytes.ReplaceAll([]byte(text), []byte("07*15"), []byte(" 07*15 "))
	return string(bytes.ReplaceAll(b, []byte("07*14"), []byte(" 07*14 ")))
}
