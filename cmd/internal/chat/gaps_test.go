package chat

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"udplab/reliable/raw"
)

// TestStoryOfLines sends hello, line 1, line 2, line 3, bye and lets the
// network do things to them.
func TestStoryOfLines(t *testing.T) {
	hello := Message{Kind: Hello, Name: "bob"}
	line := func(id uint64) Message { return Message{Kind: Text, ID: id, Name: "bob", Text: "x"} }
	bye := Message{Kind: Bye, ID: 3, Name: "bob"}
	shown := func(kind EventKind, id uint64) Event { return Event{Kind: kind, ID: id, Name: "bob", Text: "x"} }
	lost := func(n uint64, before bool) Event {
		return Event{Kind: Lost, Name: "bob", Missing: n, Before: before}
	}
	type packet struct {
		seq uint32
		m   Message
	}
	cases := []struct {
		name    string
		packets []packet
		want    []Event
	}{
		{"nothing happens", []packet{{0, hello}, {1, line(1)}, {2, line(2)}},
			[]Event{shown(Received, 1), shown(Received, 2)}},
		{"a lost hello is no lost line", []packet{{1, line(1)}},
			[]Event{shown(Received, 1)}},
		{"two lines are lost", []packet{{0, hello}, {3, line(3)}},
			[]Event{lost(2, false), shown(Received, 3)}},
		{"lines were sent before this side listened", []packet{{3, line(3)}},
			[]Event{lost(2, true), shown(Received, 3)}},
		{"an answering hello says how many", []packet{{4, Message{Kind: Hello, ID: 3, Name: "bob"}}},
			[]Event{lost(3, true)}},
		{"the last lines are lost, and the goodbye tells", []packet{{0, hello}, {1, line(1)}, {4, bye}},
			[]Event{shown(Received, 1), {Kind: Lost, Name: "bob", Missing: 2, Reason: Goodbye}}},
		{"late, not lost", []packet{{0, hello}, {2, line(2)}, {1, line(1)}},
			[]Event{lost(1, false), shown(Received, 2), {Kind: Late, ID: 1, Name: "bob", Text: "x", Extent: 1}}},
		{"doubled", []packet{{0, hello}, {1, line(1)}, {1, line(1)}, {0, hello}},
			[]Event{shown(Received, 1), shown(Duplicate, 1)}},
		{"too old to say", []packet{{0, hello}, {1, line(1)}, {2000, line(1999)}, {1, line(1)}},
			[]Event{shown(Received, 1), lost(1997, false), shown(Received, 1999), shown(Late, 1)}},
		{"a liar cannot claim more than is missing", []packet{{0, hello}, {1, line(1 << 60)}, {4, line(1 << 61)}},
			[]Event{shown(Received, 1<<60), lost(2, false), shown(Received, 1<<61)}},
		{"numbers that start anew", []packet{{5, line(5)}, {5 + raw.MaxJump + 1, line(9)}, {5 + raw.MaxJump + 3, line(11)}},
			[]Event{lost(4, true), shown(Received, 5), shown(Received, 9), lost(1, false), shown(Received, 11)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var account raw.Account
			var g gaps
			var got []Event
			for _, p := range c.packets {
				got = g.arrived(got, account.Receive(0, p.seq, 0), &p.m)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events, want - got +\n%s", diff)
			}
		})
	}
}

// TestLinesAddUp: for every loss, order and copy within the window, what was
// called lost less what came late is what really never came.
func TestLinesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const count = 30
		sent := []Message{{Kind: Hello}}
		lines := uint64(0)
		for range count {
			if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
				sent = append(sent, Message{Kind: Hello, ID: lines})
				continue
			}
			lines++
			sent = append(sent, Message{Kind: Text, ID: lines})
		}
		sent = append(sent, Message{Kind: Bye, ID: lines})
		order := []int{0}
		for range rapid.IntRange(0, 60).Draw(t, "arrivals") {
			order = append(order, rapid.IntRange(0, len(sent)-1).Draw(t, "arrival"))
		}
		order = append(order, len(sent)-1)

		var account raw.Account
		var g gaps
		var lost, late uint64
		seen := map[uint64]bool{}
		for _, i := range order {
			for _, e := range g.arrived(nil, account.Receive(0, uint32(i), 0), &sent[i]) {
				switch e.Kind {
				case Lost:
					lost += e.Missing
				case Late:
					late++
					seen[e.ID] = true
				case Received:
					seen[e.ID] = true
				}
			}
		}
		if got, want := lost-late, lines-uint64(len(seen)); got != want {
			t.Fatalf("%d lines called lost and still missing, want %d", got, want)
		}
	})
}
