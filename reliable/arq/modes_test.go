package arq

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"udplab/proto"
)

// collect takes everything a channel has.
func collect(c *Conn, now time.Duration, channel uint8) (got []Delivery) {
	for {
		d, ok := c.ReceiveOn(now, channel)
		if !ok {
			return got
		}
		got = append(got, d)
	}
}

// texts are the messages of deliveries, for comparing.
func texts(ds []Delivery) (s []string) {
	for _, d := range ds {
		s = append(s, string(d.Data))
	}
	return s
}

// pass lets time pass, whatever happens in it.
func (p *pair) pass(d time.Duration) { p.wait(p.now + d) }

// dropMessages loses the packets from one side that carry any of the messages,
// the first time they leave.
func dropMessages(t *testing.T, p *pair, from int, which ...string) {
	lost := map[string]bool{}
	p.drop = func(side int, b []byte) bool {
		if side != from {
			return false
		}
		drop := false
		eachMessage(t, b, func(m *proto.Message) {
			for _, w := range which {
				if string(m.Payload) == w && !lost[w] {
					lost[w], drop = true, true
				}
			}
		})
		return drop
	}
}

func eachMessage(t *testing.T, datagram []byte, visit func(m *proto.Message)) {
	t.Helper()
	var packet proto.Packet
	if err := proto.Parse(datagram, &packet); err != nil {
		t.Fatal(err)
	}
	if packet.Type != proto.TypeData {
		return
	}
	var f proto.Frame
	for it := packet.Data.Frames(); it.Next(&f); {
		if f.Type == proto.FrameMessage || f.Type == proto.FrameFragment {
			visit(&f.Message)
		}
	}
}

// Of five messages in packets of their own the second and the third are lost
// once. What each mode does with that is its definition (SPEC 7.1).
func TestModesUnderLoss(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		mode     proto.Mode
		lifetime time.Duration
		want     string
		fates    string
		skipped  int
	}{
		{proto.ModeOrdered, 0, "[m0 m1 m2 m3 m4]", "[acked acked acked acked acked]", 0},
		{proto.ModeUnordered, 0, "[m0 m3 m4 m1 m2]", "[acked acked acked acked acked]", 0},
		{proto.ModeLatest, 0, "[m0 m3 m4]", "[superseded superseded superseded superseded acked]", 2},
		{proto.ModeSequenced, 0, "[m0 m3 m4]", "[acked lost lost acked acked]", 2},
		{proto.ModeUnreliable, 0, "[m0 m3 m4]", "[acked lost lost acked acked]", 0},
		{proto.ModeDeadline, 500 * ms, "[m0 m1 m2 m3 m4]", "[acked acked acked acked acked]", 0},
		{proto.ModeDeadline, 50 * ms, "[m0 m3 m4]", "[acked skipped skipped acked acked]", 2},
	} {
		t.Run(fmt.Sprint(test.mode, test.lifetime), func(t *testing.T) {
			p := newPair(t, Config{})
			dialer, listener := p.connect()
			p.quiet()
			dropMessages(t, p, 0, "m1", "m2")
			var got []Delivery
			fates := make([]ReceiptState, 5)
			first := dialer.out.first
			for i := range 5 {
				seq, err := dialer.SendOn(p.now, SendOptions{Channel: 3, Mode: test.mode, Lifetime: test.lifetime, Tracked: true}, fmt.Appendf(nil, "m%d", i))
				if err != nil || seq != first+uint64(i) {
					t.Fatal(seq, err)
				}
				p.drain(0)
				p.pass(4 * ms)
				got = append(got, collect(listener, p.now, 3)...)
			}
			for range 400 {
				p.pass(5 * ms)
				got = append(got, collect(listener, p.now, 3)...)
			}
			for {
				r, ok := dialer.Receipt()
				if !ok {
					break
				}
				if r.State != Sent {
					fates[r.Seq-first] = r.State
				}
			}
			if s := fmt.Sprint(texts(got)); s != test.want {
				t.Errorf("delivered %s, want %s", s, test.want)
			}
			if s := fmt.Sprint(fates); s != test.fates {
				t.Errorf("told %s, want %s", s, test.fates)
			}
			skipped := 0
			for _, d := range got {
				skipped += d.Skipped
				if d.Mode != test.mode {
					t.Errorf("delivered as %v", d.Mode)
				}
			}
			if skipped != test.skipped {
				t.Errorf("the receiver was told of %d skipped messages, want %d", skipped, test.skipped)
			}
			if dialer.out.open != 0 || dialer.out.bytes != 0 || dialer.Stats().SendQueueBytes != 0 {
				t.Errorf("%d messages, %d bytes are still open", dialer.out.open, dialer.out.bytes)
			}
		})
	}
}

