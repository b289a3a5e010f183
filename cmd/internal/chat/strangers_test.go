package chat

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/proto"
)

// TestTwoProxies: each side dials the other through a proxy of its own, so that
// the two connections come from addresses that nobody dialed. One remains, and
// no line is lost or doubled on the way there.
func TestTwoProxies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{Up: lossy.Profile{Delay: 10 * time.Millisecond}, Down: lossy.Profile{Delay: 10 * time.Millisecond}})
		toBob, toAnn := netip.MustParseAddrPort("10.0.0.3:1"), netip.MustParseAddrPort("10.0.0.4:1")
		stopBob := relay(t, n, toBob, awayAddr)
		stopAnn := relay(t, n, toAnn, homeAddr)
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, toBob)
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, toAnn)
		want := numberedLines(1, 100)
		for _, line := range want {
			a.say(line)
			b.say(line)
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		for _, l := range []*listener{a, b} {
			l.wantStates("each", PeerJoined)
			got := l.texts(Received)
			slices.SortFunc(got, func(x, y string) int { return len(x) - len(y) })
			if len(got) != len(want) || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(want) {
				t.Errorf("%d lines received, want each of %d once", len(got), len(want))
			}
			if got := l.Session.(*reliableSession).endpoint.Stats().Connections; got != 1 {
				t.Errorf("%d connections remain, want 1", got)
			}
		}
		a.close(time.Second)
		b.close(time.Second)
		stopBob()
		stopAnn()
	})
}

// TestThirdPerson: somebody else cannot take the peer's place, and learns why.
func TestThirdPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, netip.AddrPort{})
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(time.Second)
		c := inNetwork(t, n, ReliableMode, "eve", netip.MustParseAddrPort("10.0.0.66:6"), homeAddr)
		time.Sleep(time.Minute)
		a.wantStates("ann", PeerJoined, PeerBusy)
		b.wantStates("bob", PeerJoined)
		if got := c.states(); len(got) == 0 || !slices.Contains(got, PeerBusy) || slices.Contains(got, PeerRestarted) {
			t.Errorf("news for eve %v, want busy", got)
		}
		a.say("to bob alone")
		time.Sleep(time.Second)
		if got := c.texts(Received); len(got) > 0 {
			t.Errorf("eve reads %q", got)
		}
		b.close(time.Second)
		time.Sleep(3 * time.Second) // now the place is free
		a.wantStates("ann", PeerJoined, PeerBusy, PeerLeft, PeerRestarted)
		a.close(time.Second)
		c.close(time.Second)
	})
}

// TestStrangersOnTheSocket: what is no connection of a chat is told or ignored,
// and never ends the session.
func TestStrangersOnTheSocket(t *testing.T) {
	for _, c := range []struct {
		name     string
		datagram []byte
	}{
		{"bare text", []byte("hi there")},
		{"raw mode", proto.AppendRaw(nil, &proto.Raw{Stream: 1, Payload: []byte("x")})},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := lossy.NewNetwork(lossy.Config{})
				a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
				stranger, err := n.Listen(awayAddr)
				if err != nil {
					t.Fatal(err)
				}
				for range 5 {
					stranger.WriteTo(c.datagram, net.UDPAddrFromAddrPort(homeAddr))
					time.Sleep(time.Second)
				}
				stranger.Close()
				a.wantStates("ann", PeerWaiting, PeerOtherMode)
				b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
				time.Sleep(2 * time.Second)
				a.wantStates("ann", PeerWaiting, PeerOtherMode, PeerJoined)
				a.close(time.Second)
				b.close(time.Second)
			})
		})
	}
}

// TestNotAChat: a connection of some other program is refused, one that stays
// silent is not kept, and neither holds up the peer.
func TestNotAChat(t *testing.T) {
	for _, first := range [][]byte{[]byte("GET /"), (&Message{Kind: Text, ID: 1, Text: "no hello"}).Encode(), nil} {
		synctest.Test(t, func(t *testing.T) {
			n := lossy.NewNetwork(lossy.Config{})
			a := inNetwork(t, n, ReliableMode, "ann", homeAddr, netip.AddrPort{})
			conn, hangUp := dialer(t, n)
			if first != nil {
				conn.Send(t.Context(), first)
			}
			_, err := receiveAll(conn)
			if first != nil && !errorSays(err, "this is a chat of udplab") {
				t.Errorf("the other program got %v, want to be told what this is", err)
			}
			hangUp()
			b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
			time.Sleep(2 * time.Second)
			if got := a.states(); got[len(got)-1] != PeerJoined {
				t.Errorf("news for ann %v, want bob joined", got)
			}
			a.close(time.Second)
			b.close(time.Second)
		})
	}
}

// TestOwnAddressAsPeer: somebody mistyped, and is told so.
func TestOwnAddressAsPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, homeAddr)
		time.Sleep(10 * time.Second)
		if got := a.states(); slices.Contains(got, PeerJoined) || !slices.Contains(got, PeerBusy) {
			t.Errorf("news for ann %v, want to be told that she called herself", got)
		}
		a.close(time.Second)
	})
}
