package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// pairWorld is two nodes that listen, 20 ms apart.
func pairWorld(seed uint64, config arq.Config) (w *World, a, b *Node) {
	w = NewWorld(seed)
	endpoint := arq.EndpointConfig{Listen: true, Conn: config}
	a, b = w.AddNode("a", endpoint), w.AddNode("b", endpoint)
	w.Path(a, b).SetProfile(lossy.Profile{Delay: 20 * time.Millisecond})
	w.Path(b, a).SetProfile(lossy.Profile{Delay: 20 * time.Millisecond})
	return w, a, b
}

func TestEventsOfOneTimeHappenInTheOrderTheyWereMade(t *testing.T) {
	w := NewWorld(1)
	var got strings.Builder
	for _, c := range "abcdefghij" {
		w.At(time.Second, func() { got.WriteRune(c) })
		w.At(time.Duration(c)*time.Millisecond, func() { got.WriteRune(c - 'a' + 'A') })
	}
	w.Run(2 * time.Second)
	if want := "ABCDEFGHIJabcdefghij"; got.String() != want {
		t.Errorf("order %s, want %s", got.String(), want)
	}
}

// Every kind of fault in application or network that the oracle exists to
// find is planted here once, and has to be found.
func TestOracleFindsPlantedFaults(t *testing.T) {
	var kept []byte
	for _, c := range []struct {
		name, want string
		tamper     func(*End, []byte) [][]byte
	}{
		{"delivered twice", "not message 1", func(_ *End, m []byte) [][]byte { return [][]byte{m, m} }},
		{"never delivered", "20 messages acknowledged, 11 delivered", func(e *End, m []byte) [][]byte {
			if e.readCount > 10 {
				return nil
			}
			return [][]byte{m}
		}},
		{"left out", "not message 5", func(e *End, m []byte) [][]byte {
			if e.readCount == 5 && kept == nil {
				kept = m
				return nil
			}
			return [][]byte{m}
		}},
		{"out of order", "not message 0", func(_ *End, m []byte) [][]byte {
			if kept == nil {
				kept = m
				return nil
			}
			return [][]byte{m, kept}
		}},
		{"damaged", "not message 0", func(_ *End, m []byte) [][]byte { m[len(m)/2] ^= 1; return [][]byte{m} }},
		{"cut", "not message 0", func(_ *End, m []byte) [][]byte { return [][]byte{m[:len(m)-1]} }},
		{"one more than was sent", "one more than were sent", func(e *End, m []byte) [][]byte {
			if e.readCount == 19 {
				return [][]byte{m, m}
			}
			return [][]byte{m}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept = nil
			w, a, b := pairWorld(1, arq.Config{})
			w.Tamper = c.tamper
			e := a.Dial(b)
			for range 20 {
				e.Queue(100)
			}
			w.Run(5 * time.Second)
			w.oracle.settled()
			if err := w.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the oracle says %v, want something about %q", err, c.want)
			}
		})
	}
}

