package proto

import "testing"

// The seeds of the targets that take a datagram are all the vectors, and what
// earlier runs found worth keeping in testdata/fuzz.
//
// Only short ones: the engine minimizes what it finds by trying every cut, which
// with a datagram of 60 KB is all it would do. Run the targets with
// -fuzzminimizetime 20x.
func seed(f *testing.F) {
	for _, v := range vectors() {
		if len(v.bytes) <= fuzzLongest {
			f.Add(v.bytes)
		}
	}
}

const fuzzLongest = 1300

// FuzzValidate looks for bytes that Validate lets through and that are then not
// what it promised: readable by a lenient library, element by element.
func FuzzValidate(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Validate(b)
		if (err == nil) != (oracle(b) == nil) {
			t.Fatalf("Validate says %v, a recursive reading says %v, for %x", err, oracle(b), b)
		}
		if err == nil {
			ref := NewReference()
			ref.dump(b)
		}
	})
}

// FuzzParse looks for a panic, and for a packet that is accepted although it is
// not canonical.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, appendCRC(b[:len(b):len(b)], 0)} {
			var p Packet
			var r Raw
			if err := Parse(b, &p); err == nil {
				if again := rebuild(&p, len(b)); string(again) != string(b) {
					t.Fatalf("accepted\n%x\nand written again as\n%x", b, again)
				}
			}
			ParseDamagedRaw(b, &r)
			if Describe(b) == "" {
				t.Fatal("nothing to say about a datagram")
			}
		}
	})
}

// FuzzRoundTrip makes packets that fit the specification and expects them back.
func FuzzRoundTrip(f *testing.F) {
	for n := range int(typeCount) * 4 {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(n + n*i*37)
		}
		b[0] = byte(n)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, NewReference(), source{b}) })
}

// FuzzDifferential looks for a datagram about which the hand-written code and
// the library disagree.
func FuzzDifferential(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		ref := NewReference()
		compare(t, ref, b)
		compare(t, ref, appendCRC(b[:len(b):len(b)], 0))
	})
}
