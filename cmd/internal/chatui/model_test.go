package chatui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"udplab/cmd/internal/chat"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func screenOf(o Options, columns, rows int) *Model {
	o.Now = func() time.Time { return noon }
	if o.Mode == 0 {
		o.Mode = chat.RawMode
	}
	if o.Name == "" {
		o.Name = "ann"
	}
	m := New(o)
	m.Resize(columns, rows)
	return m
}

func (m *Model) tell(events ...chat.Event) {
	for _, e := range events {
		e.At = noon
		m.Tell(e)
	}
}

// keys types words and presses keys in <>.
func (m *Model) keys(s string) (effects []Effect) {
	for s != "" {
		key, text := s[:1], s[:1]
		if s[0] == '<' {
			end := strings.IndexByte(s, '>')
			key, text, s = s[1:end], "", s[end+1:]
		} else {
			s = s[1:]
		}
		effects = append(effects, m.Key(key, text)...)
	}
	return effects
}

// wantView compares the picture without the empty rows above and the spaces at
// the ends of rows.
func wantView(t *testing.T, m *Model, want string) {
	t.Helper()
	picture, _, _ := m.View()
	var got []string
	for row := range strings.SplitSeq(picture, "\n") {
		got = append(got, strings.TrimRight(row, " "))
	}
	for len(got) > 0 && got[0] == "" {
		got = got[1:]
	}
	if diff := cmp.Diff(strings.Split(strings.Trim(want, "\n"), "\n"), got); diff != "" {
		t.Errorf("view, want - got +\n%s", diff)
	}
}

func TestRawConversation(t *testing.T) {
	m := screenOf(Options{}, 80, 12)
	m.tell(
		chat.Event{Kind: chat.Peer, Peer: chat.PeerJoined, Name: "bob"},
		chat.Event{Kind: chat.Sent, ID: 1, Text: "hi"},
		chat.Event{Kind: chat.Received, ID: 1, Name: "bob", Text: "hello"},
		chat.Event{Kind: chat.Lost, Missing: 2},
		chat.Event{Kind: chat.Received, ID: 4, Name: "bob", Text: "four"},
		chat.Event{Kind: chat.Late, ID: 2, Name: "bob", Text: "two", Extent: 1},
		chat.Event{Kind: chat.Duplicate, ID: 4, Name: "bob", Text: "four"},
		chat.Event{Kind: chat.Damaged, Name: "bob", Text: "thrxe"},
		chat.Event{Kind: chat.BareText, From: "10.0.0.9:5", Text: "nc"},
	)
	m.Count(chat.Counters{LinesSent: 1, Lost: 1, OutOfOrder: 1, Duplicate: 1, Corrupt: 1, Jitter: 1500 * time.Microsecond})
	m.keys("next")
	wantView(t, m, `

12:00 -- bob is here
12:00 ann: hi  ✓
12:00 bob: hello
12:00 -- ✗ 2 messages lost before this one
12:00 bob: four
12:00 bob: two  ⇅1 late
12:00 bob: four  ⧉ copy
12:00 bob: thrxe  ✗ damaged
12:00 10.0.0.9:5: nc  (bare text)
● bob  raw  sent 1  lost 1  out of order 1  duplicate 1  corrupt 1  jitter 1.5ms
> next`)
}

func TestReliableConversation(t *testing.T) {
	m := screenOf(Options{Mode: chat.ReliableMode}, 80, 8)
	m.tell(
		chat.Event{Kind: chat.Queued, ID: 1, Text: "a"},
		chat.Event{Kind: chat.Queued, ID: 2, Text: "b"},
		chat.Event{Kind: chat.Queued, ID: 3, Text: "c"},
		chat.Event{Kind: chat.Queued, ID: 4, Text: "d"},
		chat.Event{Kind: chat.Queued, ID: 5, Text: "e"},
		chat.Event{Kind: chat.Sent, ID: 2}, chat.Event{Kind: chat.Sent, ID: 3}, chat.Event{Kind: chat.Sent, ID: 4},
		chat.Event{Kind: chat.Acked, ID: 3},
		chat.Event{Kind: chat.Acked, ID: 4, Retransmits: 2},
		chat.Event{Kind: chat.Failed, ID: 5, Reason: "over"},
	)
	m.Count(chat.Counters{LinesSent: 3, LinesDelivered: 2, Retransmits: 2, RTT: 41 * time.Millisecond})
	wantView(t, m, `
12:00 ann: a  ·
12:00 ann: b  ✓
12:00 ann: c  ✓✓
12:00 ann: d  ✓✓ ↻2
12:00 ann: e  ✗ not sent: over
○peer  reliable  sent 3  dlv 2  lost 0  rtx 2  rtt 41.0ms  ooo 0  dup 0  bad 0
>`)
	if len(m.history.own) != 2 {
		t.Errorf("%d own lines are still watched, want the 2 that can change", len(m.history.own))
	}
}

