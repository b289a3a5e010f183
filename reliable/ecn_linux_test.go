package reliable

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"udplab/reliable/arq"
	"udplab/reliable/congestion"
	"udplab/reliable/internal/udp"
)

// The core's marks and the socket's are the bits of the IP header.
func TestMarksAreThoseOfTheHeader(t *testing.T) {
	for mark, want := range map[arq.ECN]udp.ECN{
		arq.NotECT: udp.NotECT, arq.ECT0: udp.ECT0, arq.ECT1: udp.ECT1, arq.CE: udp.CE,
	} {
		if udp.ECN(mark) != want {
			t.Errorf("mark %d of the core is %v of the socket", mark, udp.ECN(mark))
		}
	}
}

// Over real sockets: what a hop marks as congested, the peer reports, and the
// sender's window goes down without a loss.
func TestCongestionMarksAreObeyed(t *testing.T) {
	config := &Config{
		FixedPacket: 1200, // a window is many packets then
		Congestion:  func(c congestion.Config) congestion.Controller { return congestion.NewNewReno(c) },
	}
	l := listen(t, config)
	n := translate(t, addrOf(l), 1)
	raw, err := n.outer[0].SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	mark := func(tos int) {
		err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, tos)
		})
		if err != nil || failed != nil {
			t.Fatal(err, failed)
		}
	}
	mark(int(udp.ECT0)) // a hop that passes marks on
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, err := Dial(ctx, "udp", n.inner.LocalAddr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort()
	b, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	transfer := func() {
		t.Helper()
		if err := a.Send(ctx, make([]byte, 500_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		settled(t, a)
	}
	transfer()
	if s := a.Stats(); s.MarksReported != 0 {
		t.Fatalf("%d marks reported before any was set", s.MarksReported)
	}
	before := a.Stats().CongestionWindow
	mark(int(udp.CE)) // it is congested now
	transfer()
	if got := b.Stats().MarksReceived; got == 0 {
		t.Error("the receiver saw no marks")
	}
	s := a.Stats()
	if s.MarksReported == 0 {
		t.Error("the sender was told of no marks")
	}
	if s.CongestionWindow >= before {
		t.Errorf("the window went from %d to %d", before, s.CongestionWindow)
	}
}
