package arq

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"udplab/reliable/congestion"
)

// message is n bytes that tell its number and spot any mix-up.
func message(i, n int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), uint64(n)))
	b := make([]byte, n)
	for j := range b {
		b[j] = byte(r.Uint32())
	}
	return b
}

func TestMessagesArriveInOrderWhateverIsLost(t *testing.T) {
	sizes := []int{0, 1, 100, 1187, 1188, 1200, 5000, 70000, 300000}
	for _, loss := range []float64{0, 0.01, 0.1, 0.3, 0.5} {
		for _, first := range []uint32{0, 1<<32 - 3} {
			t.Run(fmt.Sprintf("loss=%v/first=%d", loss, first), func(t *testing.T) {
				p := newPair(t, Config{FirstNumber: first, HandshakeTimeout: -1, IdleTimeout: -1})
				r := rand.New(rand.NewPCG(7, 7))
				p.drop = func(int, []byte) bool { return r.Float64() < loss }
				dialer := p.dial()
				for i, n := range sizes {
					if _, err := dialer.Send(p.now, message(i, n), false); err != nil {
						t.Fatal(err)
					}
				}
				p.drain(0)
				for i, n := range sizes {
					p.run(time.Hour, func() bool { return p.ends[1].conn != nil && p.ends[1].conn.Readable() })
					got, _ := p.ends[1].conn.Receive(p.now)
					p.drain(1)
					if !bytes.Equal(got, message(i, n)) {
						t.Fatalf("message %d: %d bytes that are not the %d sent", i, len(got), n)
					}
				}
				dialer.Close(p.now, 0, "done")
				p.drain(0)
				p.run(time.Hour, func() bool { return dialer.State() == Closed })
			})
		}
	}
}

func TestHandshakeTakesTwoRoundTrips(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	// hello, retry, hello, accept, first packet: five flights of 20 ms.
	if got, want := p.now, 100*time.Millisecond; got != want {
		t.Errorf("open after %v, want %v", got, want)
	}
	if got, want := dialer.Stats().SmoothedRTT, 40*time.Millisecond; got != want {
		t.Errorf("round trip measured by the handshake = %v, want %v", got, want)
	}
	if dialer.PeerID() != listener.LocalID() || listener.PeerID() != dialer.LocalID() {
		t.Error("the ends do not agree on their ids")
	}
}

func TestBothDialAtOnceMakesOneConnection(t *testing.T) {
	p := newPair(t, Config{})
	a, _ := p.ends[0].endpoint.Dial(p.now, p.ends[1].addr)
	b, _ := p.ends[1].endpoint.Dial(p.now, p.ends[0].addr)
	p.ends[0].conn, p.ends[1].conn = a, b
	p.drain(0)
	p.drain(1)
	p.run(time.Second, func() bool { return a.State() == Open && b.State() == Open })
	if got, want := p.now, 40*time.Millisecond; got != want {
		t.Errorf("open after %v, want one round trip: %v", got, want)
	}
	if a.PeerID() != b.LocalID() || b.PeerID() != a.LocalID() {
		t.Error("two connections, not one")
	}
	if p.ends[0].endpoint.Len() != 1 || p.ends[1].endpoint.Len() != 1 {
		t.Errorf("%d and %d connections, want one each", p.ends[0].endpoint.Len(), p.ends[1].endpoint.Len())
	}
}

func TestCloseDeliversWhatWasQueued(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	want := message(1, 100_000)
	dialer.Send(p.now, want, false)
	dialer.Close(p.now, 7, "bye")
	p.drain(0)
	p.run(10*time.Second, func() bool { return dialer.State() == Closed })
	got, ok := listener.Receive(p.now)
	if !ok || !bytes.Equal(got, want) {
		t.Errorf("the message queued before Close did not arrive: %v, %d bytes", ok, len(got))
	}
	var closed *PeerError
	if !errors.As(listener.Err(), &closed) || closed.Code != 7 || closed.Reason != "bye" {
		t.Errorf("listener's error = %v, want the dialer's close", listener.Err())
	}
	if _, err := dialer.Send(p.now, nil, false); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after Close: %v, want ErrClosed", err)
	}
	p.run(10*time.Second, func() bool { return listener.State() == Closed })
	if at, ok := listener.NextTimeout(); ok {
		t.Errorf("a closed connection still has a timer, at %v", at)
	}
}

func TestMessageLargerThanTheWindowArrives(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 64 << 10, SendBuffer: 1})
	dialer, listener := p.connect()
	sizes := []int{3 << 20}
	for rest := 0; rest < 1500; rest += 250 { // the last piece is anything from a crumb to a full packet
		sizes = append(sizes, 128<<10+rest)
	}
	for i, size := range sizes {
		want := message(i, size)
		dialer.Send(p.now, want, false)
		p.drain(0)
		p.run(time.Minute, listener.Readable)
		if got, _ := listener.Receive(p.now); !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrived that are not the %d sent", len(got), len(want))
		}
	}
}

func TestSlowReaderStopsTheSenderAndNotTheConnection(t *testing.T) {
	p := newPair(t, Config{ReceiveWindow: 16 << 10, SendBuffer: 1 << 20, StallTimeout: -1})
	dialer, listener := p.connect()
	for i := range 100 {
		dialer.Send(p.now, message(i, 1000), false)
	}
	p.drain(0)
	end := p.now + 10*time.Minute
	p.run(11*time.Minute, func() bool { return p.now > end })
	if held := listener.Stats().ReceiveBytes; held > 16<<10 {
		t.Errorf("receiver holds %d bytes, more than its window", held)
	}
	for i := range 100 {
		p.run(time.Minute, listener.Readable)
		got, _ := listener.Receive(p.now)
		p.drain(1)
		if !bytes.Equal(got, message(i, 1000)) {
			t.Fatalf("message %d is wrong after the wait", i)
		}
	}
}

