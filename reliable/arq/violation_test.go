package arq

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"udplab/proto"
)

// inject hands the listener a data packet the dialer never made.
func (p *pair) inject(build func(b *proto.DataBuilder)) {
	p.t.Helper()
	dialer := p.ends[0].conn
	b := proto.BeginData(nil, dialer.peerID, uint32(dialer.nextNumber))
	dialer.nextNumber++
	dialer.sent.packets.push(sentPacket{at: p.now, acked: true})
	build(&b)
	p.deliver(flight{to: 1, data: b.Finish()})
}

func messageFrame(m proto.Message) func(*proto.DataBuilder) {
	return func(b *proto.DataBuilder) { b.AddMessage(&m) }
}

func ackFrame(largest uint32, ranges ...proto.AckRange) func(*proto.DataBuilder) {
	return func(b *proto.DataBuilder) {
		a := proto.Ack{Largest: largest, N: len(ranges)}
		copy(a.Ranges[:], ranges)
		b.AddAck(&a)
	}
}

// Whoever breaks the protocol is told so once, with the right code, and the
// connection is over on both sides.
func TestViolationsEndTheConnection(t *testing.T) {
	const first = 1<<32 - 2
	next := first // the listener's next packet number after the handshake, below
	next++
	for _, c := range []struct {
		name  string
		code  uint32
		build []func(*proto.DataBuilder)
	}{
		{"ack of a packet never sent", CodeViolation, []func(*proto.DataBuilder){ackFrame(uint32(next)+100, proto.AckRange{Count: 1})}},
		{"ack of the very next packet", CodeViolation, []func(*proto.DataBuilder){ackFrame(uint32(next), proto.AckRange{Count: 1})}},
		{"ack of a packet before the first", CodeViolation, []func(*proto.DataBuilder){ackFrame(first-1, proto.AckRange{Count: 1})}},
		{"ack of the first and one before", CodeViolation, []func(*proto.DataBuilder){ackFrame(first, proto.AckRange{Count: 2})}},
		{"ack with a gap that reaches before the first", CodeViolation, []func(*proto.DataBuilder){
			ackFrame(first, proto.AckRange{Count: 1}, proto.AckRange{Gap: 1 << 20, Count: 1}),
		}},
		{"more than the credit", CodeFlowControl, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Seq: first + 1, Size: 4097, Payload: make([]byte, 1000)}),
			messageFrame(proto.Message{Seq: first + 1, Size: 4097, Offset: 1000, Payload: make([]byte, 3097)}),
		}},
		{"more than the credit of a channel", CodeFlowControl, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Channel: 1, Seq: first + 1, Size: 4097, Payload: make([]byte, 1000)}),
			messageFrame(proto.Message{Channel: 1, Seq: first + 1, Size: 4097, Offset: 1000, Payload: make([]byte, 3097)}),
		}},
		{"sizes that disagree", CodeViolation, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Seq: first, Size: 100, Payload: make([]byte, 10)}),
			messageFrame(proto.Message{Seq: first, Size: 101, Offset: 10, Payload: make([]byte, 10)}),
		}},
		{"a message too big", CodeMessageTooBig, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Seq: first, Size: 10_001, Payload: make([]byte, 10)}),
		}},
		{"a message number far ahead", CodeViolation, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Seq: (first + maxAhead) & (1<<32 - 1), Size: 1, Payload: make([]byte, 1)}),
		}},
		{"a deadline in a packet without a time", CodeViolation, []func(*proto.DataBuilder){
			messageFrame(proto.Message{Mode: proto.ModeDeadline, Seq: first, Size: 1, Payload: make([]byte, 1), Left: time.Second}),
		}},
		{"late about messages never sent", CodeViolation, []func(*proto.DataBuilder){
			func(b *proto.DataBuilder) { b.AddLate(&proto.Lapse{Mode: proto.ModeDeadline, Seq: first, Count: 1}) },
		}},
		{"a skip far ahead", CodeViolation, []func(*proto.DataBuilder){
			func(b *proto.DataBuilder) {
				b.AddSkip(&proto.Lapse{Mode: proto.ModeDeadline, Seq: (first + maxAhead) & (1<<32 - 1), Count: 1})
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, Config{FirstNumber: first, ReceiveWindow: 4096, MaxMessage: 10_000})
			dialer, listener := p.connect()
			p.quiet()
			if got := uint32(listener.nextNumber); got != uint32(next) {
				t.Fatalf("the listener's next number is %d, the test assumes %d", got, uint32(next))
			}
			for _, build := range c.build {
				p.inject(build)
			}
			var violation *ProtocolError
			if !errors.As(listener.Err(), &violation) || violation.Code != c.code || listener.State() != Closed {
				t.Errorf("listener is %v: %v, want closed with code %#x", listener.State(), listener.Err(), c.code)
			}
			p.run(time.Second, func() bool { return len(p.flying) == 0 })
			var told *PeerError
			if !errors.As(dialer.Err(), &told) || told.Code != c.code {
				t.Errorf("dialer's error %v, want the peer's close with code %#x", dialer.Err(), c.code)
			}
		})
	}
}

