package udp

import "testing"

// The names are read as they are written, and nothing else is.
func TestOffloadNames(t *testing.T) {
	for _, o := range []Offload{OffloadAuto, OffloadBatch, OffloadNone} {
		if got, err := ParseOffload(o.String()); got != o || err != nil {
			t.Errorf("%v is read as %v, %v", o, got, err)
		}
	}
	for _, text := range []string{"", "Auto", "gso", "Offload(3)"} {
		if got, err := ParseOffload(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if got := Offload(3).String(); got != "Offload(3)" {
		t.Error(got)
	}
}
