package sim

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
)

// wire is a path of 20 ms.
var wire = lossy.Profile{Delay: 20 * time.Millisecond}

const roundTrip = 40 * time.Millisecond

// The peer is restarted at the same address while we send, while nothing
// happens, and with packets of its old life still under way: the old
// connection ends as soon as anything is said on it, the new one is up within
// three round trips, and nothing of the old life is delivered in it.
func TestA17_PeerRestart(t *testing.T) {
	for _, c := range []struct {
		name       string
		rendezvous bool
		before     func(w *World, a, b *End) // the restart
		after      func(w *World, a *End)
	}{
		{"while we send", false, func(w *World, a, _ *End) {
			for i := range 100 {
				w.At(w.now+time.Duration(i)*10*time.Millisecond, func() { a.Queue(3000) })
			}
			w.Run(300 * time.Millisecond)
		}, nil},
		{"while nothing happens", false, func(w *World, _, _ *End) { w.Run(10 * time.Second) },
			func(_ *World, a *End) { a.Queue(100) }},
		{"with packets of the old life under way", false, func(w *World, a, b *End) {
			// Late by up to two seconds, both ways.
			var late []Fate
			for i := range 40 {
				late = append(late, Fate{Kind: Delay, By: time.Duration(i*50) * time.Millisecond})
			}
			a.node.SetFates(b.node, late...)
			b.node.SetFates(a.node, late...)
			a.Queue(40_000)
			b.Queue(40_000)
			w.Run(50 * time.Millisecond)
			a.node.SetFates(b.node)
			b.node.SetFates(a.node)
		}, nil},
		{"and it dials us, in a rendezvous", true, func(w *World, a, _ *End) { a.Queue(3000); w.Run(300 * time.Millisecond) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWorld(1)
			config := arq.EndpointConfig{Listen: true, Rendezvous: c.rendezvous}
			na, nb := w.AddNode("a", config), w.AddNode("b", config)
			w.Path(na, nb).SetProfile(wire)
			w.Path(nb, na).SetProfile(wire)
			a := na.Dial(nb)
			w.Run(time.Second)
			c.before(w, a, nb.Ends()[0])
			nb.Restart()
			restarted := w.now
			if c.after != nil {
				c.after(w, a)
			}
			next := nb.Dial(na)
			next.Queue(100, 3000, 0)
			if !w.RunUntil(3*roundTrip, func() bool { return next.Conn.State() == arq.Open }) {
				t.Errorf("the new life is %v after three round trips", next.Conn.State())
			}
			if !w.RunUntil(5*time.Second-(w.now-restarted), func() bool { return a.state == arq.Closed }) {
				t.Errorf("the old side has not learned of it after 5 s: %v", a)
			}
			if !errors.Is(a.Conn.Err(), arq.ErrPeerReset) {
				t.Errorf("the old side says %v, want %v", a.Conn.Err(), arq.ErrPeerReset)
			}
			for _, e := range na.Ends() {
				if e != a {
					e.Queue(100, 3000, 0)
				}
			}
			w.Run(10 * time.Second)
			if next.Delivered() != 3 {
				t.Errorf("%d messages delivered in the new life, want its own 3", next.Delivered())
			}
			w.Settled()
			if err := w.Err(); err != nil { // the oracle knows whose every byte is
				t.Error(err)
			}
		})
	}
}

