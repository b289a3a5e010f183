package sim

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// forger sends an end packets that its peer never made, but could have: it
// knows the connection id, and its packet numbers go on from far above the
// peer's.
type forger struct {
	node   *Node
	to     *End
	number uint32
}

func (w *World) forger(from *Node, to *End) *forger {
	return &forger{node: from, to: to, number: to.node.config.Conn.FirstNumber + 1_000_000}
}

func (f *forger) send(build func(b *proto.DataBuilder)) {
	f.number++
	b := proto.BeginData(nil, f.to.Conn.LocalID(), f.number)
	build(&b)
	f.node.Inject(f.to.node, b.Finish())
}

func (f *forger) ack(largest uint32, ranges ...proto.AckRange) {
	f.send(func(b *proto.DataBuilder) {
		a := proto.Ack{Largest: largest, N: len(ranges)}
		copy(a.Ranges[:], ranges)
		b.AddAck(&a)
	})
}

// openPair is a world with an open connection from a to b.
func openPair(t *testing.T, config arq.Config) (w *World, a, b *End) {
	t.Helper()
	w, from, to := pairWorld(1, config)
	a = from.Dial(to)
	w.Run(time.Second)
	if len(to.Ends()) != 1 || a.Conn.State() != arq.Open || to.Ends()[0].Conn.State() != arq.Open {
		t.Fatalf("%v: %v, %d ends at the other side", w, a, len(to.Ends()))
	}
	return w, a, to.Ends()[0]
}

// dataSent is how many data packets an end of a dialer has sent: all but its
// two hellos.
func (e *End) dataSent() uint64 { return e.packetsOut - 2 }

// heapOf returns how much more memory is in use after f.
func heapOf(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// An acknowledgment of what was never sent ends the connection with the first
// packet that carries it, and nothing counts as delivered for it. What ranges
// claim costs no more than what is tracked.
func TestA5_AcksOfWhatWasNotSentEndTheConnection(t *testing.T) {
	for _, c := range []struct {
		name    string
		largest uint32 // from the next number on
		ranges  []proto.AckRange
	}{
		{"the next packet", 0, []proto.AckRange{{Count: 1}}},
		{"far ahead", 1 << 30, []proto.AckRange{{Count: 1}}},
		{"everything so far and the next", 0, []proto.AckRange{{Count: 2}}},
		{"a huge count", ^uint32(0), []proto.AckRange{{Count: 1 << 30}}},
		{"below the first", ^uint32(0), []proto.AckRange{{Count: 1}, {Gap: 1 << 20, Count: 1 << 20}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, a, b := openPair(t, arq.Config{FirstNumber: 1<<32 - 3})
			w.Path(a.node, b.node).SetDown(true)
			a.Queue(100, 100)
			next := uint32(1<<32-3) + uint32(a.dataSent())
			w.forger(b.node, a).ack(next+c.largest, c.ranges...)
			w.Run(25 * time.Millisecond)
			var violation *arq.ProtocolError
			if a.Conn.State() != arq.Closed || !errors.As(a.Conn.Err(), &violation) || violation.Code != arq.CodeViolation {
				t.Errorf("%v: %v, want closed for a violation", a, a.Conn.Err())
			}
			if got := a.Conn.Stats().MessagesAcked; got != 0 {
				t.Errorf("%d messages count as acknowledged", got)
			}
		})
	}
}

// A peer that makes us answer and acknowledges nothing gets no queue of
// answers: 100,000 packets that ask for one, while nothing of ours arrives.
func TestA7_WithheldAcksCostNoMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(i int, b *proto.DataBuilder)
	}{
		{"pings", func(_ int, b *proto.DataBuilder) { b.AddPing() }},
		{"pings with holes between", func(_ int, b *proto.DataBuilder) { b.AddPing() }},
		{"credit", func(i int, b *proto.DataBuilder) { b.AddMaxData(uint64(1<<20 + i)) }},
		{"acks wanted at once", func(_ int, b *proto.DataBuilder) { b.AddAckNow() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, a, b := openPair(t, arq.Config{})
			w.Path(a.node, b.node).SetDown(true) // a hears no ack from now on, and b nothing
			a.Queue(100_000)
			f := w.forger(b.node, a)
			count := 50_000
			if testing.Short() || raceEnabled {
				count = 25_000
			}
			ask := func() {
				for i := range count {
					if c.name == "pings with holes between" {
						f.number++
					}
					f.send(func(b *proto.DataBuilder) { c.build(i, b) })
					w.Run(time.Millisecond / 10)
				}
			}
			// What is remembered of packets sent has a bound, which the first half
			// reaches. The oracle remembers a bit for each number that came.
			if grown := heapOf(ask); grown > 3<<20 {
				t.Errorf("%d bytes more in use after %d packets", grown, count)
			}
			if grown := heapOf(ask); grown > 128<<10 {
				t.Errorf("%d bytes more in use after %d packets more", grown, count)
			}
			s := a.Conn.Stats()
			if s.CongestionWindow > 64<<10 || s.SendQueueBytes > 100_000 || s.ReceiveBytes != 0 {
				t.Errorf("window %d, %d bytes queued, %d received", s.CongestionWindow, s.SendQueueBytes, s.ReceiveBytes)
			}
			if a.Conn.State() != arq.Open || w.Err() != nil {
				t.Errorf("%v, %v", a, w.Err())
			}
		})
	}
}

