package arq

import (
	"testing"

	"udplab/proto"
)

// RFC 9000 section 13.4.2.1: what the peer says of our marks is checked, and a
// path that does not carry them is left alone.
func TestECNCountsAreChecked(t *testing.T) {
	type frame struct {
		ecn    *proto.ECN // nil: the ack came without one
		marked int        // packets newly acknowledged
		want   int        // marks of congestion
	}
	for _, c := range []struct {
		comment string
		frames  []frame
		ok      bool
	}{
		{"all as sent", []frame{{&proto.ECN{ECT0: 3}, 3, 0}, {&proto.ECN{ECT0: 5}, 2, 0}}, true},
		{"some congested", []frame{{&proto.ECN{ECT0: 2, CE: 1}, 3, 1}, {&proto.ECN{ECT0: 3, CE: 4}, 4, 3}}, true},
		{"more counted than acked here", []frame{{&proto.ECN{ECT0: 9}, 3, 0}}, true},
		{"an ack of unmarked packets without counts", []frame{{nil, 0, 0}}, true},
		{"no counts", []frame{{nil, 1, 0}}, false},
		{"marks were wiped out", []frame{{&proto.ECN{ECT0: 1}, 3, 0}}, false},
		{"marks were changed", []frame{{&proto.ECN{ECT1: 3}, 3, 0}}, false},
		{"counts shrink", []frame{{&proto.ECN{ECT0: 9}, 3, 0}, {&proto.ECN{ECT0: 8}, 0, 0}}, false},
		{"marks of congestion shrink", []frame{{&proto.ECN{ECT0: 5, CE: 2}, 3, 2}, {&proto.ECN{ECT0: 9, CE: 1}, 0, 0}}, false},
		{"more than was sent", []frame{{&proto.ECN{ECT0: 1 << 40}, 3, 0}}, false},
		{"more congested than was sent", []frame{{&proto.ECN{ECT0: 3, CE: 1 << 63}, 3, 0}}, false},
	} {
		conn := &Conn{config: Config{ECN: true}, state: Open, nextNumber: numberBase + 20}
		for i, f := range c.frames {
			conn.ecn.fresh = f.ecn != nil
			if f.ecn != nil {
				conn.ecn.frame = *f.ecn
			}
			if got := conn.congestionMarks(f.marked); got != f.want {
				t.Errorf("%s: ack %d reports %d marks, want %d", c.comment, i, got, f.want)
			}
		}
		if got := conn.ECN() == ECT0; got != c.ok {
			t.Errorf("%s: marking goes on: %v, want %v", c.comment, got, c.ok)
		}
	}
}

// Marks that arrive are counted by kind and reported once any was seen.
func TestECNMarksAreCounted(t *testing.T) {
	var e ecn
	e.arrived(NotECT)
	if e.due() {
		t.Error("a report without a mark")
	}
	for mark, n := range map[ECN]int{ECT0: 3, ECT1: 1, CE: 2} {
		for range n {
			if got := e.arrived(mark); got != (mark == CE) {
				t.Errorf("mark %d is congestion: %v", mark, got)
			}
		}
	}
	if want := (proto.ECN{ECT0: 3, ECT1: 1, CE: 2}); e.received != want || !e.due() {
		t.Errorf("counted %+v, want %+v", e.received, want)
	}
}
