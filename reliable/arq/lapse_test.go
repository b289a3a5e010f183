package arq

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"udplab/proto"
)

// within are the options of a message with a deadline.
func within(lifetime time.Duration) SendOptions {
	return SendOptions{Mode: proto.ModeDeadline, Lifetime: lifetime, Tracked: true}
}

// fate takes all receipts and returns the last one.
func fate(c *Conn) (last ReceiptState) {
	for r, ok := c.Receipt(); ok; r, ok = c.Receipt() {
		last = r.State
	}
	return last
}

// carries reports whether a datagram has a message.
func carries(t *testing.T, datagram []byte, text string) (found bool) {
	eachMessage(t, datagram, func(m *proto.Message) { found = found || string(m.Payload) == text })
	return found
}

// What a packet waited in a queue counts against the deadline.
func TestDeadlineCountsTheQueue(t *testing.T) {
	p := newPair(t, Config{Redundancy: RedundancyOff})
	dialer, listener := p.connect()
	p.quiet()
	const lifetime = 60 * ms
	for _, c := range []struct {
		text  string
		queue time.Duration
		want  ReceiptState
	}{{"fast", 0, Acked}, {"slow", 30 * ms, Acked}, {"late", 50 * ms, Skipped}} {
		p.drop = func(from int, b []byte) bool {
			if from != 0 {
				return false
			}
			p.flying = append(p.flying, flight{p.now + p.delay + c.queue, 1, bytes.Clone(b)})
			return true
		}
		dialer.SendOn(p.now, within(lifetime), []byte(c.text))
		p.drain(0)
		p.pass(time.Second)
		if got, delivered := fate(dialer), len(collect(listener, p.now, 0)); got != c.want || delivered == 1 != (c.want == Acked) {
			t.Errorf("%s: %v, %d delivered, want %v", c.text, got, delivered, c.want)
		}
	}
}

// Nothing leaves that could not arrive before its deadline.
func TestNothingLeavesTooLate(t *testing.T) {
	p := newPair(t, Config{Redundancy: RedundancyOff})
	dialer, _ := p.connect()
	p.quiet()
	random := rand.New(rand.NewPCG(1, 1))
	const wire = 64 * time.Microsecond // the unit of Left
	repaired := 0
	p.drop = func(from int, b []byte) bool {
		if from == 0 {
			eachMessage(t, b, func(m *proto.Message) {
				if m.Left < dialer.flight()-wire {
					t.Errorf("at %v a message left that had %v left", p.now, m.Left)
				}
				if m.Left < 100*ms-wire {
					repaired++
				}
			})
		}
		return random.IntN(2) == 0
	}
	for range 100 {
		dialer.SendOn(p.now, within(100*ms), []byte("m"))
		p.drain(0)
		p.pass(7 * ms)
	}
	p.pass(time.Second)
	if repaired < 20 {
		t.Errorf("only %d repairs left", repaired)
	}
}

// A message with little time makes those before it as urgent, since it is
// delivered behind them: its own time is over when it is over, not theirs.
func TestShortDeadlineBehindALongOne(t *testing.T) {
	p := newPair(t, Config{Redundancy: RedundancyOff})
	dialer, _ := p.connect()
	p.quiet()
	start := p.now
	p.drop = func(from int, b []byte) bool {
		if from != 0 || !carries(t, b, "short") && !carries(t, b, "long") {
			return false
		}
		if p.now > start+200*ms {
			t.Errorf("%v after the start something left again", p.now-start)
		}
		return true
	}
	dialer.SendOn(p.now, within(10*time.Second), []byte("long"))
	dialer.SendOn(p.now, within(200*ms), []byte("short"))
	p.drain(0)
	p.pass(5 * time.Second)
	if dialer.out.open != 0 {
		t.Errorf("the fate of %d messages is open", dialer.out.open)
	}
}

// A skip that is lost is told again: the sender is not done before the
// receiver knows.
func TestSkipIsRepaired(t *testing.T) {
	p := newPair(t, Config{Redundancy: RedundancyOff})
	dialer, listener := p.connect()
	p.quiet()
	skips := 0
	p.drop = func(from int, b []byte) bool {
		if from == 0 && contains(frameTypes(t, b), proto.FrameSkip) {
			skips++
			return skips <= 2
		}
		return from == 0 && carries(t, b, "m")
	}
	dialer.SendOn(p.now, within(100*ms), []byte("m"))
	p.drain(0)
	p.pass(5 * time.Second)
	if got := fate(dialer); got != Skipped || dialer.out.open != 0 || listener.Stats().MessagesPassedOver != 1 {
		t.Errorf("%v, %d open, %d passed over, want it skipped on both sides", got, dialer.out.open, listener.Stats().MessagesPassedOver)
	}
}

// A message may have been delivered before it is skipped, and its acknowledgment
// been lost for good: the packet is forgotten when the path changes. Then the
// acknowledgment of the skip says that it was delivered, for the receiver would
// have told otherwise.
func TestAckOfASkipSettlesTheDelivered(t *testing.T) {
	p := newPair(t, Config{Redundancy: RedundancyOff})
	dialer, listener := p.connect()
	p.quiet()
	p.drop = func(from int, _ []byte) bool { return from == 1 }
	dialer.SendOn(p.now, within(100*ms), []byte("m"))
	p.drain(0)
	p.pass(30 * ms)
	p.drop = func(from int, b []byte) bool { return from == 0 && carries(t, b, "m") }
	dialer.restartPath()
	p.pass(5 * time.Second)
	if got := fate(dialer); got != Acked || len(collect(listener, p.now, 0)) != 1 || dialer.out.open != 0 {
		t.Errorf("%v, %d open, want the delivered message acknowledged", got, dialer.out.open)
	}
}
