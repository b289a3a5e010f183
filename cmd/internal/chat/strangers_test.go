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
// no line is lost, doubled or overtaken on the way there.
func TestTwoProxies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		twoProxies(t, 10*time.Millisecond, 2*time.Millisecond, func(l *listener) {
			l.wantStates("each", PeerJoined)
			if got := l.Session.(*reliableSession).endpoint.Stats().Connections; got != 1 {
				t.Errorf("%d connections remain, want 1", got)
			}
		})
	})
}

// Where packets take no time, the goroutines that read the two connections race:
// before lines waited for their turn, 1 in 100 of these runs showed some of them
// in another order.
func TestTwoProxiesWithoutDelay(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) { twoProxies(t, 0, 0, func(*listener) {}) })
	}
}

// twoProxies has each side say a hundred lines, and looks at both when all is calm.
func twoProxies(t *testing.T, delay, pause time.Duration, look func(*listener)) {
	n := lossy.NewNetwork(lossy.Config{Up: lossy.Profile{Delay: delay}, Down: lossy.Profile{Delay: delay}})
	toBob, toAnn := netip.MustParseAddrPort("10.0.0.3:1"), netip.MustParseAddrPort("10.0.0.4:1")
	stopBob := relay(t, n, toBob, awayAddr)
	stopAnn := relay(t, n, toAnn, homeAddr)
	a := inNetwork(t, n, ReliableMode, "ann", homeAddr, toBob)
	b := inNetwork(t, n, ReliableMode, "bob", awayAddr, toAnn)
	want := numberedLines(1, 100)
	for _, line := range want {
		a.say(line)
		b.say(line)
		time.Sleep(pause)
	}
	time.Sleep(5 * time.Second)
	for _, l := range []*listener{a, b} {
		if got := l.texts(Received); !slices.Equal(got, want) {
			t.Errorf("%q received, want each of %d once and in order", got, len(want))
		}
		look(l)
	}
	a.close(time.Second)
	b.close(time.Second)
	stopBob()
	stopAnn()
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
