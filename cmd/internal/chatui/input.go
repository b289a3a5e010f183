package chatui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// input is the line being typed: characters as people see them, and a cursor
// between two of them. It remembers the lines sent before.
type input struct {
	chars  []string // grapheme clusters
	cursor int
	bytes  int

	sent  []string // newest last
	at    int      // index into sent while looking back; len(sent) = not looking
	draft string   // what was typed before looking back
}

// maxSent is how many lines can be looked back.
const maxSent = 200

func (in *input) String() string { return strings.Join(in.chars, "") }

func (in *input) empty() bool { return len(in.chars) == 0 }

// insert types text at the cursor, as far as a message can take it. Line ends
// become spaces: pasting many lines must not send any.
func (in *input) insert(text string) {
	head, tail := in.chars[:in.cursor], strings.Join(in.chars[in.cursor:], "")
	text = terminal.Clean(text)
	if over := in.bytes + len(text) - chat.MaxText; over > 0 {
		text = strings.ToValidUTF8(text[:len(text)-min(over, len(text))], "")
	}
	// A combining mark joins the character before it, so clusters are counted
	// anew from the start.
	typed := strings.Join(head, "") + text
	in.chars = append(clusters(typed), clusters(tail)...)
	in.cursor = len(clusters(typed))
	in.bytes += len(text)
}

// set replaces the line, cursor at its end.
func (in *input) set(text string) {
	in.chars = clusters(text)
	in.cursor, in.bytes = len(in.chars), len(text)
}

// take returns the line, remembers it and starts a new one.
func (in *input) take() string {
	text := in.String()
	if n := len(in.sent); n == 0 || in.sent[n-1] != text {
		in.sent = append(in.sent, text)
	}
	if len(in.sent) > maxSent {
		in.sent = in.sent[1:]
	}
	in.set("")
	in.at, in.draft = len(in.sent), ""
	return text
}

// look moves through the lines sent before: -1 back, 1 forth.
func (in *input) look(step int) {
	to := in.at + step
	if to < 0 || to > len(in.sent) {
		return
	}
	if in.at == len(in.sent) {
		in.draft = in.String()
	}
	in.at = to
	if to == len(in.sent) {
		in.set(in.draft)
	} else {
		in.set(in.sent[to])
	}
}

// remove deletes the characters between two positions.
func (in *input) remove(from, to int) {
	from, to = max(from, 0), min(to, len(in.chars))
	for _, c := range in.chars[from:to] {
		in.bytes -= len(c)
	}
	in.chars = append(in.chars[:from], in.chars[to:]...)
	in.cursor = from
}

// wordStart is where the word before the cursor starts.
func (in *input) wordStart() int {
	i := in.cursor
	for i > 0 && in.chars[i-1] == " " {
		i--
	}
	for i > 0 && in.chars[i-1] != " " {
		i--
	}
	return i
}

// edit does what a key does to the line; false if it does nothing to it.
func (in *input) edit(key string) bool {
	switch key {
	case "left", "ctrl+b":
		in.cursor = max(in.cursor-1, 0)
	case "right", "ctrl+f":
		in.cursor = min(in.cursor+1, len(in.chars))
	case "home", "ctrl+a":
		in.cursor = 0
	case "end", "ctrl+e":
		in.cursor = len(in.chars)
	case "backspace", "ctrl+h":
		if in.cursor > 0 {
			in.remove(in.cursor-1, in.cursor)
		}
	case "delete":
		in.remove(in.cursor, in.cursor+1)
	case "ctrl+w", "alt+backspace":
		in.remove(in.wordStart(), in.cursor)
	case "ctrl+u":
		in.remove(0, in.cursor)
	case "ctrl+k":
		at := in.cursor
		in.remove(at, len(in.chars))
	case "up", "ctrl+p":
		in.look(-1)
	case "down", "ctrl+n":
		in.look(1)
	default:
		return false
	}
	return true
}

// view is the part of the line around the cursor that fits into columns, and
// the column of the cursor in it.
func (in *input) view(columns int) (text string, cursor int) {
	if columns <= 0 {
		return "", 0
	}
	from, width := in.cursor, 0
	for from > 0 { // one column stays free for the cursor
		w := ansi.StringWidth(in.chars[from-1])
		if width+w > columns-1 {
			break
		}
		from, width = from-1, width+w
	}
	return ansi.Truncate(strings.Join(in.chars[from:], ""), columns, ""), width
}

// clusters cuts text into characters as people see them.
func clusters(text string) []string {
	var chars []string
	for text != "" {
		c, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		chars = append(chars, c)
		text = text[len(c):]
	}
	return chars
}
