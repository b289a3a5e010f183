package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"udplab/lossy"
)

// awful is a network that does everything to one datagram in ten.
var awful = lossy.Profile{Loss: 0.1, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Reorder: 0.05, Duplicate: 0.05, Corrupt: 0.05}

// wantStates compares the news of the peer.
func (l *listener) wantStates(who string, want ...PeerState) {
	l.t.Helper()
	if diff := cmp.Diff(want, l.states()); diff != "" {
		l.t.Errorf("news for %s, want - got +\n%s", who, diff)
	}
}

func numberedLines(from, to int) []string {
	var lines []string
	for i := from; i <= to; i++ {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	return lines
}

// TestReliableChat on an awful network: both call each other at once, every
// line arrives once and in order, and each own line is told queued, sent,
// delivered, some of them repaired.
func TestReliableChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{Seed: 5, Up: awful, Down: awful})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		const lines = 200
		want := numberedLines(1, lines)
		for _, line := range want {
			a.say(line)
			b.say(line)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		for _, l := range []*listener{a, b} {
			if diff := cmp.Diff(want, l.texts(Received)); diff != "" {
				t.Errorf("lines received, want - got +\n%s", diff)
			}
			for _, kind := range []EventKind{Queued, Sent, Acked} {
				if diff := cmp.Diff(want, l.texts(kind)); kind != Acked && diff != "" {
					t.Errorf("%v, want - got +\n%s", kind, diff)
				}
				if got := len(l.told(kind)); got != lines {
					t.Errorf("%d lines %v, want %d", got, kind, lines)
				}
			}
			repaired := slices.ContainsFunc(l.told(Acked), func(e Event) bool { return e.Retransmits > 0 })
			if !repaired || len(l.told(Failed, Lost, Late, Duplicate, Damaged)) > 0 {
				t.Errorf("repaired %v, events of raw mode %v", repaired, l.told(Failed, Lost, Late, Duplicate, Damaged))
			}
			c := l.Counters()
			if c.LinesSent != lines || c.LinesDelivered != lines || c.LinesReceived != lines || c.LinesWaiting != 0 {
				t.Errorf("lines %+v", c)
			}
			if c.Retransmits == 0 || c.Lost == 0 || c.OutOfOrder == 0 || c.Duplicate == 0 || c.Corrupt == 0 || c.RTT < 60*time.Millisecond {
				t.Errorf("the network left no trace: %+v", c)
			}
		}
		if err := a.close(5 * time.Second); err != nil {
			t.Errorf("close: %v", err)
		}
		time.Sleep(3 * time.Second)
		a.wantStates("ann", PeerJoined)
		b.wantStates("bob", PeerJoined, PeerLeft)
		if err := b.close(time.Second); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// TestPeerComesLater: lines said to nobody wait, and arrive when the peer does.
func TestPeerComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		a.say(numberedLines(1, 3)...)
		time.Sleep(time.Minute)
		a.wantStates("ann", PeerWaiting)
		if got := a.Counters(); got.LinesWaiting != 3 || got.LinesSent != 0 {
			t.Errorf("counters %+v, want 3 lines waiting", got)
		}
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(1500 * time.Millisecond)
		a.wantStates("ann", PeerWaiting, PeerJoined)
		if diff := cmp.Diff(numberedLines(1, 3), b.texts(Received)); diff != "" {
			t.Errorf("bob reads, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}

// TestPeerLeavesAndComesBack, as another run of its program.
func TestPeerLeavesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(time.Second)
		b.say("one")
		time.Sleep(time.Second)
		b.close(time.Second)
		time.Sleep(time.Second)
		a.say("while you were away")
		time.Sleep(30 * time.Second)
		b = inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(2 * time.Second)
		b.say("two") // its first line: number 1 again, and not a copy
		time.Sleep(time.Second)
		a.wantStates("ann", PeerJoined, PeerLeft, PeerRestarted)
		if diff := cmp.Diff([]string{"one", "two"}, a.texts(Received)); diff != "" {
			t.Errorf("ann reads, want - got +\n%s", diff)
		}
		if diff := cmp.Diff([]string{"while you were away"}, b.texts(Received)); diff != "" {
			t.Errorf("the new bob reads, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}

// TestPeerCrashes: no goodbye. Ann learns of it, and the lines that nobody
// acknowledged reach the next run.
func TestPeerCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		b, crash := doomed(t, n, "bob", awayAddr, homeAddr)
		time.Sleep(time.Second)
		crash()
		a.say("are you there?")
		time.Sleep(time.Minute)
		a.wantStates("ann", PeerJoined, PeerGone)
		b.close(0)
		b = inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(2 * time.Second)
		a.wantStates("ann", PeerJoined, PeerGone, PeerRestarted)
		if diff := cmp.Diff([]string{"are you there?"}, b.texts(Received)); diff != "" {
			t.Errorf("the new bob reads, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}

// TestQuickRestart: the peer is there again before anybody noticed.
func TestQuickRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		b, crash := doomed(t, n, "bob", awayAddr, homeAddr)
		time.Sleep(time.Second)
		crash()
		b2 := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(2 * time.Second)
		a.say("hello again")
		time.Sleep(2 * time.Second)
		if got := a.states(); got[0] != PeerJoined || got[len(got)-1] != PeerRestarted {
			t.Errorf("news for ann %v, want joined first and restarted last", got)
		}
		if diff := cmp.Diff([]string{"hello again"}, b2.texts(Received)); diff != "" {
			t.Errorf("the new bob reads, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b2.close(time.Second)
		b.close(0)
	})
}

// TestBlackout: the network is down for longer than a connection lives. The
// same two runs meet again, and every line is shown once.
func TestBlackout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{Up: lossy.Profile{Delay: 5 * time.Millisecond}, Down: lossy.Profile{Delay: 5 * time.Millisecond}})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		time.Sleep(time.Second)
		// Both ways at once would lose the line. One way loses its
		// acknowledgment: ann has to say it again, bob must not show it twice.
		n.SetDown(lossy.Down, true)
		n.SetDown(lossy.Up, false)
		a.say("one")
		b.say("eins")
		time.Sleep(3 * time.Millisecond)
		n.SetDown(lossy.Up, true)
		time.Sleep(3 * time.Millisecond)
		time.Sleep(time.Minute)
		a.say("two")
		n.SetDown(lossy.Up, false)
		n.SetDown(lossy.Down, false)
		time.Sleep(5 * time.Second)
		a.wantStates("ann", PeerJoined, PeerGone, PeerBack)
		b.wantStates("bob", PeerJoined, PeerGone, PeerBack)
		if diff := cmp.Diff([]string{"one", "two"}, b.texts(Received)); diff != "" {
			t.Errorf("bob reads, want - got +\n%s", diff)
		}
		if diff := cmp.Diff([]string{"eins"}, a.texts(Received)); diff != "" {
			t.Errorf("ann reads, want - got +\n%s", diff)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}

// TestUndelivered: whoever closes while the peer is away learns how many lines
// stay behind.
func TestUndelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		a.say("one", "two")
		begun := time.Now()
		err := a.close(10 * time.Second)
		var left *UndeliveredError
		if !errors.As(err, &left) || left.Lines != 2 || left.EverMet || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v, want 2 lines undelivered, peer never met", err)
		}
		if took := time.Since(begun); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("close took %v, its context allowed 10 s", took)
		}
		if diff := cmp.Diff([]string{"one", "two"}, a.texts(Failed)); diff != "" {
			t.Errorf("given up, want - got +\n%s", diff)
		}
		if _, err := a.Say(t.Context(), "x"); !errors.Is(err, ErrClosed) {
			t.Errorf("say after close: %v, want ErrClosed", err)
		}
	})
}

// TestFullQueue: a peer that never comes does not fill the memory.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := lossy.NewNetwork(lossy.Config{})
		a := inNetwork(t, n, ReliableMode, "ann", homeAddr, awayAddr)
		a.say(numberedLines(1, MaxQueued)...)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Say(ctx, "one too many"); !errors.Is(err, ErrFull) {
			t.Errorf("say: %v, want ErrFull", err)
		}
		waiting := make(chan error)
		go func() {
			_, err := a.Say(t.Context(), "waits")
			waiting <- err
		}()
		synctest.Wait()
		b := inNetwork(t, n, ReliableMode, "bob", awayAddr, homeAddr)
		if err := <-waiting; err != nil {
			t.Errorf("the line that waited for room: %v", err)
		}
		time.Sleep(5 * time.Second)
		if got := len(b.texts(Received)); got != MaxQueued+1 {
			t.Errorf("bob got %d lines, want %d", got, MaxQueued+1)
		}
		a.close(time.Second)
		b.close(time.Second)
	})
}