// No message reaches the application after its deadline, whatever the network
// does, and both sides agree about every message: delivered or skipped.
func TestDeadlineIsKept(t *testing.T) {
	const lifetime = 100 * time.Millisecond
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := newPair(t, Config{FirstNumber: ^uint32(0) - 20, Redundancy: RedundancyOff})
		dialer, listener := p.connect()
		p.quiet()
		p.drop = func(int, []byte) bool { return random.IntN(10) < 3 }
		sentAt := map[string]time.Duration{}
		fates := map[uint64]ReceiptState{}
		delivered := map[uint64]bool{}
		skipped, last := 0, uint64(0)
		take := func() {
			for _, d := range collect(listener, p.now, 0) {
				if late := p.now - sentAt[string(d.Data)]; late > lifetime {
					t.Fatalf("seed %d: %s delivered after %v", seed, d.Data, late)
				}
				if delivered[d.Seq] || d.Seq < last {
					t.Fatalf("seed %d: %d after %d", seed, d.Seq, last)
				}
				delivered[d.Seq], last = true, d.Seq
				skipped += d.Skipped
			}
		}
		for i := range 300 {
			msg := fmt.Sprint(i)
			sentAt[msg] = p.now
			if _, err := dialer.SendOn(p.now, SendOptions{Mode: proto.ModeDeadline, Lifetime: lifetime, Tracked: true}, []byte(msg)); err != nil {
				t.Fatal(err)
			}
			p.drain(0)
			for range 16 {
				p.pass(time.Millisecond)
				take()
			}
		}
		p.drop = nil
		for range 3000 {
			p.pass(time.Millisecond)
			take()
		}
		for {
			r, ok := dialer.Receipt()
			if !ok {
				break
			}
			if r.State != Sent {
				fates[r.Seq] = r.State
			}
		}
		for seq := dialer.out.first; seq < dialer.out.first+300; seq++ {
			want := Skipped
			if delivered[seq] {
				want = Acked
			}
			if fates[seq] != want {
				t.Errorf("seed %d: message %d: delivered %v, and the sender was told %v", seed, seq-dialer.out.first, delivered[seq], fates[seq])
			}
		}
		sender, receiver := dialer.Stats(), listener.Stats()
		if n := len(delivered); n < 200 || n == 300 || sender.MessagesAcked != uint64(n) || sender.MessagesSkipped != uint64(300-n) ||
			receiver.MessagesPassedOver != uint64(300-n) {
			t.Errorf("seed %d: %d delivered, %d told of; sender %d acked, %d skipped; receiver passed over %d", seed, n, skipped,
				sender.MessagesAcked, sender.MessagesSkipped, receiver.MessagesPassedOver)
		}
	}
}

// A guess that the first packets were slow does not last: with the first round
// trip after it the messages of a lane with deadlines get through.
func TestDeadlinesRecoverFromAGloomyGuess(t *testing.T) {
	const ms = time.Millisecond
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	got := 0
	for i := range 100 {
		if i == 10 {
			listener.in.transit.fastest -= 500_000 // as if the fastest had been half a second faster
		}
		dialer.SendOn(p.now, SendOptions{Mode: proto.ModeDeadline, Lifetime: 60 * ms}, message(i, 100))
		p.drain(0)
		p.pass(20 * ms)
		got += len(collect(listener, p.now, 0))
	}
	if got < 90 {
		t.Errorf("%d of 100 messages in time", got)
	}
}