// TestRawModeNeverClaimsDelivery: whatever it is told, for UDP gives no such
// knowledge.
func TestRawModeNeverClaimsDelivery(t *testing.T) {
	for _, mode := range []chat.Mode{chat.RawMode, chat.TextMode} {
		m := screenOf(Options{Mode: mode}, 80, 5)
		m.tell(chat.Event{Kind: chat.Acked, ID: 1, Text: "a"})
		m.keys("/help<enter>")
		if picture, _, _ := m.View(); strings.Contains(picture, "✓✓") {
			t.Errorf("raw mode shows a delivery:\n%s", picture)
		}
	}
}

func TestASCII(t *testing.T) {
	m := screenOf(Options{Mode: chat.ReliableMode, ASCII: true}, 70, 9)
	m.tell(
		chat.Event{Kind: chat.Queued, ID: 1, Text: "a"},
		chat.Event{Kind: chat.Acked, ID: 2, Text: "b", Retransmits: 3},
		chat.Event{Kind: chat.Late, Name: "bob", Text: "c", Extent: 2},
		chat.Event{Kind: chat.Late, Name: "bob", Text: "old"},
		chat.Event{Kind: chat.Duplicate, Name: "bob", Text: "d"},
		chat.Event{Kind: chat.Lost, Missing: 1},
		chat.Event{Kind: chat.Peer, Peer: chat.PeerJoined, Name: "bob"},
	)
	wantView(t, m, `
12:00 ann: a  .
12:00 ann: b  ++ r3
12:00 bob: c  o2 late
12:00 bob: old  ? late by more than 1024, or a copy
12:00 bob: d  d copy
12:00 -- x 1 message lost before this one
12:00 -- bob is here
*bob  reliable  sent 0  dlv 0  lost 0  rtx 0  rtt -  ooo 0  dup 0
>`)
}

func TestTenColumns(t *testing.T) {
	m := screenOf(Options{}, 10, 8)
	m.tell(
		chat.Event{Kind: chat.Received, Name: "somebody", Text: "a long line 漢字漢字"},
		chat.Event{Kind: chat.Peer, Peer: chat.PeerJoined, Name: "somebody"},
	)
	m.keys("abcdefghijkl")
	wantView(t, m, `
so…: a
long line
漢字漢字
--
somebody
is here
●somebody
> fghijkl`)
}

// TestEverySizeFits: no row is wider than the terminal, there are as many as it
// has, and the cursor is inside, whatever size it is and whatever is shown.
func TestEverySizeFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := screenOf(Options{Mode: rapid.SampledFrom([]chat.Mode{chat.RawMode, chat.ReliableMode}).Draw(t, "mode"), Colour: true}, 80, 24)
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			m.tell(chat.Event{Kind: chat.Received, Name: rapid.StringN(0, 30, 64).Draw(t, "name"), Text: rapid.String().Draw(t, "text")})
			if rapid.Bool().Draw(t, "joined") {
				m.tell(chat.Event{Kind: chat.Peer, Peer: chat.PeerJoined, Name: rapid.StringN(0, 30, 64).Draw(t, "name")})
			}
			m.Paste(rapid.StringN(0, 20, -1).Draw(t, "typed"))
			m.Key(rapid.SampledFrom([]string{"left", "home", "pgup", "pgdown", "up", "ctrl+home", "backspace"}).Draw(t, "key"), "")
		}
		columns, rows := rapid.IntRange(0, 90).Draw(t, "columns"), rapid.IntRange(0, 12).Draw(t, "rows")
		m.Resize(columns, rows)
		picture, x, y := m.View()
		if columns == 0 || rows == 0 {
			return
		}
		got := strings.Split(picture, "\n")
		if len(got) != rows {
			t.Fatalf("%d rows, want %d", len(got), rows)
		}
		for _, row := range got {
			if w := ansi.StringWidth(row); w > columns {
				t.Fatalf("%d columns, want at most %d: %q", w, columns, row)
			}
		}
		if x < 0 || x >= columns || y != rows-1 {
			t.Fatalf("cursor at %d, %d of %d, %d", x, y, columns, rows)
		}
	})
}

