package proxy

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
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

// unreachable is a system that opens no socket to the service.
type unreachable struct{ system }

func (unreachable) dial(to netip.AddrPort, _ int, _ sink) (back, error) {
	why := os.NewSyscallError("connect", syscall.EHOSTUNREACH)
	return nil, &net.OpError{Op: "dial", Net: "udp", Addr: net.UDPAddrFromAddrPort(to), Err: why}
}

// Why there is no socket for a client is what the system said, and nothing that
// package net says around it; whoever asks whether the proxy is ready is told.
func TestFlowErrorIsTheSystems(t *testing.T) {
	b := startBenchOn(t, unreachable{newSystem()}, Config{}, netip.MustParseAddrPort("127.0.0.1:9"))
	if err := b.FlowError(); err != nil {
		t.Errorf("%v before anything was sent", err)
	}
	send(t, client(t, b.Proxy), "let me in")
	eventually(t, "it is refused", func() bool { return b.Stats().Up.Dropped[CauseFlowError] == 1 })
	err := b.FlowError()
	if !errors.Is(err, syscall.EHOSTUNREACH) || err.Error() != "connect: "+syscall.EHOSTUNREACH.Error() {
		t.Errorf("the reason is %v, want what the system said", err)
	}
	ready := b.Ready()
	if want := "up: this machine lost 1 datagrams (flow_error: " + err.Error() + ")"; !errors.Is(ready, syscall.EHOSTUNREACH) || ready.Error() != want {
		t.Errorf("ready: %v, want %s", ready, want)
	}
}