// A channel nobody reads keeps its own messages back and nothing else.
func TestSlowReaderStallsOnlyItself(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 64 << 10, SendBuffer: 64 << 20})
	dialer, listener := p.connect()
	for i := range 100 {
		for channel := range uint8(20) {
			if _, err := dialer.SendOn(p.now, SendOptions{Channel: channel}, message(i, 10_000)); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.drain(0)
	got := 0
	p.run(10*time.Minute, func() bool {
		got += len(collect(listener, p.now, 7))
		p.drain(1)
		return got == 100
	})
	if held := listener.Stats().ReceiveBytes; held > 20*(64<<10) {
		t.Errorf("%d bytes held", held)
	}
	for channel := range uint8(20) {
		if channel != 7 && !listener.ReadableOn(channel) {
			t.Errorf("nothing arrived on channel %d", channel)
		}
	}
}

// Messages without credit that nobody reads make room for newer ones.
func TestUnreadLooseMessagesAreDropped(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 20})
	dialer, listener := p.connect()
	for i := range 3000 {
		if _, err := dialer.SendOn(p.now, SendOptions{Mode: proto.ModeUnreliable}, message(i, 1000)); err != nil {
			t.Fatal(err)
		}
		p.drain(0)
		p.pass(time.Millisecond)
	}
	p.pass(time.Second)
	held := listener.Stats().ReceiveBytes
	if held > looseLimit || held < looseLimit/2 {
		t.Errorf("%d bytes held", held)
	}
	got := collect(listener, p.now, 0)
	if n := len(got); n == 0 || !bytes.Equal(got[n-1].Data, message(2999, 1000)) {
		t.Errorf("the newest of %d is not the last one sent", n)
	}
	if dropped := listener.Stats().MessagesDropped; dropped+uint64(len(got)) != 3000 || got[0].Skipped != int(dropped) {
		t.Errorf("%d read, %d dropped, %d told", len(got), dropped, got[0].Skipped)
	}
	if held := listener.Stats().ReceiveBytes; held != 0 {
		t.Errorf("%d bytes held in the end", held)
	}
}

// Of two channels of a priority the one of weight 3 sends three times as much;
// one of a larger priority goes before both.
func TestLanesShareByPriorityAndWeight(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 20, ReceiveWindow: 64 << 20})
	dialer, listener := p.connect()
	dialer.SetLane(1, Lane{Weight: 3})
	dialer.SetLane(2, Lane{Weight: 1})
	dialer.SetLane(3, Lane{Priority: 1})
	var sent [4]int
	urgent, atUrgent := 0, 0
	p.drop = func(from int, b []byte) bool {
		if from == 0 {
			eachMessage(t, b, func(m *proto.Message) {
				sent[m.Channel] += len(m.Payload)
				if m.Channel == 3 {
					atUrgent = p.packets
				}
			})
		}
		return false
	}
	for channel := uint8(1); channel <= 2; channel++ {
		for range 400 {
			dialer.SendOn(p.now, SendOptions{Channel: channel}, make([]byte, 10_000))
		}
	}
	p.drain(0)
	p.run(time.Minute, func() bool {
		collect(listener, p.now, 1)
		collect(listener, p.now, 2)
		return sent[1]+sent[2] > 200_000
	})
	dialer.SendOn(p.now, SendOptions{Channel: 3}, []byte("chat"))
	urgent = p.packets
	p.drain(0)
	p.run(time.Minute, func() bool { return sent[3] > 0 })
	if waited := atUrgent - urgent; waited > 2 {
		t.Errorf("%d packets before the urgent message", waited)
	}
	if ratio := float64(sent[1]) / float64(sent[2]); ratio < 2.8 || ratio > 3.2 {
		t.Errorf("%d and %d bytes, a ratio of %.2f", sent[1], sent[2], ratio)
	}
}

// Messages larger than every window arrive, one at a time, on whichever lanes
// they are, and what is kept stays within the windows and one of them.
func TestMessagesLargerThanTheWindow(t *testing.T) {
	const size = 300_000
	p := newPair(t, Config{ReceiveWindow: 32 << 10, SendBuffer: 64 << 20, FirstNumber: 1<<32 - 1})
	dialer, listener := p.connect()
	want := 0
	for i := range 3 {
		for channel := range uint8(4) {
			for _, mode := range []proto.Mode{proto.ModeOrdered, proto.ModeUnordered} {
				dialer.SendOn(p.now, SendOptions{Channel: channel, Mode: mode}, message(i, size))
				dialer.SendOn(p.now, SendOptions{Channel: channel, Mode: mode}, message(i, 20_000))
				want += 2
			}
		}
	}
	p.drain(0)
	lost, got, most := 0, 0, 0
	p.drop = func(int, []byte) bool { lost++; return lost%20 == 0 }
	p.run(time.Hour, func() bool {
		for channel := range uint8(4) {
			got += len(collect(listener, p.now, channel))
		}
		p.drain(1)
		most = max(most, listener.Stats().ReceiveBytes)
		return got == want
	})
	if bound := 4*(32<<10) + size; most > bound {
		t.Errorf("%d bytes kept, want %d at most", most, bound)
	}
}