// The faults that only a broken machine would show are planted in what the
// oracle saw.
func TestOracleFindsPlantedFaultsOfTheMachine(t *testing.T) {
	for _, c := range []struct {
		name, want string
		plant      func(w *World, e *End)
	}{
		{"ack of a packet that never came", "never arrived", func(w *World, e *End) { e.watch.seen = numberSet{} }},
		{"a packet too many counted", "packets received", func(w *World, e *End) { e.packets-- }},
		{"a packet sent and not counted", "packets sent", func(w *World, e *End) { e.packetsOut++ }},
		{"acknowledged and not delivered", "acknowledged", func(w *World, e *End) { e.lastAcked += 1000 }},
		{"more sent to a stranger than came", "not proven", func(w *World, e *End) {
			stranger := w.AddNode("stranger", arq.EndpointConfig{})
			e.node.answer(stranger.at, make([]byte, 10))
		}},
		{"more in flight than the window", "window 0", func(w *World, e *End) {
			e.Queue(1000)
			for range 3 { // probes may exceed it twice
				w.oracle.windowKept(e, &arq.Stats{})
			}
		}},
		{"a timer that does not move on", "ran out", func(w *World, e *End) {
			e.wakes = wakes{at: w.now, count: wakeLimit}
			e.Conn.HandleTimeout(w.now)
			e.armed = w.now
			at, _ := e.Conn.NextTimeout()
			w.now, e.wakes.at, e.armed = at, at, at
			e.wake(at)
		}},
		{"an id used twice", "used before", func(w *World, e *End) { w.oracle.began(e) }},
		{"a packet that is none", "that is none", func(w *World, e *End) { w.oracle.sent(e, 0, []byte{1}, &arq.Stats{}) }},
		{"a packet too large", "limit 1200", func(w *World, e *End) {
			hello := proto.Hello{Version: proto.Version, SourceID: 1, Params: proto.Params{MaxPacket: 1200}}
			w.oracle.sent(e, 0, proto.AppendHello(nil, &hello, 1201), &arq.Stats{})
		}},
		{"a receipt for a message never sent", "was not sent", func(w *World, e *End) { w.oracle.receipt(e, arq.Receipt{Seq: 1}) }},
		{"two fates of one message", "after acked", func(w *World, e *End) {
			e.Queue(1)
			w.Run(time.Second)
			w.oracle.receipt(e, arq.Receipt{Seq: 0, State: arq.Failed})
		}},
		{"a link that eats everything", "lives", func(w *World, e *End) { w.Path(e.peer, e.node).SetDown(true) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, a, b := pairWorld(1, arq.Config{})
			a.Dial(b)
			w.Run(time.Second)
			c.plant(w, b.Ends()[0])
			a.Ends()[0].Queue(make([]int, 50)...)
			b.Ends()[0].Queue(make([]int, 50)...)
			w.Run(5 * time.Second)
			w.oracle.settled()
			if err := w.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the oracle says %v, want something about %q", err, c.want)
			}
		})
	}
}

func TestRestartedNodeKnowsNothing(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	a.Dial(b).Queue(100)
	w.Run(time.Second)
	b.Restart()
	a.Ends()[0].Queue(100)
	w.Run(time.Second)
	if got, want := a.Ends()[0].Conn.Err(), arq.ErrPeerReset; got != want {
		t.Errorf("the other end says %v, want %v", got, want)
	}
	if got := len(b.Ends()); got != 0 {
		t.Errorf("%d connections after the restart, want none", got)
	}
}

func TestPausedNodeCatchesUp(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	e := a.Dial(b)
	w.Run(time.Second)
	b.Pause()
	e.Queue(100, 200, 300)
	w.Run(5 * time.Second)
	if got := b.Ends()[0].Delivered(); got != 0 {
		t.Errorf("%d messages delivered by a node that stands still", got)
	}
	b.Resume()
	w.Run(time.Second)
	if got, want := b.Ends()[0].Delivered(), 3; got != want {
		t.Errorf("%d messages delivered after the pause, want %d", got, want)
	}
	w.oracle.settled()
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}

// What is no packet reaches no connection and is counted.
func TestDamageIsCounted(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	a.SetFates(b, Fate{Kind: Corrupt})
	e := a.Dial(b)
	w.Run(time.Second)
	if got := b.Rejected(); got != 1 {
		t.Errorf("%d datagrams rejected, want the damaged hello", got)
	}
	if e.Node() != a || e.Peer() != b || e.Conn.State() != arq.Open {
		t.Errorf("%v, want the connection of %s with %s, open", e, a.Name(), b.Name())
	}
}

// An observer is told which message an application took, and when; what is none
// of those sent has no number.
func TestObserverIsToldWhichMessage(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	e := a.Dial(b)
	w.Run(time.Second)
	var messages []int
	var times []time.Duration
	w.Observe = func(o Observation) {
		if o.Kind == Delivered {
			messages, times = append(messages, o.Message), append(times, o.At)
		}
	}
	queued := w.Now()
	e.Queue(100, 200)
	w.Run(time.Second)
	delay := w.Path(a, b).Profile().Delay
	if want := []int{0, 1}; !slices.Equal(messages, want) {
		t.Errorf("messages %v, want %v", messages, want)
	}
	if want := []time.Duration{queued + delay, queued + delay}; !slices.Equal(times, want) {
		t.Errorf("delivered at %v, want %v: the delay of the way", times, want)
	}
	w.Tamper = func(_ *End, msg []byte) [][]byte { return [][]byte{msg[1:]} }
	e.Queue(300)
	w.Run(time.Second)
	if want := []int{0, 1, -1}; !slices.Equal(messages, want) {
		t.Errorf("messages %v, want %v: the last was cut", messages, want)
	}
}
