package arq

import (
	"testing"
	"time"
)

// While nothing was overtaken, a thin flow takes a packet for lost 17/16 of a
// round trip after it left; with more to send, or on a path that reorders, it
// waits as long as RFC 9002 section 6.1.2 says.
func TestThinFlowsNoticeLossesEarlier(t *testing.T) {
	s := newSender(t, 2)
	s.ack(s.sent[1]+100*ms, 1, 1)
	due, _ := s.conn.NextTimeout()
	if want := s.sent[0] + s.conn.rtt.smoothed*17/16; due != want {
		t.Fatalf("timer at %v, want 17/16 of a round trip after the packet left: %v", due, want)
	}
	s.conn.HandleTimeout(due - 1)
	if s.lost(0) {
		t.Error("lost before its time")
	}
	s.conn.HandleTimeout(due)
	if !s.lost(0) {
		t.Error("not lost at its time")
	}
	for what, prepare := range map[string]func(s *sender){
		"more to send":        func(s *sender) { s.queue() },
		"reordering was seen": func(s *sender) { s.conn.reordering.overtaken(&s.conn.rtt) },
	} {
		s := newSender(t, 2)
		prepare(s)
		s.ack(s.sent[1]+100*ms, 1, 1)
		if due, _ := s.conn.NextTimeout(); due < s.sent[0]+s.conn.rtt.timeThreshold() {
			t.Errorf("%s: timer at %v, want 9/8 of a round trip after the packet left at the earliest: %v",
				what, due, s.sent[0]+s.conn.rtt.timeThreshold())
		}
	}
}

// A message and its repair are lost, and it is there all the same after one
// probe timeout: the repair left twice.
func TestRepairsOfThinFlowsLeaveTwice(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	lose := 2
	p.drop = func(from int, _ []byte) bool {
		if from == 0 && lose > 0 {
			lose--
			return true
		}
		return false
	}
	if _, err := dialer.Send(p.now, make([]byte, 200), false); err != nil {
		t.Fatal(err)
	}
	p.drain(0)
	p.run(10*time.Second, listener.Readable)
	s := dialer.Stats()
	if s.ProbeTimeouts != 1 || s.RetransmitsProbe != 2 {
		t.Errorf("%d probe timeouts and %d frames sent again, want one and two", s.ProbeTimeouts, s.RetransmitsProbe)
	}
	// A copy is no repair that would be copied, and it is lost for both.
	lose = 3
	if _, err := dialer.Send(p.now, make([]byte, 200), false); err != nil {
		t.Fatal(err)
	}
	p.drain(0)
	p.run(10*time.Second, func() bool { return dialer.Stats().MessagesAcked == 2 })
	if s := dialer.Stats(); s.ProbeTimeouts != 3 || s.RetransmitsProbe != 2+4 {
		t.Errorf("%d probe timeouts and %d frames sent again, want three and six", s.ProbeTimeouts, s.RetransmitsProbe)
	}
}

// What fills more than half a packet, or has something behind it that waits,
// is sent again once.
func TestRepairsOfBulkLeaveOnce(t *testing.T) {
	for _, c := range []struct {
		what        string
		size, again int
		behind      bool
	}{
		{"half a packet", 600, 2, false},
		{"more than half a packet", 601, 1, false},
		{"half a packet with more behind it", 600, 1, true},
	} {
		s := newSender(t, 0)
		if _, err := s.conn.Send(s.now, make([]byte, c.size), false); err != nil {
			t.Fatal(err)
		}
		s.drain()
		s.send()
		s.conn.losePacket(s.first, s.conn.sent.packets.at(s.first), repairTime)
		if c.behind { // it does not fit into the packet of the repair
			s.queue()
			s.queue()
		}
		s.drain()
		if got := s.conn.Stats().RetransmitsTime; got != uint64(c.again) {
			t.Errorf("%s: %d frames sent again, want %d", c.what, got, c.again)
		}
	}
}

// A packet that comes alone is acknowledged at once, and missed as soon; what
// follows it closely leaves the acknowledgment to the peer.
func TestSparsePacketsAreAcknowledgedAtOnce(t *testing.T) {
	p := newPair(t, Config{})
	dialer, _ := p.connect()
	quiet := func() {
		p.run(time.Second, func() bool { return dialer.Stats().BytesInFlight == 0 })
		p.now += time.Second
	}
	quiet()
	send := func() {
		if _, err := dialer.Send(p.now, make([]byte, 200), false); err != nil {
			t.Fatal(err)
		}
		p.drain(0)
	}
	sent := p.now
	send()
	want := sent + dialer.rtt.smoothed + max(4*dialer.rtt.variance, granularity) + dialer.rtt.smoothed/8
	if due := dialer.timers[timerProbe]; due != want {
		t.Errorf("probe timer at %v, want an eighth of a round trip for the acknowledgment: %v", due, want)
	}
	p.run(time.Second, func() bool { return dialer.Stats().MessagesAcked == 1 })
	if got := p.now - sent; got != 2*p.delay {
		t.Errorf("acknowledged after %v, want the round trip of %v", got, 2*p.delay)
	}
	quiet()
	send()
	p.now += ms
	if send(); dialer.recovery.prompt {
		t.Error("a packet close behind another asks for its acknowledgment at once")
	}
}
