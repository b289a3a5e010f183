package terminal

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"plain text is untouched", "hello, wörld 世界", "hello, wörld 世界"},
		{"emoji with joiners and variation selectors stay whole", "👩‍👩‍👧 ❤️", "👩‍👩‍👧 ❤️"},
		{"clearing the screen", "a\x1b[2Jb", "a[2Jb"},
		{"writing the clipboard (OSC 52)", "\x1b]52;c;aGk=\x07x", "]52;c;aGk=x"},
		{"an OSC without an end must not swallow the message", "\x1b]0;hidden visible", "]0;hidden visible"},
		{"C1 control sequence introducer", "a\u009b31mb", "a31mb"},
		{"right-to-left override", "txt.\u202eexe", "txt.exe"},
		{"isolates and marks", "\u2066a\u2069\u200e\u200f\u061c", "a"},
		{"carriage return would overwrite the name", "ok\rbob: no", "ok bob: no"},
		{"a line break would forge a second message", "hi\nbob: hi\tthere", "hi bob: hi there"},
		{"line and paragraph separators", "a\u2028b\u2029c", "abc"},
		{"invisible tag characters", "a\U000e0041b\ufeff\u200b", "ab"},
		{"backspace, bell, delete, NUL", "a\b\a\x7f\x00b", "ab"},
		{"invalid UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"a real U+FFFD is text", "a\ufffdb", "a\ufffdb"},
		{"a byte that is C1 in Latin-1 is invalid UTF-8, not a control", "\x9b31m", `\x9b31m`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.why, c.in, got, c.want)
		}
	}
}

func TestCleanHoldsForEveryInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "text") {
			in = rapid.String().Draw(t, "in")
		}
		out := Clean(in)
		if !utf8.ValidString(out) {
			t.Fatalf("Clean(%q) = %q is not UTF-8", in, out)
		}
		for _, r := range out {
			if hidden(r) {
				t.Fatalf("Clean(%q) = %q still holds %U", in, out, r)
			}
		}
		if again := Clean(out); again != out {
			t.Fatalf("Clean twice changes %q to %q", out, again)
		}
	})
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in      string
		columns int
		want    string
	}{
		{"short", 10, "short"},
		{"exactly", 7, "exactly"},
		{"too long for it", 8, "too lon…"},
		{"世界世界", 5, "世界…"},
		{"anything", 0, ""},
		{"anything", -1, ""},
	} {
		if got := Cut(c.in, c.columns); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.in, c.columns, got, c.want)
		}
	}
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		why  string
		env  map[string]string
		tty  bool
		want bool
	}{
		{"a terminal has colour", nil, true, true},
		{"a pipe has none", nil, false, false},
		{"NO_COLOR wins over a terminal", map[string]string{"NO_COLOR": "1"}, true, false},
		{"an empty NO_COLOR is no wish", map[string]string{"NO_COLOR": ""}, true, true},
		{"NO_COLOR wins over CLICOLOR_FORCE", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"a dumb terminal has none", map[string]string{"TERM": "dumb"}, true, false},
		{"CLICOLOR_FORCE colours a pipe", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"CLICOLOR_FORCE=0 does not", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
	} {
		lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := Colour(c.tty, lookup); got != c.want {
			t.Errorf("%s: got %v, want %v", c.why, got, c.want)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "日本": 4, "e\u0301": 1, "\x1b[1mab\x1b[0m": 2} {
		if got := Width(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}
