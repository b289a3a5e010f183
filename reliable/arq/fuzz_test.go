package arq

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestConversations lets both ends send, read, close and wait in any order,
// over a network that loses, repeats and delays what it likes (damaged is as good
// as lost here; package sim flips bits): what
// one sends, the other gets once, in order and intact, and in the end nothing
// is in flight and no timer runs.
func TestConversations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPair(t, Config{
			FirstNumber:   -rapid.Uint32Range(0, 5).Draw(rt, "first"),
			ReceiveWindow: rapid.SampledFrom([]int{4096, 1 << 20}).Draw(rt, "window"),
			IdleTimeout:   -1, HandshakeTimeout: -1,
		})
		fates := rapid.SliceOfN(rapid.IntRange(0, 7), 1, 40).Draw(rt, "fates")
		sent, calm := 0, false
		p.drop = func(from int, b []byte) bool {
			if calm {
				return false
			}
			sent++
			return p.suffer(fates[sent%len(fates)], from, b)
		}
		c := &conversation{pair: p}
		p.dial()
		for range rapid.IntRange(1, 30).Draw(rt, "operations") {
			c.operate(rt)
		}
		calm = true
		c.finish(rt)
	})
}

// suffer applies a fate to a datagram and reports whether it is lost.
func (p *pair) suffer(fate, from int, b []byte) bool {
	copied := append([]byte(nil), b...)
	switch fate {
	case 0, 1:
		return true
	case 2: // twice
		p.flying = append(p.flying, flight{p.now + p.delay + time.Millisecond, 1 - from, copied})
	case 3: // late
		p.flying = append(p.flying, flight{p.now + 5*p.delay, 1 - from, copied})
		return true
	case 4: // very late
		p.flying = append(p.flying, flight{p.now + 3*time.Second, 1 - from, copied})
		return true
	}
	return false
}

// conversation is what both ends have said and heard.
type conversation struct {
	pair  *pair
	sent  [2][][]byte
	heard [2]int
}

func (c *conversation) operate(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "end")
	end := c.pair.ends[i].conn
	switch rapid.IntRange(0, 3).Draw(t, "operation") {
	case 0, 1:
		size := rapid.SampledFrom([]int{0, 1, 100, 1173, 1174, 1175, 1200, 5000, 30_000}).Draw(t, "size")
		if end == nil || !end.CanSend() {
			return
		}
		msg := message(len(c.sent[i]), size)
		if _, err := end.Send(c.pair.now, msg, false); err != nil {
			t.Fatal(err)
		}
		c.sent[i] = append(c.sent[i], msg)
		c.pair.drain(i)
	case 2:
		c.listen(t, i)
	case 3:
		until := c.pair.now + time.Duration(rapid.IntRange(1, 300).Draw(t, "milliseconds"))*time.Millisecond
		c.pair.wait(until)
	}
}

// wait lets time pass up to a moment, whether something happens then or not.
func (p *pair) wait(until time.Duration) {
	p.flying = append(p.flying, flight{at: until, to: -1})
	p.run(time.Hour, func() bool {
		for i, f := range p.flying {
			if f.to == -1 && p.nextEvent() >= until {
				p.flying = append(p.flying[:i], p.flying[i+1:]...)
				p.now = until
				return true
			}
		}
		return false
	})
}

// nextEvent is when the next thing happens.
func (p *pair) nextEvent() time.Duration {
	next := never
	for _, f := range p.flying {
		next = min(next, f.at)
	}
	for _, e := range p.ends {
		if e.conn != nil {
			if at, ok := e.conn.NextTimeout(); ok {
				next = min(next, at)
			}
		}
	}
	return next
}

// listen takes every message there is to end i.
func (c *conversation) listen(t *rapid.T, i int) {
	end := c.pair.ends[i].conn
	for end != nil {
		msg, ok := end.Receive(c.pair.now)
		if !ok {
			return
		}
		if c.heard[i] == len(c.sent[1-i]) || !bytes.Equal(msg, c.sent[1-i][c.heard[i]]) {
			t.Fatalf("end %d: message %d of %d bytes is not what was sent", i, c.heard[i], len(msg))
		}
		c.heard[i]++
		c.pair.drain(i)
	}
}

// finish hears everything out on a network that is well again, and closes.
func (c *conversation) finish(t *rapid.T) {
	p := c.pair
	p.run(time.Hour, func() bool {
		c.listen(t, 0)
		c.listen(t, 1)
		return p.ends[1].conn != nil && c.heard[0] == len(c.sent[1]) && c.heard[1] == len(c.sent[0])
	})
	p.ends[0].conn.Close(p.now, 0, "")
	p.drain(0)
	p.run(time.Hour, func() bool {
		c.listen(t, 0)
		c.listen(t, 1)
		return p.ends[0].conn.State() == Closed && p.ends[1].conn.State() == Closed
	})
	for i, e := range p.ends {
		if c.heard[i] != len(c.sent[1-i]) {
			t.Fatalf("end %d heard %d messages of %d", i, c.heard[i], len(c.sent[1-i]))
		}
		if at, ok := e.conn.NextTimeout(); ok {
			t.Fatalf("end %d is closed and has a timer at %v", i, at)
		}
	}
}

// FuzzConnSequence reads bytes as a list of things that happen to a live pair:
// datagrams replayed, damaged and invented, time passing, messages, closes.
// Nothing may panic, and what the other did not send is never delivered.
func FuzzConnSequence(f *testing.F) {
	f.Add([]byte{0, 0, 1, 100, 2, 1, 3, 5, 4, 0})
	f.Add([]byte("a pair of connections under attack"))
	f.Add(bytes.Repeat([]byte{5, 4, 0xff, 0, 1, 0x80}, 20))
	f.Fuzz(func(t *testing.T, script []byte) {
		p := newPair(t, Config{FirstNumber: 1<<32 - 3, ReceiveWindow: 8192, MaxMessage: 70_000})
		p.dial()
		var seen [][]byte // datagrams that were sent, to be replayed
		p.drop = func(from int, b []byte) bool {
			if len(seen) < 64 {
				seen = append(seen, append([]byte(nil), b...))
			}
			return len(p.flying) > 200
		}
		for len(script) >= 2 && p.ends[0].conn.State() != Closed {
			what, argument := script[0], int(script[1])
			script = script[2:]
			end := p.ends[what>>7].conn
			if end == nil {
				end = p.ends[0].conn
			}
			switch what & 7 {
			case 0, 1:
				p.wait(p.now + time.Duration(argument)*time.Millisecond)
			case 2:
				end.Send(p.now, make([]byte, argument*argument), false)
			case 3:
				end.Receive(p.now)
			case 4:
				if argument < 32 {
					end.Close(p.now, uint32(argument), string(script))
				}
			case 5:
				if len(seen) > 0 {
					p.forge(int(what>>7), seen[argument%len(seen)], script)
				}
			case 6:
				end.HandleTimeout(p.now)
			case 7:
				p.forge(int(what>>7), forged(end, argument, script), nil)
			}
			p.drain(0)
			p.drain(1)
			checkGauges(t, p)
		}
	})
}
