package proto

import (
	"testing"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

func TestCodesMatchLibrary(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want byte
	}{
		{"fixint high", codeFixIntHigh, msgpcode.PosFixedNumHigh},
		{"fixarray low", codeFixArray, msgpcode.FixedArrayLow},
		{"fixarray high", codeFixArrayHigh, msgpcode.FixedArrayHigh},
		{"fixstr low", codeFixStr, msgpcode.FixedStrLow},
		{"fixstr high", codeFixStrHigh, msgpcode.FixedStrHigh},
		{"bin8", codeBin8, msgpcode.Bin8},
		{"bin16", codeBin16, msgpcode.Bin16},
		{"bin32", codeBin32, msgpcode.Bin32},
		{"uint8", codeUint8, msgpcode.Uint8},
		{"uint16", codeUint16, msgpcode.Uint16},
		{"uint32", codeUint32, msgpcode.Uint32},
		{"uint64", codeUint64, msgpcode.Uint64},
		{"str8", codeStr8, msgpcode.Str8},
		{"str16", codeStr16, msgpcode.Str16},
		{"str32", codeStr32, msgpcode.Str32},
		{"array16", codeArray16, msgpcode.Array16},
		{"array32", codeArray32, msgpcode.Array32},
		{"array mask", fixArrayMax, msgpcode.FixedArrayMask},
		{"string mask", fixStrMax, msgpcode.FixedStrMask},
	} {
		if c.got != c.want {
			t.Errorf("%s is %#x here and %#x in msgpcode", c.name, c.got, c.want)
		}
	}
}