// Holes cost the receiver memory that no credit accounts for, so their number
// in one message is bounded.
func TestTooManyGapsEndTheConnection(t *testing.T) {
	p := newPair(t, Config{})
	_, listener := p.connect()
	p.quiet()
	for i := 0; i <= maxGaps && listener.State() == Open; i++ {
		p.inject(messageFrame(proto.Message{Seq: 0, Size: 1 << 20, Offset: uint32(2*i + 1), Payload: []byte{1}}))
	}
	var violation *ProtocolError
	if !errors.As(listener.Err(), &violation) || violation.Code != CodeViolation {
		t.Errorf("error %v, want a violation after %d gaps", listener.Err(), maxGaps)
	}
}

// What a message brings again after it was delivered, or passed over by a newer
// one, is not delivered once more.
func TestCopiesAreDeliveredOnce(t *testing.T) {
	text := [...]string{"zero", "one"}
	for mode, want := range map[proto.Mode]string{
		proto.ModeOrdered: "[zero one]", proto.ModeUnordered: "[one zero]",
		proto.ModeLatest: "[one]", proto.ModeSequenced: "[one]",
	} {
		p := newPair(t, Config{})
		_, listener := p.connect()
		p.quiet()
		for _, seq := range []uint32{1, 1, 0, 0, 1} {
			p.inject(messageFrame(proto.Message{Mode: mode, Seq: seq, Size: uint32(len(text[seq])), Payload: []byte(text[seq])}))
		}
		if got := fmt.Sprint(texts(collect(listener, p.now, 0))); got != want {
			t.Errorf("%v: delivered %s, want %s", mode, got, want)
		}
	}
}

// What a peer may do without breaking anything: repeat, overlap, acknowledge
// the same again, lower its credit.
func TestOddButLegal(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	credit := listener.out.credit
	for range 2 {
		p.inject(messageFrame(proto.Message{Seq: 0, Size: 10, Offset: 2, Payload: message(1, 10)[2:7]}))
	}
	p.inject(messageFrame(proto.Message{Seq: 0, Size: 10, Offset: 5, Payload: message(1, 10)[5:]}))
	p.inject(messageFrame(proto.Message{Seq: 0, Size: 10, Payload: message(1, 10)[:4]}))
	p.inject(messageFrame(proto.Message{Seq: 0, Size: 10, Payload: message(1, 10)})) // delivered before
	p.inject(ackFrame(0, proto.AckRange{Count: 1}))
	p.inject(func(b *proto.DataBuilder) { b.AddMaxData(1) })
	if listener.State() != Open || listener.out.credit != credit {
		t.Errorf("listener is %v (%v) with credit %d, want open with %d", listener.State(), listener.Err(), listener.out.credit, credit)
	}
	if got, ok := listener.Receive(p.now); !ok || string(got) != string(message(1, 10)) {
		t.Errorf("received %q, %v", got, ok)
	}
	if listener.Readable() {
		t.Error("a message was delivered twice")
	}
	if dialer.State() != Open {
		t.Errorf("dialer is %v", dialer.State())
	}
}
