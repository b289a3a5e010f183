package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"udplab/lossy"
	"udplab/proto"
)

// TestRawChat: two people on a perfect wire. The first to come hears of the
// second by its hello, the second by the answer.
func TestRawChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, RawMode, "ann", homeAddr, awayAddr)
		synctest.Wait()
		b := inNetwork(t, n, RawMode, "bob", awayAddr, homeAddr)
		synctest.Wait()
		a.say("hi", "bob")
		b.say("hi yourself")
		synctest.Wait()
		for _, l := range []*listener{a, b} {
			if diff := cmp.Diff([]PeerState{PeerJoined}, l.states()); diff != "" {
				t.Errorf("news of the peer, want - got +\n%s", diff)
			}
			if got := l.told(Lost, Late, Duplicate, Damaged, Failed); len(got) > 0 {
				t.Errorf("on a perfect wire: %+v", got)
			}
		}
		if diff := cmp.Diff([]string{"hi", "bob"}, b.texts(Received)); diff != "" {
			t.Errorf("bob reads, want - got +\n%s", diff)
		}
		if got := b.told(Received)[0]; got.Name != "ann" || got.From != homeAddr.String() || got.ID != 1 {
			t.Errorf("bob got %+v", got)
		}
		a.SetName("anna")
		a.say("new name")
		synctest.Wait()
		if err := a.close(time.Second); err != nil {
			t.Errorf("close: %v", err)
		}
		synctest.Wait()
		want := []PeerState{PeerJoined, PeerRenamed, PeerLeft}
		if diff := cmp.Diff(want, b.states()); diff != "" {
			t.Errorf("news for bob, want - got +\n%s", diff)
		}
		c := a.Counters()
		if c.LinesSent != 3 || c.LinesReceived != 1 || c.LinesDelivered != 0 || c.DatagramsSent != 6 || c.BytesSent == 0 {
			t.Errorf("ann counts %+v, want 3 lines in 6 datagrams (two hellos, a goodbye)", c)
		}
		if _, err := a.Say(t.Context(), "late"); !errors.Is(err, ErrClosed) {
			t.Errorf("say after close: %v, want ErrClosed", err)
		}
		b.close(time.Second)
	})
}

// TestRawChatOnABadNetwork: everything that happens to a line is told, and the
// account of lines closes: shown once, late included, or lost.
func TestRawChatOnABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := lossy.Profile{Loss: 0.15, Delay: 20 * time.Millisecond, Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.1}
		n := lossy.NewNetwork(lossy.Config{Seed: 3, Up: bad})
		a := inNetwork(t, n, RawMode, "ann", homeAddr, awayAddr)
		b := inNetwork(t, n, RawMode, "bob", awayAddr, homeAddr)
		const lines = 300
		for i := range lines {
			a.say(fmt.Sprint("line ", i+1))
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		a.close(time.Second)
		time.Sleep(time.Second)
		b.close(time.Second)

		var lost uint64
		for _, e := range b.told(Lost) {
			lost += e.Missing
		}
		shown := len(b.told(Received, Late))
		late, copies, damaged := len(b.told(Late)), len(b.told(Duplicate)), len(b.told(Damaged))
		if got := lost - uint64(late) + uint64(shown); got != lines {
			t.Errorf("%d lost, %d of them late, %d shown: %d lines, want %d", lost, late, shown, got, lines)
		}
		if lost == 0 || late == 0 || copies == 0 || damaged == 0 {
			t.Errorf("lost %d, late %d, copies %d, damaged %d: the network was to do each", lost, late, copies, damaged)
		}
		c := b.Counters()
		if c.LinesReceived != uint64(shown) || c.OutOfOrder == 0 || c.Duplicate == 0 || c.Corrupt != uint64(damaged) {
			t.Errorf("bob counts %+v, shown %d, damaged %d", c, shown, damaged)
		}
		for _, e := range b.told(Late) {
			if e.Extent == 0 {
				t.Errorf("late without saying by how much: %+v", e)
			}
		}
	})
}

