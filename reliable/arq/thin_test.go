package arq

import "testing"

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
