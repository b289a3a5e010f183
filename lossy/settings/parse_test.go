package settings

import (
	"errors"
	"testing"
	"time"

	"udplab/lossy"
)

func TestParse(t *testing.T) {
	c := lossy.Config{Seed: 3}
	if err := Parse([]byte(`{"up":{"loss":"5%"},"delay":"40ms"}`), &c); err != nil {
		t.Fatal(err)
	}
	want := lossy.Config{Seed: 3, Up: lossy.Profile{Loss: 0.05, Delay: 40 * time.Millisecond}, Down: lossy.Profile{Delay: 40 * time.Millisecond}}
	if c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	for _, bad := range []string{`[]`, `{"up":{"colour":"red"}}`, `{"jitter":"1ms"}`, `{"loss-model":"trace:/etc/passwd"}`} {
		if err := Parse([]byte(bad), new(lossy.Config)); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	if err := Parse([]byte(`{"link-trace":"/etc/passwd"}`), new(lossy.Config)); !errors.Is(err, lossy.ErrNamesFile) {
		t.Errorf("%v, want ErrNamesFile", err)
	}
}
