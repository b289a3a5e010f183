package arq

import (
	"math/rand/v2"
	"testing"
	"time"

	"udplab/proto"
)

// checkKept compares what is counted as kept with what is there.
func checkKept(t *testing.T, c *Conn) {
	t.Helper()
	held, lax := 0, 0
	for _, ch := range c.in.channels {
		if ch == nil {
			continue
		}
		chHeld, chLax := 0, 0
		for _, l := range ch.lanes {
			if l == nil {
				continue
			}
			for r := range l.pending.all() {
				chHeld += int(r.received)
				if !credited(l.mode) {
					chLax += laxCost + int(r.received)
				}
			}
		}
		for i := ch.ready.first(); i != ch.ready.end(); i++ {
			chHeld += len(ch.ready.at(i).Data)
		}
		for i := ch.loose.first(); i != ch.loose.end(); i++ {
			chHeld += len(ch.loose.at(i).Data)
			chLax += laxCost + len(ch.loose.at(i).Data)
		}
		if ch.held != chHeld || ch.lax != chLax {
			t.Fatalf("channel %d counts %d and %d bytes, and keeps %d and %d", ch.number, ch.held, ch.lax, chHeld, chLax)
		}
		held, lax = held+chHeld, lax+chLax
	}
	if c.in.held != held || c.in.lax != lax {
		t.Fatalf("the connection counts %d and %d bytes, and keeps %d and %d", c.in.held, c.in.lax, held, lax)
	}
}

// A peer that uses many channels and every mode without credit, with messages
// of any size, can't make this side keep more than the limit, read or not.
func TestWhatIsKeptWithoutCreditIsBounded(t *testing.T) {
	const largest = 1 << 20
	for _, c := range []struct {
		name     string
		size     func(r *rand.Rand) int
		messages int
	}{
		{"empty", func(*rand.Rand) int { return 0 }, 85_000},
		{"in parts", func(r *rand.Rand) int { return r.IntN(200_000) }, 600},
		{"as large as any", func(*rand.Rand) int { return largest }, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			p := newPair(t, Config{SendBuffer: 1 << 30, MaxMessage: largest, FixedPacket: 9000})
			dialer, listener := p.connect()
			p.drop = func(int, []byte) bool { return random.IntN(20) == 0 }
			most, sent := 0, uint64(0)
			for range c.messages {
				mode := proto.ModeLatest + proto.Mode(random.IntN(4))
				options := SendOptions{Channel: uint8(random.IntN(64)), Mode: mode, Lifetime: time.Second}
				if _, err := dialer.SendOn(p.now, options, make([]byte, c.size(random))); err != nil {
					t.Fatal(err)
				}
				if sent++; sent%20 == 0 || c.size(random) > 0 {
					p.drain(0)
					p.pass(10 * time.Millisecond)
				}
				most = max(most, listener.in.lax)
			}
			checkKept(t, listener)
			p.pass(10 * time.Second)
			checkKept(t, listener)
			if limit := laxLimit + 2*(largest+laxCost); most > limit || most < laxLimit/2 {
				t.Errorf("%d bytes kept, want %d at most, and enough to tell", most, limit)
			}
			if listener.Stats().MessagesDropped == 0 {
				t.Error("nothing was dropped: the limit was not reached")
			}
			for channel := range 64 {
				collect(listener, p.now, uint8(channel))
			}
			checkKept(t, listener)
			if err := listener.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is dropped is what the channel that keeps most has had for longest.
func TestTheFullestChannelMakesRoom(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 1 << 30, MaxMessage: 600_000})
	dialer, listener := p.connect()
	send := func(channel uint8, size int) {
		t.Helper()
		if _, err := dialer.SendOn(p.now, SendOptions{Channel: channel, Mode: proto.ModeUnreliable}, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		p.drain(0)
		p.pass(10 * time.Second)
	}
	send(0, 100)
	for channel := uint8(1); channel <= 14; channel++ {
		send(channel, 500_000)
	}
	send(14, 200_000) // 14 keeps most
	for channel := uint8(15); listener.Stats().MessagesDropped == 0; channel++ {
		send(channel, 500_000)
	}
	if got := collect(listener, p.now, 0); len(got) != 1 {
		t.Errorf("%d messages of the channel that keeps least", len(got))
	}
	if got := collect(listener, p.now, 14); len(got) != 1 || len(got[0].Data) != 200_000 || got[0].Skipped != 1 {
		t.Errorf("%d messages of the channel that kept most, want the newer one", len(got))
	}
}

// A message with a deadline that is whole, and whose turn comes too late because
// nobody woke the connection in time, is not kept, nor counted as if it were.
func TestLateMessageIsNotKept(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	dropMessages(t, p, 0, "first")
	for _, text := range []string{"first", "second"} {
		options := SendOptions{Mode: proto.ModeDeadline, Lifetime: 60 * time.Millisecond}
		if _, err := dialer.SendOn(p.now, options, []byte(text)); err != nil {
			t.Fatal(err)
		}
		p.drain(0)
	}
	p.pass(30 * time.Millisecond)
	l := listener.in.lane(0, proto.ModeDeadline)
	if l.pending.len() != 1 {
		t.Fatalf("%d messages wait for their turn, want one", l.pending.len())
	}
	listener.passOver(p.now+time.Second, l, l.next, l.next+1)
	if l.lapsed != 1 || l.pending.len() != 0 || listener.Readable() {
		t.Errorf("%d messages were too late, want one", l.lapsed)
	}
	checkKept(t, listener)
}
