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
	var kept []arq.Delivery
	for _, c := range []struct {
		name, want string
		mode       proto.Mode
		late       bool // the application reads late, so that nothing counts as withheld
		tamper     func(*End, arq.Delivery) []arq.Delivery
	}{
		{"delivered twice", "message 0 of channel 3 ordered a second time", proto.ModeOrdered, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			return []arq.Delivery{d, d}
		}},
		{"delivered twice", "message 0 of channel 3 unordered a second time", proto.ModeUnordered, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			return []arq.Delivery{d, d}
		}},
		{"delivered twice", "message 0 of channel 3 unreliable a second time", proto.ModeUnreliable, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			return []arq.Delivery{d, d}
		}},
		{"never delivered", "withholds: channel 3 ordered has 12 messages whole and in order, and delivered 11", proto.ModeOrdered, false, loseFrom(11)},
		{"never delivered", "withholds: message 11 of channel 3 unordered is whole", proto.ModeUnordered, false, loseFrom(11)},
		{"never delivered", "withholds: message 11 of channel 3 latest is whole", proto.ModeLatest, false, loseFrom(11)},
		{"never delivered", "withholds: message 11 of channel 3 sequenced is whole", proto.ModeSequenced, false, loseFrom(11)},
		{"never delivered", "withholds: message 11 of channel 3 unreliable is whole", proto.ModeUnreliable, false, loseFrom(11)},
		{"never delivered", "20 messages of channel 3 deadline acknowledged, 11 delivered", proto.ModeDeadline, false, loseFrom(11)},
		{"left out", "message 6 of channel 3 ordered before message 5", proto.ModeOrdered, true, func(e *End, d arq.Delivery) []arq.Delivery {
			if e.readCount == 5 && kept == nil {
				kept = append(kept, d)
				return nil
			}
			return []arq.Delivery{d}
		}},
		{"out of order", "message 1 of channel 3 ordered before message 0", proto.ModeOrdered, true, swap(&kept)},
		{"out of order", "message 0 of channel 3 latest behind message 1", proto.ModeLatest, true, swap(&kept)},
		{"out of order", "message 0 of channel 3 sequenced behind message 1", proto.ModeSequenced, true, swap(&kept)},
		{"out of order", "message 0 of channel 3 deadline behind message 1", proto.ModeDeadline, true, swap(&kept)},
		{"damaged", "not message 0", proto.ModeOrdered, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			d.Data[len(d.Data)/2] ^= 1
			return []arq.Delivery{d}
		}},
		{"cut", "not message 0", proto.ModeUnreliable, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			d.Data = d.Data[:len(d.Data)-1]
			return []arq.Delivery{d}
		}},
		{"never sent", "which was not sent", proto.ModeOrdered, false, func(_ *End, d arq.Delivery) []arq.Delivery { d.Seq += 100; return []arq.Delivery{d} }},
		{"of another mode", "which was not sent", proto.ModeOrdered, false, func(_ *End, d arq.Delivery) []arq.Delivery { d.Mode++; return []arq.Delivery{d} }},
		{"skipped without saying so", "says that 0 were skipped, which are 1", proto.ModeSequenced, true, func(e *End, d arq.Delivery) []arq.Delivery {
			if e.readCount == 0 && kept == nil {
				kept = append(kept, d)
				return nil
			}
			return []arq.Delivery{d}
		}},
		{"delivered and said to be skipped", "says that 1 were skipped, which are 0", proto.ModeLatest, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			d.Skipped++
			return []arq.Delivery{d}
		}},
		{"skipped of a reliable mode", "with 1 skipped", proto.ModeUnordered, false, func(_ *End, d arq.Delivery) []arq.Delivery {
			d.Skipped++
			return []arq.Delivery{d}
		}},
	} {
		t.Run(c.name+" "+c.mode.String(), func(t *testing.T) {
			kept = nil
			w, a, b := pairWorld(1, arq.Config{})
			b.ManualRead = c.late
			e := a.Dial(b)
			w.Run(time.Second)
			w.Tamper = c.tamper
			for range 20 {
				e.QueueOn(arq.SendOptions{Channel: 3, Mode: c.mode, Lifetime: time.Second}, 100)
				if c.mode == proto.ModeLatest { // or all but the last are superseded
					w.Run(100 * time.Millisecond)
				}
			}
			w.Run(5 * time.Second)
			b.Ends()[0].Read(100)
			w.oracle.settled()
			if err := w.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the oracle says %v, want something about %q", err, c.want)
			}
		})
	}
}

// loseFrom loses all messages behind the first n.
func loseFrom(n int) func(*End, arq.Delivery) []arq.Delivery {
	return func(e *End, d arq.Delivery) []arq.Delivery {
		if e.readCount >= n {
			return nil
		}
		return []arq.Delivery{d}
	}
}

// swap has the first message delivered behind the second.
func swap(kept *[]arq.Delivery) func(*End, arq.Delivery) []arq.Delivery {
	return func(_ *End, d arq.Delivery) []arq.Delivery {
		if *kept == nil {
			*kept = append(*kept, d)
			return nil
		}
		both := []arq.Delivery{d, (*kept)[0]}
		both[0].Skipped, both[1].Skipped = 1, 0
		return both
	}
}

// firstSeq is the number of the first message an end sent.
func firstSeq(e *End) uint64 {
	return e.node.world.oracle.streams[streamKey{e.node.index, e.Conn.LocalID()}].lanes[0].first
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
		{"a message superseded and not counted", "superseded", func(w *World, e *End) { e.fates[arq.Superseded]++ }},
		{"bytes kept for nothing", "bytes queued", func(w *World, e *End) { e.openBytes-- }},
		{"a fate of another mode", "as skipped", func(w *World, e *End) {
			e.Queue(1)
			w.oracle.receipt(e, arq.Receipt{Seq: firstSeq(e), State: arq.Skipped})
		}},
		{"the newest superseded", "as superseded", func(w *World, e *End) {
			e.QueueOn(arq.SendOptions{Mode: proto.ModeLatest}, 1)
			w.oracle.receipt(e, arq.Receipt{Mode: proto.ModeLatest, Seq: firstSeq(e), State: arq.Superseded})
		}},
		{"delivered and skipped", "as skipped, delivered: true", func(w *World, e *End) {
			w.Path(e.peer, e.node).SetDown(true)
			e.QueueOn(arq.SendOptions{Mode: proto.ModeDeadline, Lifetime: 10 * time.Second}, 1)
			w.Run(50 * time.Millisecond)
			w.oracle.receipt(e, arq.Receipt{Mode: proto.ModeDeadline, Seq: firstSeq(e), State: arq.Skipped})
		}},
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
			w.oracle.receipt(e, arq.Receipt{Seq: firstSeq(e), State: arq.Failed})
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
	w.Tamper = func(_ *End, d arq.Delivery) []arq.Delivery { d.Data = d.Data[1:]; return []arq.Delivery{d} }
	e.Queue(300)
	w.Run(time.Second)
	if want := []int{0, 1, -1}; !slices.Equal(messages, want) {
		t.Errorf("messages %v, want %v: the last was cut", messages, want)
	}
}
