package chatui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"udplab/cmd/internal/chat"
)

func TestKeys(t *testing.T) {
	cases := []struct{ keys, want string }{
		{"abc", "abc|"},
		{"abc<left><left>x", "ax|bc"},
		{"abc<home>x<end>y", "xabcy|"},
		{"abc<backspace>", "ab|"},
		{"<backspace><delete><left><ctrl+w>", "|"},
		{"abc<home><delete>", "|bc"},
		{"one two <ctrl+w>", "one |"},
		{"one two<ctrl+u>", "|"},
		{"one<left><ctrl+k>", "on|"},
		{"one<left><ctrl+d>", "on|"},
		{"/he<tab>", "/help |"},
		{"/x<tab>", "/x|"},
		{"x<tab>", "x|"},
		{"one<enter>two<enter>dr<up>", "two|"},
		{"one<enter>two<enter>dr<up><up><up>", "one|"},
		{"one<enter>two<enter>dr<up><up><down><down><down>", "dr|"},
		{"one<enter>one<enter><up><up>", "one|"},
		{"text<ctrl+c>", "|"},
		{"<f5>x", "x|"},
	}
	for _, c := range cases {
		m := screenOf(Options{}, 80, 5)
		m.keys(c.keys)
		in := &m.input
		got := strings.Join(in.chars[:in.cursor], "") + "|" + strings.Join(in.chars[in.cursor:], "")
		if got != c.want || in.bytes != len(in.String()) {
			t.Errorf("%s: %q of %d bytes, want %q", c.keys, got, in.bytes, c.want)
		}
	}
}

func TestPasteSendsNothing(t *testing.T) {
	m := screenOf(Options{}, 80, 5)
	m.Paste("one\ntwo\r\n\x1b[2Jthree")
	if got := m.input.String(); got != "one two  [2Jthree" {
		t.Errorf("pasted %q", got)
	}
	m.input.set("e")
	m.Paste("\u0301x")
	m.keys("<left><backspace>")
	if got := m.input.String(); got != "x" {
		t.Errorf("left %q: a letter with its accent is one character", got)
	}
	m.Paste(strings.Repeat("ä", chat.MaxText))
	if n := len(m.input.String()); n > chat.MaxText {
		t.Errorf("%d bytes typed, a message takes %d", n, chat.MaxText)
	}
}

func TestWhatIsSaid(t *testing.T) {
	cases := []struct {
		keys string
		want []Effect
	}{
		{"hi<enter>", []Effect{{Say, "hi"}}},
		{"<enter>  <enter>", nil},
		{"//x<enter>", []Effect{{Say, "/x"}}},
		{"/name  bob <enter>", []Effect{{Rename, "bob"}}},
		{"/name<enter>", nil},
		{"/NAME " + strings.Repeat("x", chat.MaxName+1) + "<enter>", nil},
		{"/nonsense<enter>", nil},
		{"/stats<enter>", nil},
		{"/net<enter>", []Effect{{Kind: Net}}},
		{"/net  loss=5%  up-delay=1ms <enter>", []Effect{{Net, "loss=5%  up-delay=1ms"}}},
		{"/quit<enter>late<enter><ctrl+c>", []Effect{{Kind: Quit}, {Kind: QuitNow}}},
		{"<ctrl+c>", []Effect{{Kind: Quit}}},
		{"x<ctrl+c><ctrl+d>", []Effect{{Kind: Quit}}},
	}
	for _, c := range cases {
		m := screenOf(Options{}, 80, 5)
		if diff := cmp.Diff(c.want, m.keys(c.keys)); diff != "" {
			t.Errorf("%s: want - got +\n%s", c.keys, diff)
		}
	}
}

func TestCommandsAnswer(t *testing.T) {
	cases := []struct{ keys, want string }{
		{"/help<enter>", "/stats"},
		{"/help<enter>", "/net loss=30%"},
		{"/stats<enter>", "messages: 3 sent"},
		{"/nonsense<enter>", "no command /nonsense"},
		{"/name<enter>", "a name has 1 to 64 bytes"},
		{"/name rob<enter>", "you are now called rob"},
		{"/quit<enter>", "leaving"},
	}
	for _, c := range cases {
		m := screenOf(Options{Mode: chat.ReliableMode}, 80, 20)
		m.Count(chat.Counters{LinesSent: 3})
		m.keys(c.keys)
		if picture, _, _ := m.View(); !strings.Contains(picture, c.want) {
			t.Errorf("%s: the answer %q is missing in\n%s", c.keys, c.want, picture)
		}
	}
}
