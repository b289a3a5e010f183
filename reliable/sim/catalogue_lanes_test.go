package sim

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// Messages of every size at which something changes, of every mode and on
// several channels at once, arrive to the byte, and one byte too many is refused
// in each mode before anything is sent.
func TestA28_MessageSizesOfEveryMode(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 255, 256, 1139, 1140, 1200, 1201, 65_535, 65_536, 200_000}
	for _, mode := range allModes {
		w, na, nb := pairWorld(1, arq.Config{SendBuffer: 64 << 20, ReceiveWindow: 100_000})
		for _, l := range []*lossy.Link{w.Path(na, nb), w.Path(nb, na)} {
			l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond})
		}
		e := na.Dial(nb)
		w.Run(time.Second)
		for _, size := range sizes {
			for _, channel := range []uint8{0, 9, 255} {
				e.QueueOn(arq.SendOptions{Channel: channel, Mode: mode, Lifetime: time.Minute}, size)
			}
			if mode == proto.ModeLatest { // the next one takes its place
				w.Run(5 * time.Second)
			}
		}
		w.Run(20 * time.Second)
		w.Settled()
		if got, want := nb.Ends()[0].Delivered(), 3*len(sizes); got != want || w.Err() != nil {
			t.Errorf("%v: %d messages delivered, want %d: %v", mode, got, want, w.Err())
		}
		before := w.datagrams
		o := arq.SendOptions{Channel: 9, Mode: mode, Lifetime: time.Minute}
		if _, err := e.Conn.SendOn(w.now, o, make([]byte, proto.MaxMessage+1)); err != arq.ErrTooLarge {
			t.Errorf("%v: a byte too many: %v", mode, err)
		}
		e.settle()
		if w.Run(time.Second); w.datagrams != before {
			t.Errorf("%v: %d datagrams for a message that was refused", mode, w.datagrams-before)
		}
	}
}

// arrivals is when the messages of a channel arrive that are sent every 10 ms,
// a small one on each of two channels in packets of their own, while datagrams
// that carry the other channel are lost.
func arrivals(t *testing.T, mode proto.Mode, lose func(nth int) bool) (times []time.Duration) {
	w, na, nb := pairWorld(1, arq.Config{})
	a := na.Dial(nb)
	w.Run(time.Second)
	nth, sending := 0, uint8(0)
	w.Fate = func(_ uint64, from, _ *Node) Fate {
		// Each message leaves as it is sent: on channel 1 first.
		if from == na && sending == 1 {
			if nth++; lose(nth) {
				return Fate{Kind: Drop}
			}
		}
		return Fate{}
	}
	w.Observe = func(o Observation) {
		if o.Kind == Delivered && o.Channel == 2 {
			times = append(times, o.At)
		}
	}
	for range 200 {
		for channel := uint8(1); channel <= 2; channel++ {
			sending = channel
			a.QueueOn(arq.SendOptions{Channel: channel, Mode: mode, Lifetime: time.Second}, 200)
			sending = 0
		}
		w.Run(10 * time.Millisecond)
	}
	w.Fate = nil
	w.Run(10 * time.Second)
	w.Settled()
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	return times
}

// What is lost on one channel delays another by nothing at all: every message
// of the other arrives at the very moment at which it does when nothing is lost.
func TestA29_LossOnOneChannelDelaysNoOther(t *testing.T) {
	t.Parallel()
	for _, mode := range allModes {
		clean := arrivals(t, mode, func(int) bool { return false })
		for _, every := range []int{2, 7, 50} {
			lossy := arrivals(t, mode, func(nth int) bool { return nth%every == 0 })
			if len(clean) != 200 || !slices.Equal(clean, lossy) {
				t.Errorf("%v, one of %d lost: %d and %d messages, the first %v later", mode, every, len(clean), len(lossy), later(clean, lossy))
			}
		}
	}
}

