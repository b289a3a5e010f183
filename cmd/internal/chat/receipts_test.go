package chat

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLineFromSaidToDelivered(t *testing.T) {
	var o outbox
	o.add("a")
	o.add("b")
	id, text, ok := o.take(1)
	if id != 1 || text != "a" || !ok {
		t.Fatalf("take: %d %q %v, want the first line", id, text, ok)
	}
	if got := o.numbered(1, handle{1, 10}); got != nil {
		t.Errorf("numbered: %v, want nothing: the line waits for the window", got)
	}
	want := []Event{{Kind: Sent, ID: 1, Text: "a"}}
	if diff := cmp.Diff(want, o.receipt(handle{1, 10}, receipt{})); diff != "" {
		t.Errorf("left, want - got +\n%s", diff)
	}
	want = []Event{{Kind: Acked, ID: 1, Text: "a", Retransmits: 2}}
	if diff := cmp.Diff(want, o.receipt(handle{1, 10}, receipt{acked: true, retransmits: 2})); diff != "" {
		t.Errorf("acked, want - got +\n%s", diff)
	}
	if got := o.receipt(handle{1, 10}, receipt{acked: true, retransmits: 2}); got != nil || len(o.lines) != 1 {
		t.Errorf("a second receipt: %v, %d lines left, want nothing and 1", got, len(o.lines))
	}
}

// TestReceiptBeforeNumber: the goroutine that reads receipts may be faster than
// the one that learns the number.
func TestReceiptBeforeNumber(t *testing.T) {
	var o outbox
	o.add("a")
	if o.receipt(handle{1, 0}, receipt{acked: true}); len(o.early) != 0 {
		t.Errorf("a receipt for a hello was kept, though no line was given to the connection")
	}
	o.take(1)
	if got := o.receipt(handle{1, 1}, receipt{acked: true}); got != nil {
		t.Errorf("acked: %v, want nothing yet", got)
	}
	want := []Event{{Kind: Sent, ID: 1, Text: "a"}, {Kind: Acked, ID: 1, Text: "a"}}
	if diff := cmp.Diff(want, o.numbered(1, handle{1, 1})); diff != "" {
		t.Errorf("sent, want - got +\n%s", diff)
	}
}

// TestLinesOutliveTheirConnection: a line whose connection ended is sent again,
// under its own ID, counted as a further send, reported as sent once.
func TestLinesOutliveTheirConnection(t *testing.T) {
	var o outbox
	o.add("a")
	o.add("b")
	o.take(1)
	o.numbered(1, handle{1, 5})
	o.receipt(handle{1, 5}, receipt{})
	if _, _, ok := o.take(2); ok {
		t.Errorf("line 2 was given to connection 2 while line 1 is under way on connection 1")
	}
	o.unlink(1)
	if id, _, _ := o.take(2); id != 1 {
		t.Fatalf("connection 2 got line %d, want 1", id)
	}
	o.numbered(1, handle{2, 5})
	if got := o.receipt(handle{2, 5}, receipt{}); got != nil {
		t.Errorf("sent again: %v, want no second report", got)
	}
	if got := o.receipt(handle{1, 5}, receipt{acked: true}); got != nil {
		t.Errorf("a receipt of the ended connection: %v, want nothing", got)
	}
	if got := o.receipt(handle{2, 5}, receipt{acked: true, retransmits: 1}); len(got) != 1 || got[0].Retransmits != 2 {
		t.Errorf("acked: %+v, want 2 retransmits: one on each connection", got)
	}
	want := []Event{{Kind: Failed, ID: 2, Text: "b", Reason: "over"}}
	if diff := cmp.Diff(want, o.giveUp("over")); diff != "" {
		t.Errorf("given up, want - got +\n%s", diff)
	}
}

// TestOutboxModel: whatever order connections, numbers and receipts come in,
// every line is announced once, acknowledged at most once, never lost, and
// leaves on each connection in the order it was said.
func TestOutboxModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o outbox
		link, seq := 1, uint64(0)
		numbers := map[handle]uint64{} // handed over and not acknowledged
		pending := []uint64{}          // taken, number not told yet
		announced, delivered := map[uint64]bool{}, map[uint64]bool{}
		lastOnLink := uint64(0)
		note := func(events []Event) {
			for _, e := range events {
				m := announced
				if e.Kind == Acked {
					m = delivered
				}
				if m[e.ID] {
					t.Fatalf("line %d reported twice as %v", e.ID, e.Kind)
				}
				m[e.ID] = true
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"say": func(t *rapid.T) { o.add("x") },
			"take": func(t *rapid.T) {
				if id, _, ok := o.take(link); ok {
					if id <= lastOnLink {
						t.Fatalf("line %d after line %d", id, lastOnLink)
					}
					lastOnLink = id
					pending = append(pending, id)
				}
			},
			"number": func(t *rapid.T) {
				if len(pending) == 0 {
					t.Skip("nothing taken")
				}
				seq++
				numbers[handle{link, seq}] = pending[0]
				note(o.numbered(pending[0], handle{link, seq}))
				pending = pending[1:]
			},
			"leave": func(t *rapid.T) {
				for at := range numbers {
					note(o.receipt(at, receipt{}))
				}
			},
			"early": func(t *rapid.T) {
				if len(pending) == 0 {
					t.Skip("nothing taken")
				}
				seq++
				note(o.receipt(handle{link, seq}, receipt{acked: true}))
				note(o.numbered(pending[0], handle{link, seq}))
				if !delivered[pending[0]] {
					t.Fatalf("the early receipt of line %d was forgotten", pending[0])
				}
				pending = pending[1:]
			},
			"ack": func(t *rapid.T) {
				for at, id := range numbers {
					note(o.receipt(at, receipt{acked: true}))
					delete(numbers, at)
					if !delivered[id] {
						t.Fatalf("line %d was acknowledged and not reported", id)
					}
					return
				}
				t.Skip("nothing under way")
			},
			"cut": func(t *rapid.T) {
				o.unlink(link)
				link++
				pending, lastOnLink = nil, 0
				clear(numbers)
			},
			"": func(t *rapid.T) {
				if got, want := len(o.lines)+len(delivered), int(o.last); got != want {
					t.Fatalf("%d lines kept or delivered, want %d", got, want)
				}
				if !slices.IsSortedFunc(o.lines, func(a, b ownLine) int { return int(a.id) - int(b.id) }) {
					t.Fatalf("lines out of order: %+v", o.lines)
				}
			},
		})
	})
}

// TestInOrder: whatever order acknowledgments come in, they are given on from
// the first message without a hole.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const first, count = 1<<32 - 3, 8
		var seqs []uint64
		for i := range uint64(count) {
			seqs = append(seqs, first+i)
		}
		order := rapid.Permutation(seqs).Draw(t, "order")
		begin := rapid.IntRange(0, count).Draw(t, "begin")
		var o inOrder
		var given []uint64
		acked := map[uint64]bool{}
		for i := range count + 1 {
			if i == begin {
				o.begin(first)
			}
			if i < count {
				o.acked(order[i], int(order[i]%5))
				acked[order[i]] = true
			}
			for seq, r, ok := o.take(); ok; seq, r, ok = o.take() {
				if !acked[seq] || !r.acked || r.retransmits != int(seq%5) {
					t.Fatalf("message %d given on as %+v, acknowledged %v", seq, r, acked[seq])
				}
				given = append(given, seq)
			}
		}
		if !slices.Equal(given, seqs) {
			t.Fatalf("given on %v, want %v", given, seqs)
		}
	})
}