// TestHostilePeer: nothing that a peer sends reaches the terminal as a control.
func TestHostilePeer(t *testing.T) {
	hostile := "\x1b]52;c;aGk=\x07\x1b[2J\u202Eevil\u2066\r\n\x9b31m\x00\xff"
	m := screenOf(Options{}, 200, 30)
	for k := chat.Received; k <= chat.Peer; k++ {
		for s := chat.PeerWaiting; s <= chat.PeerBusy; s++ {
			m.tell(chat.Event{Kind: k, Peer: s, ID: uint64(k), Name: hostile, Text: hostile, From: hostile, Reason: hostile})
		}
	}
	picture, _, _ := m.View()
	for _, bad := range []string{"\x1b", "\x07", "\x00", "\r", "\u202e", "\u2066", "\u009b", "\x9b"} {
		if strings.Contains(picture, bad) {
			t.Errorf("%q of a peer is in the picture", bad)
		}
	}
	if !strings.Contains(picture, "evil") || !strings.Contains(picture, `\xff`) {
		t.Errorf("what can be read of a hostile line is missing:\n%s", picture)
	}
}

func TestScrolling(t *testing.T) {
	m := screenOf(Options{}, 60, 5)
	for i := range 20 {
		m.tell(chat.Event{Kind: chat.Received, Name: "bob", Text: fmt.Sprint("line ", i)})
	}
	m.keys("<pgup>")
	m.tell(chat.Event{Kind: chat.Received, Name: "bob", Text: "new"})
	wantView(t, m, `
12:00 bob: line 15
12:00 bob: line 16
12:00 bob: line 17
1 new below  ○peer  raw  sent 0  lost 0  ooo 0  dup 0  bad 0
>`)
	m.keys("<ctrl+home>")
	if rows := m.history.view(60, 3, &m.style); rows[0] != "12:00 bob: line 0" {
		t.Errorf("the top is %q", rows[0])
	}
	m.keys("<pgup><pgdown><ctrl+end>")
	if rows := m.history.view(60, 3, &m.style); rows[2] != "12:00 bob: new" || m.history.unseen != 0 {
		t.Errorf("the end is %q, %d unseen", rows[2], m.history.unseen)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	m := screenOf(Options{}, 60, 5)
	for range maxEntries + 10 {
		m.tell(chat.Event{Kind: chat.Received, Name: "bob", Text: "x"})
	}
	if n := len(m.history.entries); n > maxEntries {
		t.Errorf("%d lines kept, want at most %d", n, maxEntries)
	}
}

func TestColourIsAnExtra(t *testing.T) {
	plain, coloured := screenOf(Options{}, 60, 6), screenOf(Options{Colour: true}, 60, 6)
	for _, m := range []*Model{plain, coloured} {
		m.tell(
			chat.Event{Kind: chat.Received, Name: "bob", Text: "x"},
			chat.Event{Kind: chat.Sent, ID: 1, Text: "y"},
			chat.Event{Kind: chat.Peer, Peer: chat.PeerLeft, Name: "bob"},
		)
	}
	a, _, _ := plain.View()
	b, _, _ := coloured.View()
	if strings.Contains(a, "\x1b") {
		t.Errorf("escape sequences without colour: %q", a)
	}
	if !strings.Contains(b, "\x1b[") || ansi.Strip(b) != a {
		t.Errorf("with colour it does not say the same:\n%q\n%q", a, ansi.Strip(b))
	}
}
