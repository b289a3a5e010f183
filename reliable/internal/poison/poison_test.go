package poison

import (
	"bytes"
	"testing"
)

func TestWhatComesBackIsSpoiled(t *testing.T) {
	var p Buffers
	a, b := p.Get(3), p.Get(5)
	copy(a, "abc")
	copy(b, "12345")
	p.Put(a[:1])
	if !bytes.Equal(a, []byte{Byte, Byte, Byte}) || string(b) != "12345" || p.Lent() != 1 {
		t.Errorf("%x came back, %q and %d buffers are still lent", a, b, p.Lent())
	}
	for name, wrong := range map[string][]byte{"twice": a, "the middle": b[1:], "a stranger": make([]byte, 3)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic when this comes back: %s", name)
				}
			}()
			p.Put(wrong)
		}()
	}
}
