package chat

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"udplab/lossy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	homeAddr = netip.MustParseAddrPort("10.0.0.1:9001")
	awayAddr = netip.MustParseAddrPort("10.0.0.2:9002")
)

// listener keeps the events of a session.
type listener struct {
	Session
	t    testing.TB
	done chan struct{}

	mu     sync.Mutex
	events []Event
}

// opened starts a session on the socket and listens to it.
func opened(t testing.TB, mode Mode, name string, socket net.PacketConn, peer netip.AddrPort) *listener {
	t.Helper()
	s, err := Open(Config{Mode: mode, Name: name, Socket: socket, Peer: peer})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	l := &listener{Session: s, t: t, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for e := range s.Events() {
			l.mu.Lock()
			l.events = append(l.events, e)
			l.mu.Unlock()
		}
	}()
	return l
}

// inNetwork opens a session in an in-memory network.
func inNetwork(t testing.TB, n *lossy.Network, mode Mode, name string, own, peer netip.AddrPort) *listener {
	t.Helper()
	socket, err := n.Listen(own)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	return opened(t, mode, name, socket, peer)
}

func (l *listener) say(lines ...string) {
	l.t.Helper()
	for _, line := range lines {
		if _, err := l.Say(l.t.Context(), line); err != nil {
			l.t.Errorf("say %q: %v", line, err)
		}
	}
}

// close ends the session within a time and returns Close's error.
func (l *listener) close(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	err := l.Close(ctx)
	<-l.done
	return err
}

// told takes the events so far, or those of some kinds.
func (l *listener) told(kinds ...EventKind) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var told []Event
	for _, e := range l.events {
		for _, k := range kinds {
			if e.Kind == k {
				told = append(told, e)
			}
		}
	}
	return told
}

// texts are the texts of the events of some kinds.
func (l *listener) texts(kinds ...EventKind) []string {
	texts := []string{}
	for _, e := range l.told(kinds...) {
		texts = append(texts, e.Text)
	}
	return texts
}

// states are the news of the peer, in order.
func (l *listener) states() []PeerState {
	states := []PeerState{}
	for _, e := range l.told(Peer) {
		states = append(states, e.Peer)
	}
	return states
}

// waitFor waits until an event satisfies is. For real sockets: in a bubble,
// synctest.Wait is exact.
func (l *listener) waitFor(what string, is func(Event) bool) Event {
	l.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		l.mu.Lock()
		for _, e := range l.events {
			if is(e) {
				l.mu.Unlock()
				return e
			}
		}
		l.mu.Unlock()
	}
	l.t.Fatalf("%s: did not happen; events %+v", what, l.told(Received, Late, Duplicate, Damaged, BareText, Lost, Sent, Acked, Failed, Peer))
	return Event{}
}
