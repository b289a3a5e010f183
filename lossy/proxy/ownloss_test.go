package proxy

import (
	"errors"
	"testing"
	"time"

	"udplab/lossy"
)

// A datagram that the machine lost makes the proxy not ready for as long as one
// that is late does; what is not the machine's fault does not.
func TestReadyKnowsOwnLosses(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	lose := func(why Cause) { b.table.refuse(lossy.Up, []message{{bytes: []byte("x")}}, why) }
	lost := func(want uint64, why string) {
		t.Helper()
		var got uint64
		var loss *LossError
		if err := b.Ready(); errors.As(err, &loss) {
			if got = loss.Packets; loss.Direction != lossy.Up || loss.Cause != "flow_error" {
				t.Errorf("%s: %v", why, err)
			}
		}
		if got != want {
			t.Errorf("%s: %d lost of late, want %d", why, got, want)
		}
	}
	lost(0, "nothing was lost")
	for _, why := range []Cause{CauseFlowLimit, CauseFlowClosed, CauseOversize} {
		lose(why)
	}
	lost(0, "nothing is the machine's fault")
	lose(CauseFlowError)
	lose(CauseFlowError)
	lost(2, "no descriptors")
	b.pass(latenessWindow - 1)
	lost(2, "in this window")
	b.pass(1)
	lost(2, "at its end")
	lose(CauseFlowError)
	lost(3, "both windows")
	b.pass(latenessWindow)
	lost(3, "in the window before")
	lost(1, "the first two are past")
	b.pass(latenessWindow)
	lost(1, "in the window before")
	lost(0, "all are past")
	lose(CauseFlowError)
	b.pass(time.Hour)
	lost(1, "nobody has asked since")
	b.pass(2 * latenessWindow)
	lost(0, "it is known")
}
