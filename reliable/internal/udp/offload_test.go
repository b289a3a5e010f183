package udp

import "testing"

// The names are read as they are written, and nothing else is.
func TestOffloadNames(t *testing.T) {
	for _, o := range []Offload{OffloadAuto, OffloadBatch, OffloadNone} {
		if got, err := ParseOffload(o.String()); got != o || err != nil {
			t.Errorf("%v is read as %v, %v", o, got, err)
		}
	}
	for _, text := range []string{"", "Auto", "gso", "default", "Offload(4)"} {
		if got, err := ParseOffload(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if o := Offload(4); o.Valid() || o.String() != "Offload(4)" {
		t.Error(o, o.Valid())
	}
}
