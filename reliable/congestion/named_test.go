package congestion

import "testing"

func TestEveryNameMakesTheControllerOfThatName(t *testing.T) {
	for _, name := range Names() {
		if got := Named(name)(Config{MaxPacket: packet}).Name(); got != name {
			t.Errorf("%q makes %q", name, got)
		}
	}
	if Named("carrier pigeon") != nil {
		t.Error("a name that stands for nothing makes a controller")
	}
}