func TestIdleTimeoutEndsBothSides(t *testing.T) {
	p := newPair(t, Config{IdleTimeout: 5 * time.Second})
	dialer, listener := p.connect()
	p.quiet()
	p.drop = func(int, []byte) bool { return true }
	before := p.packets
	p.run(6*time.Second, func() bool { return dialer.State() == Closed && listener.State() == Closed })
	for _, c := range []*Conn{dialer, listener} {
		if !errors.Is(c.Err(), ErrIdleTimeout) {
			t.Errorf("error = %v, want ErrIdleTimeout", c.Err())
		}
	}
	if p.packets != before {
		t.Errorf("%d packets were sent, want none: nobody owed an answer", p.packets-before)
	}
}

func TestKeepAliveKeepsASilentConnection(t *testing.T) {
	p := newPair(t, Config{IdleTimeout: 5 * time.Second, KeepAlive: time.Second})
	dialer, listener := p.connect()
	end := p.now + time.Minute
	p.run(2*time.Minute, func() bool { return p.now > end })
	if dialer.State() != Open || listener.State() != Open {
		t.Errorf("states %v and %v, want both open", dialer.State(), listener.State())
	}
}

func TestReceiptsTellSentAndAcked(t *testing.T) {
	p := newPair(t, Config{})
	dialer, _ := p.connect()
	lose := 1
	p.drop = func(from int, _ []byte) bool {
		if from == 0 && lose > 0 {
			lose--
			return true
		}
		return false
	}
	seq, _ := dialer.Send(p.now, []byte("hello"), true)
	p.drain(0)
	if r, ok := dialer.Receipt(); !ok || r != (Receipt{Seq: seq, State: Sent}) {
		t.Errorf("first receipt = %+v, %v, want sent", r, ok)
	}
	p.run(10*time.Second, func() bool { return dialer.Stats().MessagesAcked == 1 })
	if r, ok := dialer.Receipt(); !ok || r != (Receipt{Seq: seq, State: Acked, Retransmits: 2}) {
		t.Errorf("second receipt = %+v, %v, want acked after a repair and its copy", r, ok)
	}
	if got := dialer.Stats().RetransmitsProbe; got != 2 {
		t.Errorf("%d probe retransmissions, want a repair and its copy: only silence told of this loss", got)
	}
}

// Controllers that probe in turns draw the lengths of their cycles from the
// seed: connections that share a bottleneck must not have the same.
func TestControllersHaveSeedsOfTheirOwn(t *testing.T) {
	seeds := map[uint64]bool{}
	p := newPair(t, Config{Congestion: func(c congestion.Config) congestion.Controller {
		seeds[c.Seed] = true
		return congestion.Default(c)
	}})
	p.connect()
	if len(seeds) != 2 {
		t.Errorf("seeds %v, want two different", seeds)
	}
}

// Small messages go while there is room for them, not for a full packet only:
// a thin flow must not wait for a window it does not use.
func TestSmallMessagesUseTheRestOfTheWindow(t *testing.T) {
	p := newPair(t, Config{Congestion: func(c congestion.Config) congestion.Controller {
		return congestion.NewFixed(c, 2*c.MaxPacket)
	}})
	dialer, _ := p.connect()
	p.run(time.Minute, func() bool { return dialer.Stats().BytesInFlight == 0 })
	for i, n := range []int{1100, 200, 100, 100} {
		dialer.Send(p.now, message(i, n), false)
		p.drain(0)
	}
	if got := dialer.Stats().BytesInFlight; got < 1500 {
		t.Errorf("%d bytes in flight of a window of 2400, want all four messages", got)
	}
	dialer.Send(p.now, message(5, 1100), false)
	p.drain(0)
	if s := dialer.Stats(); s.BytesInFlight > s.CongestionWindow {
		t.Errorf("%d bytes in flight exceed the window of %d", s.BytesInFlight, s.CongestionWindow)
	}
}

// Packets that carry only acks are never answered, in whatever order they
// come: RFC 9000 section 13.2.1.
func TestAcksAreNotAcknowledged(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	end := p.now + time.Second
	p.run(2*time.Second, func() bool { return p.now > end || len(p.flying) == 0 && dialer.Stats().BytesInFlight == 0 })
	acksBefore := dialer.Stats().AcksSent
	// The second of three ack-only packets of the listener is lost, the other
	// two change places.
	var held [][]byte
	p.drop = func(from int, b []byte) bool {
		if from == 1 {
			held = append(held, append([]byte(nil), b...))
		}
		return from == 1
	}
	for i := range 6 {
		dialer.Send(p.now, message(i, 1000), false)
		p.drain(0)
	}
	end = p.now + 30*time.Millisecond
	p.run(time.Second, func() bool { return p.now > end || len(held) >= 3 })
	if len(held) < 3 || listener.Stats().PacketsReceived < 6 {
		t.Fatalf("%d packets of the listener were held, want three acks", len(held))
	}
	p.drop = nil
	for _, i := range []int{2, 0} {
		p.deliver(flight{to: 0, data: held[i]})
	}
	if got := dialer.Stats().AcksSent - acksBefore; got != 0 {
		t.Errorf("%d acks sent in answer to acks", got)
	}
}