// Connection ids of two bits, so that they collide all the time: they are
// drawn again, and no connection ever hears another's messages.
func TestA18_IDsCollide(t *testing.T) {
	for seed := uint64(1); seed <= 50; seed++ {
		w := NewWorld(seed)
		bits := func(n *Node) func() uint64 {
			x := seed + uint64(n.index)<<32
			return func() uint64 {
				x = x*6364136223846793005 + 1442695040888963407
				return x >> 62
			}
		}
		hub := w.AddNode("hub", arq.EndpointConfig{Listen: true, MaxConns: 3})
		var ends []*End
		for i := range 3 {
			n := w.AddNode(fmt.Sprintf("peer%d", i), arq.EndpointConfig{Listen: true})
			n.config.Random = bits(n)
			n.endpoint = arq.NewEndpoint(n.config)
			for _, l := range []*lossy.Link{w.Path(n, hub), w.Path(hub, n)} {
				l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Loss: 0.1, Duplicate: 0.1})
			}
			ends = append(ends, n.Dial(hub))
		}
		hub.config.Random = bits(hub)
		hub.endpoint = arq.NewEndpoint(hub.config)
		hub.OnNew = func(e *End) { e.Queue(100, 5000, 0) }
		for _, e := range ends {
			e.Queue(100, 5000, 0)
		}
		w.Run(10 * time.Second)
		for _, e := range ends {
			if e.Conn.State() != arq.Open || e.Delivered() != 3 {
				t.Errorf("seed %d: %v, %d messages delivered, want 3", seed, e, e.Delivered())
			}
		}
		w.Settled()
		if err := w.Err(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// A blackout shorter than the idle timeout ends nothing, and data flows within
// a second after it; a longer one ends the connection on both sides within a
// second of the idle timeout. The side that still hears the other is told by it.
func TestA21_Blackouts(t *testing.T) {
	t.Parallel()
	for _, blackout := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second, 59 * time.Second, 300 * time.Second} {
		for _, dark := range []string{"both ways", "there", "back"} {
			t.Run(fmt.Sprintf("%v %s", blackout, dark), func(t *testing.T) {
				w, a, b := openPair(t, arq.Config{})
				for i := range 10 * (int(blackout/time.Second) + 5) {
					w.At(w.now+time.Duration(i)*100*time.Millisecond, func() {
						if a.Conn.Err() == nil {
							a.Queue(100)
						}
						if b.Conn.Err() == nil {
							b.Queue(100)
						}
					})
				}
				w.Run(time.Second)
				begun := w.now
				w.Path(a.node, b.node).SetDown(dark != "back")
				w.Path(b.node, a.node).SetDown(dark != "there")
				if blackout > 60*time.Second {
					ended := make(map[*End]time.Duration)
					w.Observe = func(o Observation) {
						if o.Kind == Changed && o.End.Conn.State() == arq.Closed {
							ended[o.End] = o.At - begun
						}
					}
					w.Run(blackout)
					for _, e := range []*End{a, b} {
						const limit = 61 * time.Second
						if at := ended[e]; at == 0 || at > limit {
							t.Errorf("%v ended after %v, want at most %v", e, at, limit)
						}
						hears := dark == "there" && e == a || dark == "back" && e == b
						var told *arq.PeerError
						if hears && (!errors.As(e.Conn.Err(), &told) || told.Code != arq.CodeAborted) || !hears && !errors.Is(e.Conn.Err(), arq.ErrIdleTimeout) {
							t.Errorf("%v ended with %v", e, e.Conn.Err())
						}
					}
				} else {
					w.Run(blackout)
					w.Path(a.node, b.node).SetDown(false)
					w.Path(b.node, a.node).SetDown(false)
					gotA, gotB := a.readCount, b.readCount
					if !w.RunUntil(time.Second, func() bool { return a.readCount > gotA && b.readCount > gotB }) {
						t.Errorf("a second after the blackout %d and %d more messages are delivered", a.readCount-gotA, b.readCount-gotB)
					}
					if a.Conn.Err() != nil || b.Conn.Err() != nil {
						t.Errorf("%v, %v", a.Conn.Err(), b.Conn.Err())
					}
					w.Run(20 * time.Second)
				}
				w.Settled()
				if err := w.Err(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Both dial each other, in every offset within two round trips and with every
// loss of the first two datagrams each way: one connection is there, the same
// on both sides, and without a loss within two round trips.
func TestA22_BothDialAtOnce(t *testing.T) {
	for offset := time.Duration(0); offset <= 2*roundTrip; offset += 5 * time.Millisecond {
		for lost := range 1 << 4 {
			w := NewWorld(1)
			config := arq.EndpointConfig{Listen: true, Rendezvous: true}
			na, nb := w.AddNode("a", config), w.AddNode("b", config)
			w.Path(na, nb).SetProfile(wire)
			w.Path(nb, na).SetProfile(wire)
			drop := func(bits int) (fates []Fate) {
				for i := range 2 {
					fates = append(fates, Fate{Kind: FateKind(bits >> i & 1)})
				}
				return fates
			}
			na.SetFates(nb, drop(lost)...)
			nb.SetFates(na, drop(lost>>2)...)
			a := na.Dial(nb)
			var b *End
			w.At(offset, func() { b = nb.Dial(na) })
			open := func() bool { return b != nil && a.state == arq.Open && b.state == arq.Open }
			limit := 10 * time.Second
			if lost == 0 {
				limit = offset + 2*roundTrip
			}
			if !w.RunUntil(limit, open) {
				t.Errorf("offset %v, lost %04b: %v and %v after %v", offset, lost, a, b, limit)
				continue
			}
			a.Queue(100, 3000)
			b.Queue(100, 3000)
			w.Run(20 * time.Second)
			for _, n := range []*Node{na, nb} {
				live := 0
				for _, e := range n.all {
					if e.state != arq.Closed {
						live++
					}
				}
				if live != 1 {
					t.Errorf("offset %v, lost %04b: %s has %d connections, want 1", offset, lost, n.name, live)
				}
			}
			if a.Conn.LocalID() != b.Conn.PeerID() || b.Conn.LocalID() != a.Conn.PeerID() {
				t.Errorf("offset %v, lost %04b: not the same connection on both sides", offset, lost)
			}
			w.Settled()
			if err := w.Err(); err != nil {
				t.Errorf("offset %v, lost %04b: %v", offset, lost, err)
			}
		}
	}
}

// Every second datagram is lost in both directions, at random, and a tenth is
// repeated or overtaken: 1,000 of 1,000 connect within 30 s, one connection
// each.
func TestA23_HandshakeAtHalfLoss(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() || raceEnabled {
		seeds = 100
	}
	failed := 0
	for seed := uint64(1); seed <= seeds; seed++ {
		w, a, b := pairWorld(seed, arq.Config{HandshakeTimeout: 30 * time.Second})
		for _, l := range []*lossy.Link{w.Path(a, b), w.Path(b, a)} {
			l.SetProfile(lossy.Profile{Delay: 25 * time.Millisecond, Loss: 0.5, Duplicate: 0.1, Reorder: 0.1})
		}
		e := a.Dial(b)
		if !w.RunUntil(30*time.Second, func() bool {
			return e.state == arq.Open && len(b.Ends()) > 0 && b.Ends()[0].state == arq.Open
		}) {
			failed++
			t.Logf("seed %d: %v", seed, e)
		}
		if len(a.all) != 1 || len(b.all) > 1 {
			t.Errorf("seed %d: %d and %d connections", seed, len(a.all), len(b.all))
		}
		if err := w.Err(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d handshakes took longer than 30 s", failed, seeds)
	}
}

// What the server says reaches a client that has already given up: nothing
// comes of it, on either side.
func TestA23_ServerAnswersAClosedClient(t *testing.T) {
	for after := time.Duration(0); after <= 3*roundTrip; after += 5 * time.Millisecond {
		w, na, nb := pairWorld(1, arq.Config{})
		nb.SetFates(na, Fate{Kind: Delay, By: time.Second}, Fate{Kind: Duplicate, Again: time.Second}, Fate{Kind: Delay, By: 2 * time.Second})
		a := na.Dial(nb)
		a.Queue(100)
		w.At(after, func() { a.Abort(1, "given up") })
		w.Run(3 * time.Minute)
		w.Settled()
		w.Ended()
		if err := w.Err(); err != nil {
			t.Errorf("given up after %v: %v", after, err)
		}
	}
}
