package arq

import (
	"errors"
	"testing"
	"time"
)

// quiet runs until nothing flies and nothing waits for an acknowledgment.
func (p *pair) quiet() {
	p.t.Helper()
	p.run(time.Minute, func() bool {
		for _, e := range p.ends {
			if e.conn != nil && (e.conn.Stats().BytesInFlight > 0 || e.conn.acks.due()) {
				return false
			}
		}
		return len(p.flying) == 0
	})
}

// A message that comes while our close waits for its answer finds no reader
// any more. Its sender must not be told that it arrived.
func TestMessageThatFindsNoReaderIsReportedFailed(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	listener.Close(p.now, 0, "")
	p.drain(1)
	// The first close is lost; the message crosses it.
	p.flying = nil
	dialer.Send(p.now, []byte("too late"), true)
	p.drain(0)
	p.run(time.Minute, func() bool { return dialer.State() == Lingering })
	if listener.Readable() {
		t.Error("the closed end delivers a message")
	}
	for _, want := range []ReceiptState{Sent, Failed} {
		if got, ok := dialer.Receipt(); !ok || got.State != want {
			t.Errorf("receipt %v, %v, want %v", got.State, ok, want)
		}
	}
}

// Waiting for the answer to a close, only the close timer runs.
func TestClosingKeepsOnlyTheCloseTimer(t *testing.T) {
	p := newPair(t, Config{KeepAlive: time.Second})
	dialer, listener := p.connect()
	p.quiet()
	listener.Send(p.now, []byte("hello"), false)
	p.drain(1)
	p.drop = func(from int, _ []byte) bool { return from == 0 }
	dialer.Close(p.now, 0, "")
	p.drain(0)
	p.run(time.Second, func() bool { return len(p.flying) == 0 })
	if dialer.State() != Closing {
		t.Fatalf("state %v, want closing", dialer.State())
	}
	for which := range timerCount {
		if got, want := dialer.timers.isSet(which), which == timerClose; got != want {
			t.Errorf("timer %v set: %v, want %v", which, got, want)
		}
	}
}

// A close before the peer's first packet waits for it: until then the peer may
// be another one than the one that said hello. If it never comes, the
// connection ends all the same.
func TestCloseBeforeTheFirstPacketWaitsForIt(t *testing.T) {
	for _, answered := range []bool{true, false} {
		p := newPair(t, Config{})
		dialer := p.dial()
		p.run(time.Second, func() bool { return p.ends[1].conn != nil })
		listener := p.ends[1].conn
		listener.Send(p.now, []byte("hello"), true)
		listener.Close(p.now, 3, "at once")
		p.drain(1)
		if _, err := listener.Send(p.now, nil, false); !errors.Is(err, ErrClosed) {
			t.Errorf("Send after Close: %v, want ErrClosed", err)
		}
		if !answered {
			p.drop = func(from int, _ []byte) bool { return from == 0 }
		}
		p.run(time.Minute, func() bool { return listener.State() == Closed })
		want := ReceiptState(Acked)
		if !answered {
			want = Failed
			if !errors.Is(listener.Err(), ErrHandshakeTimeout) {
				t.Errorf("error %v, want ErrHandshakeTimeout", listener.Err())
			}
		} else if !dialer.Readable() {
			t.Error("the message queued before Close was not delivered")
		}
		var got Receipt
		for r, ok := listener.Receipt(); ok; r, ok = listener.Receipt() {
			got = r
		}
		if got.State != want {
			t.Errorf("answered=%v: last receipt %v, want %v", answered, got.State, want)
		}
	}
}

// A copy of a packet that carries only an ack is not answered: on a path that
// duplicates everything, the answers would go on for ever.
func TestDuplicatesOfAcksAreNotAnswered(t *testing.T) {
	p := newPair(t, Config{})
	dialer, _ := p.connect()
	p.quiet()
	before := p.packets
	p.drop = func(from int, b []byte) bool { // every datagram comes twice
		p.flying = append(p.flying, flight{p.now + p.delay, 1 - from, append([]byte(nil), b...)})
		return false
	}
	dialer.Send(p.now, []byte("hello"), false)
	p.drain(0)
	p.quiet()
	if got := p.packets - before; got > 4 {
		t.Errorf("%d packets for one message and its acknowledgment", got)
	}
}