// The window grows by the bytes acknowledged, not by the number of acks: acks
// that come twice change nothing, and one ack for each packet opens the window
// no wider than one for all.
func TestA8_WindowGrowsByBytesNotByAcks(t *testing.T) {
	window := func(divide, repeat bool) int {
		w, a, b := openPair(t, arq.Config{})
		first := uint32(a.dataSent())
		w.Path(b.node, a.node).SetDown(true) // the acks are forged
		a.Queue(8 * 1100)
		w.Run(30 * time.Millisecond)
		w.Path(b.node, a.node).SetDown(false)
		count := uint32(a.dataSent()) - first
		if count < 8 {
			t.Fatalf("%d packets sent, want 8 and more", count)
		}
		f := w.forger(b.node, a)
		acks := []uint32{first + count - 1}
		if divide {
			acks = nil
			for i := range count {
				acks = append(acks, first+i)
			}
		}
		for _, largest := range acks {
			for range map[bool]int{false: 1, true: 5}[repeat] {
				f.ack(largest, proto.AckRange{Count: largest - first + 1})
			}
		}
		w.Run(25 * time.Millisecond)
		if in := a.Conn.Stats().BytesInFlight; in != 0 {
			t.Fatalf("%d bytes in flight after everything was acknowledged", in)
		}
		return a.Conn.Stats().CongestionWindow
	}
	plain := window(false, false)
	for _, c := range []struct {
		name           string
		divide, repeat bool
	}{{"one ack a packet", true, false}, {"every ack five times", false, true}, {"both", true, true}} {
		if got := window(c.divide, c.repeat); got > plain {
			t.Errorf("%s: window %d, want at most the %d of one ack for all", c.name, got, plain)
		}
	}
}

// Before the handshake is done nothing is kept of data packets, whoever sends
// them and however many, and nothing is sent for them but bounded resets.
func TestR6_EarlyPacketsAreNotKept(t *testing.T) {
	w, a, b := pairWorld(1, arq.Config{})
	stranger := w.AddNode("stranger", arq.EndpointConfig{})
	w.Path(stranger, a).SetProfile(lossy.Profile{Delay: time.Millisecond})
	w.Path(b, a).SetDown(true)
	e := a.Dial(b)
	e.Queue(1000)
	count := 50_000
	if testing.Short() || raceEnabled {
		count = 5_000
	}
	fill := func() {
		for i := range count {
			for _, id := range []uint64{e.Conn.LocalID(), uint64(i) + 1} {
				p := proto.BeginData(nil, id, uint32(i))
				p.AddMessage(&proto.Message{Seq: uint32(i), Size: 1000, Payload: make([]byte, 1000)})
				stranger.Inject(a, p.Finish())
			}
			w.Run(time.Millisecond / 100)
		}
	}
	fill() // buffers grow to what one datagram needs
	if grown := heapOf(fill); grown > 64<<10 {
		t.Errorf("%d bytes more in use after %d early packets", grown, 2*count)
	}
	if got := e.Conn.Stats().ReceiveBytes; got != 0 {
		t.Errorf("%d message bytes kept before the handshake", got)
	}
	w.Path(b, a).SetDown(false)
	w.Run(5 * time.Second)
	if e.Conn.State() != arq.Open || len(b.Ends()) != 1 || b.Ends()[0].Delivered() != 1 {
		t.Errorf("%v, %v: the honest handshake has to go on", e, e.Conn.Err())
	}
	w.Settled()
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}