// TestRawPeerRestarts at its address: a line tells, and the numbers of its new
// run are not held against those of the old.
func TestRawPeerRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, RawMode, "ann", homeAddr, awayAddr)
		b := inNetwork(t, n, RawMode, "bob", awayAddr, homeAddr)
		synctest.Wait()
		b.say("one", "two", "three")
		synctest.Wait()
		b.close(time.Second)
		time.Sleep(2 * time.Second)
		b = inNetwork(t, n, RawMode, "bob", awayAddr, homeAddr)
		synctest.Wait()
		b.say("again")
		synctest.Wait()
		if diff := cmp.Diff([]PeerState{PeerJoined, PeerLeft, PeerRestarted}, a.states()); diff != "" {
			t.Errorf("news for ann, want - got +\n%s", diff)
		}
		if got := a.told(Lost, Late); len(got) > 0 {
			t.Errorf("ann is told %+v, want nothing lost", got)
		}
		if diff := cmp.Diff([]PeerState{PeerJoined}, b.states()); diff != "" {
			t.Errorf("news for the new bob, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}

// TestWhoeverInventsStreamsGetsNoEcho: only a few hellos are answered in
// a second, whatever streams a stranger makes up.
func TestWhoeverInventsStreamsGetsNoEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, RawMode, "ann", homeAddr, awayAddr)
		stranger, err := n.Listen(awayAddr)
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		synctest.Wait()
		hello := (&Message{Kind: Hello, Name: "x"}).Encode()
		before := a.Counters().DatagramsSent
		for i := range uint64(50) {
			b := proto.AppendRaw(nil, &proto.Raw{Stream: i, Payload: hello})
			stranger.WriteTo(b, net.UDPAddrFromAddrPort(homeAddr))
		}
		synctest.Wait()
		if got := a.Counters().DatagramsSent - before; got != 4 {
			t.Errorf("50 hellos at once got %d answers, want 4", got)
		}
		// What is no message of a chat is counted and not shown.
		stranger.WriteTo(proto.AppendRaw(nil, &proto.Raw{Stream: 1, Seq: 1, Payload: []byte("junk")}), net.UDPAddrFromAddrPort(homeAddr))
		// A packet of the other mode is told once.
		for range 3 {
			stranger.WriteTo(proto.AppendReset(nil, &proto.Reset{DeadID: 1}), net.UDPAddrFromAddrPort(homeAddr))
		}
		synctest.Wait()
		if got := a.Counters().Malformed; got != 1 {
			t.Errorf("malformed %d, want 1", got)
		}
		other := 0
		for _, s := range a.states() {
			if s == PeerOtherMode {
				other++
			}
		}
		if other != 1 {
			t.Errorf("the other mode was told %d times, want once", other)
		}
		a.close(time.Second)
	})
}

// TestNobodyThere, on real sockets: a clear line when the peer is not there,
// and another when it is gone.
func TestNobodyThere(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("this system does not tell an unconnected socket")
	}
	own, peer := realSocket(t), realSocket(t)
	peerAddr := peer.LocalAddr().(*net.UDPAddr).AddrPort()
	ownAddr := own.LocalAddr().(*net.UDPAddr).AddrPort()
	peer.Close()
	a := opened(t, RawMode, "ann", own, peerAddr)
	a.say("anybody?")
	a.waitFor("the news that nobody is there", func(e Event) bool { return e.Peer == PeerWaiting })

	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(peerAddr))
	if err != nil {
		t.Fatal(err)
	}
	b := opened(t, RawMode, "bob", socket, ownAddr)
	a.waitFor("bob's coming", func(e Event) bool { return e.Peer == PeerJoined })
	got := b.waitFor("the line sent before bob came", func(e Event) bool { return e.Kind == Lost })
	if got.Missing != 1 || !got.Before {
		t.Errorf("bob is told %+v, want one line before he came", got)
	}
	socket.Close() // as a crash would
	<-b.stopped()
	for a.Counters().DatagramsReceived < b.Counters().DatagramsSent {
		runtime.Gosched() // what bob said last would be a sign of him after the news that he is gone
	}
	a.say("still there?")
	a.waitFor("the news that bob is gone", func(e Event) bool { return e.Peer == PeerGone })
	if err := a.close(time.Second); !errors.Is(err, ErrUnreachable) {
		t.Errorf("close: %v, want ErrUnreachable", err)
	}
	b.close(time.Second)
}

// stopped is closed when a datagram session reads no more.
func (l *listener) stopped() <-chan struct{} { return l.Session.(*datagramSession).stopped }

func realSocket(t testing.TB) net.PacketConn {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc
}

func TestSayRefusesLongLines(t *testing.T) {
	a := opened(t, RawMode, "ann", realSocket(t), realSocket(t).LocalAddr().(*net.UDPAddr).AddrPort())
	if _, err := a.Say(context.Background(), strings.Repeat("x", MaxText+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
	a.close(time.Second)
}

func TestOpenRefuses(t *testing.T) {
	socket := realSocket(t)
	if _, err := Open(Config{Mode: RawMode, Socket: socket}); err == nil {
		t.Errorf("raw mode without a peer was opened")
	}
	if _, err := Open(Config{Mode: 99, Socket: socket}); err == nil {
		t.Errorf("an unknown mode was opened")
	}
}
