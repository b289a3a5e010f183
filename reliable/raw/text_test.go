package raw

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWhereTextIsCut(t *testing.T) {
	cases := []struct {
		name  string
		text  string
		limit int
		want  string
	}{
		{"fits", "hello", 5, "hello"},
		{"ascii", "hello", 4, "hell"},
		{"two bytes", "aaaä", 4, "aaa"},
		{"four bytes", "a😀", 4, "a"},
		{"combining mark", "aae\u0301", 4, "aa"},
		{"family", "x👨\u200d👩\u200d👧", 12, "x"},
		{"skin tone", "x👍🏽", 6, "x"},
		{"flags", "🇩🇪🇫🇷", 12, "🇩🇪"},
		{"line end", "abc\r\n", 4, "abc"},
		{"one long character is cut between code points", "e\u0301\u0301\u0301", 4, "e\u0301"},
	}
	for _, c := range cases {
		if got := c.text[:cut(c.text, c.limit)]; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestCutKeepsEverything: pieces are valid UTF-8, short enough, never empty,
// and together they are the text.
func TestCutKeepsEverything(t *testing.T) {
	letter := rapid.SampledFrom([]rune("ab ä€😀\u0301\u200d🇩🇪👍🏽\r\n"))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(letter, 0, 80, -1).Draw(t, "text")
		limit := rapid.IntRange(utf8.UTFMax, 40).Draw(t, "limit")
		for rest := text; rest != ""; {
			n := cut(rest, limit)
			if n < 1 || n > limit || !utf8.ValidString(rest[:n]) {
				t.Fatalf("piece of %d bytes %q, limit %d", n, rest[:n], limit)
			}
			rest = rest[n:]
		}
	})
}

func TestSendText(t *testing.T) {
	a, b := pair(t, "127.0.0.1:0")
	text := strings.Repeat("x", MaxText-1) + "äöü\xff"
	if n, err := a.SendText(text); n != 2 || err != nil {
		t.Fatalf("sent %d datagrams, %v, want 2", n, err)
	}
	for _, want := range []string{strings.Repeat("x", MaxText-1), "äöü\uFFFD"} {
		if e := receive(t, b); e.Kind != Text || string(e.Payload) != want {
			t.Errorf("got %v %q, want %q", e.Kind, e.Payload, want)
		}
	}
	if n, err := a.SendText(""); n != 0 || err != nil {
		t.Errorf("empty text: %d datagrams, %v, want none", n, err)
	}
	if s := a.Stats(); s.TextSent != 2 || s.Sent != 0 || s.BytesSent != MaxText-1+9 {
		t.Errorf("stats %+v", s)
	}
}