// later is how much later the first message is that comes later.
func later(before, after []time.Duration) time.Duration {
	for i := range min(len(before), len(after)) {
		if after[i] != before[i] {
			return after[i] - before[i]
		}
	}
	return 0
}

// A deadline that passes while a message is half sent leaves no part of it with
// the application, and nothing in memory at either end; what was sent before and
// behind it is not touched.
func TestA30_DeadlinePassesMidMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, na, nb := pairWorld(rapid.Uint64().Draw(t, "seed"), arq.Config{
			SendBuffer: rapid.SampledFrom([]int{1, 10_000, 4 << 20}).Draw(t, "send buffer"),
		})
		a := na.Dial(nb)
		w.Run(time.Second)
		for _, l := range []*lossy.Link{w.Path(na, nb), w.Path(nb, na)} {
			l.SetProfile(lossy.Profile{
				Delay: 20 * time.Millisecond, Rate: 1e6, Queue: 200 * time.Millisecond,
				Loss: rapid.Float64Range(0, 0.3).Draw(t, "loss"),
			})
		}
		for range rapid.IntRange(1, 10).Draw(t, "messages") {
			lifetime := time.Duration(rapid.IntRange(1, 1000).Draw(t, "lifetime ms")) * time.Millisecond
			a.QueueOn(arq.SendOptions{Mode: proto.ModeDeadline, Lifetime: lifetime}, rapid.IntRange(0, 100_000).Draw(t, "bytes"))
			a.Queue(rapid.IntRange(0, 5000).Draw(t, "ordered bytes"))
			w.Run(time.Duration(rapid.IntRange(0, 500).Draw(t, "wait ms")) * time.Millisecond)
		}
		w.Heal()
		w.Run(30 * time.Second)
		w.Settled()
		if err := w.Err(); err != nil {
			t.Fatal(err)
		}
		if sender, receiver := a.Conn.Stats(), nb.Ends()[0].Conn.Stats(); sender.SendQueueBytes != 0 || receiver.ReceiveBytes != 0 {
			t.Errorf("%d bytes are left at the sender, %d at the receiver", sender.SendQueueBytes, receiver.ReceiveBytes)
		}
	})
}

// A peer whose application never reads is sent the window and no more, on every
// channel, and a connection of the same machines that is read goes on as if it
// were alone.
func TestR8_SlowReaderStallsOnlyItself(t *testing.T) {
	t.Parallel()
	const window = 64 << 10
	alone := time.Duration(0)
	for _, beside := range []bool{false, true} {
		w, na, nb := pairWorld(1, arq.Config{ReceiveWindow: window, SendBuffer: 1 << 20})
		if beside {
			nb.ManualRead = true
			slow := na.Dial(nb)
			for _, channel := range []uint8{0, 1, 2} {
				for range 40 {
					slow.QueueOn(arq.SendOptions{Channel: channel}, 10_000)
				}
				for range 2000 { // these use no credit
					slow.QueueOn(arq.SendOptions{Channel: channel, Mode: proto.ModeUnreliable}, 1000)
				}
			}
			w.Run(5 * time.Second)
			held := nb.Ends()[0].Conn.Stats().ReceiveBytes
			if loose := 3 << 20; held > 3*window+loose+1200 || held < 3*window/2 {
				t.Errorf("%d bytes are held for an application that reads nothing", held)
			}
			if waiting := slow.Conn.Stats().BytesInFlight; waiting != 0 {
				t.Errorf("%d bytes in flight to a full receiver", waiting)
			}
			nb.ManualRead = false
		}
		a := na.Dial(nb)
		w.Run(time.Second)
		took, ok := transfer(w, a, time.Minute, slices.Repeat([]int{10_000}, 50)...)
		if !ok || w.Err() != nil {
			t.Fatalf("beside a slow one: %v: %v", beside, w.Err())
		}
		if !beside {
			alone = took
		} else if (took - alone).Abs() > alone/200 { // ids and numbers are drawn anew
			t.Errorf("the other connection took %v, %v alone", took, alone)
		}
	}
}