// A begun message gets the few bytes it lacks though what it waits for is a
// message on another lane of its channel, which came late and is soon read.
func TestBegunMessageWaitsForAnotherLane(t *testing.T) {
	for _, late := range []bool{false, true} { // the application, too
		p := newPair(t, Config{ReceiveWindow: 10_944})
		dialer, listener := p.connect()
		p.quiet()
		dropMessages(t, p, 0, string(message(0, 1000)))
		dialer.SendOn(p.now, SendOptions{Channel: 1}, message(0, 1000))
		p.drain(0)
		dialer.SendOn(p.now, SendOptions{Channel: 1, Mode: proto.ModeUnordered}, message(1, 10_000))
		p.drain(0)
		if late {
			p.pass(time.Second)
		}
		got := 0
		p.run(time.Minute, func() bool {
			got += len(collect(listener, p.now, 1))
			p.drain(1)
			return got == 2
		})
	}
}

// A message that fits the window and not what is left of it, too little to be
// worth announcing, is completed.
func TestMessageNearTheWindow(t *testing.T) {
	for size := 3000; size <= 4200; size++ {
		p := newPair(t, Config{ReceiveWindow: 4096})
		dialer, listener := p.connect()
		for range 2 {
			dialer.Send(p.now, nil, false)
		}
		dialer.Send(p.now, message(0, size), false)
		p.drain(0)
		p.pass(time.Second) // the application is late to read
		got := 0
		p.run(time.Second, func() bool {
			got += len(collect(listener, p.now, 0))
			p.drain(1)
			return got == 3
		})
	}
}

// Messages with deadlines that were dropped because nobody reads are told to the
// sender, too, and it does not take for delivered what it hears of in time.
func TestDroppedDeadlinesAreTold(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	told := map[uint32]bool{}
	p.drop = func(from int, b []byte) bool {
		if from == 1 {
			var packet proto.Packet
			if err := proto.Parse(b, &packet); err != nil {
				t.Fatal(err)
			}
			var f proto.Frame
			for it := packet.Data.Frames(); it.Next(&f); {
				if f.Type == proto.FrameLate {
					for i := range uint32(f.Lapse.Count) {
						told[f.Lapse.Seq+i] = true
					}
				}
			}
		}
		return false
	}
	for i := range 5 {
		options := SendOptions{Channel: 1, Mode: proto.ModeDeadline, Lifetime: time.Minute}
		if _, err := dialer.SendOn(p.now, options, message(i, looseLimit/2-1000)); err != nil {
			t.Fatal(err)
		}
		p.drain(0)
		p.pass(5 * time.Second)
	}
	got := collect(listener, p.now, 1)
	if len(got) != 2 || got[0].Skipped != 3 || listener.Stats().MessagesDropped != 3 || len(told) != 3 {
		t.Fatalf("%d read, %d dropped, %d told", len(got), listener.Stats().MessagesDropped, len(told))
	}
	for i := range uint32(3) {
		if first := uint32(dialer.out.first); !told[first+i] {
			t.Errorf("told of %v, not of message %d", told, i)
		}
	}
}

// What comes too late counts once as stale, and a copy of what was delivered
// does not, whatever a packet of its own cost it.
func TestStaleIsWhatWasNotDelivered(t *testing.T) {
	for _, mode := range []proto.Mode{proto.ModeLatest, proto.ModeSequenced, proto.ModeDeadline} {
		p := newPair(t, Config{})
		_, c := p.connect()
		p.quiet()
		lane := c.in.lane(1, mode)
		c.arrival.timed = true
		come := func(seq uint32, offset uint32) {
			c.handleMessage(p.now, &proto.Message{
				Channel: 1, Mode: mode, Seq: seq, Size: 200, Offset: offset, Payload: make([]byte, 100), Left: time.Minute,
			})
		}
		both := func(seq uint32) { come(seq, 0); come(seq, 100) }
		first := uint32(lane.next)
		both(first)
		both(first + 3)
		if mode == proto.ModeDeadline { // it waits for two others, which are given up
			c.passOver(p.now, lane, lane.next, lane.next+2)
		}
		both(first) // a copy
		both(first + 3)
		if c.stats.MessagesStale != 0 || len(collect(c, p.now, 1)) != 2 {
			t.Errorf("%v: %d stale, want none", mode, c.stats.MessagesStale)
		}
		both(first + 2)
		both(first + 2)
		both(first + 1)
		if c.stats.MessagesStale != 2 || c.ChannelStats(1).MessagesStale != 2 || len(lane.missed) != 0 {
			t.Errorf("%v: %d stale, want two", mode, c.stats.MessagesStale)
		}
		for i := range uint32(1000) {
			both(first + 10 + 2*i)
			if mode == proto.ModeDeadline {
				c.passOver(p.now, lane, lane.next, uint64(first)+10+2*uint64(i)+numberBase)
			}
		}
		if len(lane.missed) > missedKept {
			t.Errorf("%v: %d intervals are remembered", mode, len(lane.missed))
		}
	}
}
