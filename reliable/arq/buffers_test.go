package arq

import (
	"bytes"
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/internal/poison"
)

// hasFrame reports whether a datagram has a frame that which accepts.
func hasFrame(t *testing.T, datagram []byte, which func(f *proto.Frame) bool) bool {
	t.Helper()
	var p proto.Packet
	if err := proto.Parse(datagram, &p); err != nil {
		t.Fatal(err)
	}
	frames := p.Data.Frames()
	for f := (proto.Frame{}); frames.Next(&f); {
		if which(&f) {
			return true
		}
	}
	return false
}

// A repair symbol is made over all messages of its window. Those the peer has
// already must still be there, though nothing else needs them.
func TestSymbolsReadMessagesThatAreAcknowledged(t *testing.T) {
	const (
		ms    = time.Millisecond
		count = 100
		lost  = 60 // what comes before makes the flow a dense one
	)
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	dialer.redundancy.loss = lossRate{rate: 0.1, packets: lossRateSpan}
	seq := uint32(dialer.firstNumber()) + lost
	var dark time.Duration // no symbol arrives until the messages behind the lost one are acknowledged
	p.drop = func(from int, b []byte) bool {
		return from == 0 && hasFrame(t, b, func(f *proto.Frame) bool {
			return f.Type == proto.FrameMessage && f.Message.Seq == seq || f.Type == proto.FrameRepair && p.now < dark
		})
	}
	for i := range count {
		if i == lost {
			dark = p.now + 50*ms
		}
		dialer.Send(p.now, message(i, 100), false)
		p.drain(0)
		p.pass(4 * ms)
	}
	p.pass(100 * ms)
	if s := listener.Stats(); s.MessagesRecovered != 1 {
		t.Fatalf("%d messages were recovered, want one", s.MessagesRecovered)
	}
	got := collect(listener, p.now, 0)
	for i, d := range got {
		if !bytes.Equal(d.Data, message(i, 100)) {
			t.Errorf("message %d is not what was sent", i)
		}
	}
	if len(got) != count {
		t.Errorf("%d messages arrived, want %d", len(got), count)
	}
}

// What is lent for a message comes back when its fate is known, whatever that
// is.
func TestBuffersComeBack(t *testing.T) {
	for name, end := range map[string]func(p *pair, dialer *Conn){
		"acknowledged": func(p *pair, dialer *Conn) { p.pass(time.Minute) },
		"closed": func(p *pair, dialer *Conn) {
			dialer.Close(p.now, 0, "")
			p.drain(0)
			p.pass(time.Minute)
		},
		"aborted":   func(p *pair, dialer *Conn) { dialer.Abort(0, "") },
		"peer gone": func(p *pair, dialer *Conn) { p.drop = func(int, []byte) bool { return true }; p.pass(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			var lends poison.Buffers
			p := newPair(t, Config{})
			p.ends[0].endpoint.config.Conn.Buffers = &lends
			dialer, _ := p.connect()
			p.quiet()
			count := 0
			p.drop = func(int, []byte) bool { count++; return count%5 == 0 }
			for i, mode := range []proto.Mode{
				proto.ModeOrdered, proto.ModeUnordered, proto.ModeLatest, proto.ModeSequenced, proto.ModeUnreliable, proto.ModeDeadline,
			} {
				for n := range 20 {
					dialer.SendOn(p.now, SendOptions{Channel: uint8(i), Mode: mode, Lifetime: 50 * time.Millisecond}, message(n, 150*n))
					p.drain(0)
				}
				p.pass(4 * time.Millisecond)
			}
			if lends.Lent() == 0 {
				t.Fatal("no message waits for its fate")
			}
			end(p, dialer)
			if n := lends.Lent(); n > 0 {
				t.Errorf("%d buffers are still lent: %v", n, dialer)
			}
		})
	}
}

// What is lent for a message that arrives is the application's once it has it,
// or comes back: when it is dropped, passed over, late, or never becomes whole.
func TestBuffersOfArrivalsComeBack(t *testing.T) {
	for name, end := range map[string]func(p *pair, dialer, listener *Conn, lends *poison.Buffers){
		"closed here": func(p *pair, dialer, listener *Conn, lends *poison.Buffers) {
			listener.Close(p.now, 0, "")
			p.drain(1)
			p.pass(time.Minute)
		},
		"closed there": func(p *pair, dialer, listener *Conn, lends *poison.Buffers) {
			p.drop = nil
			dialer.Close(p.now, 0, "")
			p.drain(0)
			for range 50 {
				readAll(listener, p.now, lends)
				p.drain(1)
				p.pass(100 * time.Millisecond)
			}
		},
		"aborted": func(p *pair, dialer, listener *Conn, lends *poison.Buffers) { listener.Abort(0, "") },
		"peer gone": func(p *pair, dialer, listener *Conn, lends *poison.Buffers) {
			p.drop = func(int, []byte) bool { return true }
			p.pass(time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lends poison.Buffers
			p := newPair(t, Config{})
			p.ends[1].endpoint.config.Conn.Buffers = &lends
			dialer, listener := p.connect()
			p.quiet()
			count := 0
			p.drop = func(int, []byte) bool { count++; return count%5 == 0 }
			for n := range 200 {
				for i, mode := range []proto.Mode{
					proto.ModeOrdered, proto.ModeUnordered, proto.ModeLatest, proto.ModeSequenced, proto.ModeUnreliable, proto.ModeDeadline,
				} {
					options := SendOptions{Channel: uint8(i), Mode: mode, Lifetime: time.Duration(10+n%50) * time.Millisecond}
					if dialer.CanSendOn(options.Channel, mode) {
						dialer.SendOn(p.now, options, message(n, n*n/4))
					}
					p.drain(0)
				}
				p.pass(4 * time.Millisecond)
			}
			if s := listener.Stats(); s.MessagesDropped == 0 || s.MessagesPassedOver == 0 {
				t.Errorf("%d messages dropped, %d passed over: the test is weak", s.MessagesDropped, s.MessagesPassedOver)
			}
			checkKept(t, listener)
			end(p, dialer, listener, &lends)
			checkKept(t, listener)
			readAll(listener, p.now, &lends)
			if n := lends.Lent(); n > 0 {
				t.Errorf("%d buffers are still lent", n)
			}
			if s := listener.Stats(); s.ReceiveBytes != 0 {
				t.Errorf("%d bytes count as kept", s.ReceiveBytes)
			}
		})
	}
}

// readAll reads every channel and gives back what it gets.
func readAll(c *Conn, now time.Duration, lends *poison.Buffers) {
	for channel := range 6 {
		for _, d := range collect(c, now, uint8(channel)) {
			giveBack(lends, d.Data)
		}
	}
}

// What nobody reads in a mode without credit is dropped, and its memory lent again.
func TestBuffersOfTheUnreadComeBack(t *testing.T) {
	var lends poison.Buffers
	p := newPair(t, Config{})
	p.ends[1].endpoint.config.Conn.Buffers = &lends
	dialer, listener := p.connect()
	for n := range 2 * looseLimit / 1000 {
		dialer.SendOn(p.now, SendOptions{Mode: proto.ModeUnreliable}, message(n, 1000))
		p.drain(0)
		p.pass(time.Millisecond)
	}
	if n := listener.Stats().MessagesDropped; n < looseLimit/1000/2 {
		t.Errorf("%d messages were dropped: the test is weak", n)
	}
	if n, unread := lends.Lent(), listener.in.channels[0].loose.len(); n != unread {
		t.Errorf("%d buffers are lent for %d messages", n, unread)
	}
}
