package sim

import (
	"errors"
	"math/bits"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// half-close: one side finishes, the other sends 10 MB more over a path that
// loses 5 %, then finishes as well, and the connection ends on both sides
// without anybody having called Close.
func TestA14_HalfClose(t *testing.T) {
	t.Parallel()
	w, a, b := pairWorld(1, arq.Config{})
	for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
		l.SetProfile(lossy.Profile{Delay: 10 * time.Millisecond, Loss: 0.05})
	}
	dialer := a.Dial(b)
	dialer.Queue(100)
	dialer.Finish()
	if !w.RunUntil(10*time.Second, func() bool { return len(b.Ends()) > 0 && b.Ends()[0].Conn.PeerFinished() }) {
		t.Fatalf("%v: the other side never learned of the end", w)
	}
	answerer := b.Ends()[0]
	const megabyte = 1 << 20
	for range 10 {
		answerer.Queue(megabyte)
	}
	if !w.RunUntil(10*time.Minute, func() bool { return dialer.Delivered() == 10 }) {
		t.Fatalf("%v: %d of 10 messages delivered after the half-close: %v", w, dialer.Delivered(), w.Err())
	}
	if s := answerer.Conn.State(); s != arq.Open {
		t.Fatalf("%v before it finished", s)
	}
	answerer.Finish()
	w.Run(time.Minute)
	for _, e := range []*End{dialer, answerer} {
		if e.Conn.State() != arq.Closed {
			t.Errorf("%v after both finished", e)
		}
	}
	w.oracle.settled()
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	if len(w.events) > 0 {
		t.Errorf("%d events left", len(w.events))
	}
}

// However two ends close each other, and whatever is lost of it, both are
// closed and silent soon, and each of them once.
func TestA15_EveryWayToClose(t *testing.T) {
	t.Parallel()
	closeBoth := func(apart time.Duration) func(w *World, a, b *End) {
		return func(w *World, a, b *End) {
			a.Close(1, "one")
			w.At(w.now+apart, func() { b.Close(2, "two") })
		}
	}
	for _, c := range []struct {
		name string
		do   func(w *World, a, b *End)
	}{
		{"one side", func(_ *World, a, _ *End) { a.Close(1, "one") }},
		{"at the same instant", closeBoth(0)},
		{"crossed", closeBoth(10 * time.Millisecond)},
		{"the answer under way", closeBoth(30 * time.Millisecond)},
		{"with unsent data", func(_ *World, a, b *End) {
			a.Queue(50_000, 100)
			b.Queue(50_000, 100)
			a.Close(1, "one")
		}},
		{"with unsent data on both sides", func(_ *World, a, b *End) {
			a.Queue(50_000, 100)
			b.Queue(50_000, 100)
			a.Close(1, "one")
			b.Close(2, "two")
		}},
		{"half-closed before", func(_ *World, a, b *End) { a.Finish(); b.Close(2, "two") }},
		{"both finish", func(_ *World, a, b *End) { a.Finish(); b.Finish() }},
		{"abort against close", func(_ *World, a, b *End) { a.Abort(1, "one"); b.Close(2, "two") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			step := 1
			if raceEnabled {
				step = 5
			}
			for lost := 0; lost < 1<<6; lost += step { // of the first three datagrams each way
				w, a, b := openPair(t, arq.Config{})
				for i, path := range [][2]*End{{a, b}, {b, a}} {
					fates := make([]Fate, 3)
					for k := range fates {
						if lost>>(3*i+k)&1 != 0 {
							fates[k].Kind = Drop
						}
					}
					path[0].node.SetFates(path[1].node, fates...)
				}
				times := make(map[*End]int)
				w.Observe = func(o Observation) {
					if o.Kind == Changed && o.End.Conn.State() == arq.Closed {
						times[o.End]++
					}
				}
				begun := w.now
				c.do(w, a, b)
				// 3 probe timeouts of 40 ms + 4 variances, and the data before; a
				// second more for every datagram lost.
				limit := time.Second + time.Duration(bits.OnesCount(uint(lost)))*time.Second
				if !w.RunUntil(limit, func() bool { return a.state == arq.Closed && b.state == arq.Closed }) {
					t.Errorf("lost %06b: %v, %v after %v", lost, a, b, w.now-begun)
				}
				w.Run(time.Minute)
				w.Settled()
				w.Ended()
				if times[a] != 1 || times[b] != 1 || a.Conn.Err() == nil || b.Conn.Err() == nil {
					t.Errorf("lost %06b: closed %d and %d times: %v, %v", lost, times[a], times[b], a.Conn.Err(), b.Conn.Err())
				}
				if err := w.Err(); err != nil {
					t.Errorf("lost %06b: %v", lost, err)
				}
			}
		})
	}
	t.Run("during the handshake", func(t *testing.T) {
		for after := range 12 {
			w, from, to := pairWorld(1, arq.Config{})
			a := from.Dial(to)
			a.Queue(100)
			w.Run(time.Duration(after) * 10 * time.Millisecond)
			a.Close(1, "one")
			w.Run(2 * time.Minute)
			w.Settled()
			w.Ended()
			if err := w.Err(); err != nil {
				t.Errorf("closed after %d ms: %v", after*10, err)
			}
		}
	})
}

// The answer to a close is lost, once to ten times: both sides end, no timer is
// left, and up to four losses the closer still gets an answer.
func TestA16_LastAnswerLost(t *testing.T) {
	for lost := range 11 {
		w, a, b := openPair(t, arq.Config{})
		a.Queue(100)
		w.Run(time.Second)
		fates := make([]Fate, lost)
		for i := range fates {
			fates[i].Kind = Drop
		}
		b.node.SetFates(a.node, fates...)
		closes := 0
		w.Observe = func(o Observation) {
			if o.Kind == Sent && o.Node == a.node {
				closes++
			}
		}
		a.Close(0, "done")
		w.Run(time.Minute)
		w.Settled()
		w.Ended()
		if err := w.Err(); err != nil {
			t.Errorf("%d answers lost: %v", lost, err)
		}
		if want := min(lost+1, 5); closes != want {
			t.Errorf("%d answers lost: close said %d times, want %d", lost, closes, want)
		}
		var told *arq.PeerError
		if !errors.As(b.Conn.Err(), &told) || told.Reason != "done" {
			t.Errorf("%d answers lost: the other side ended with %v", lost, b.Conn.Err())
		}
	}
}
