// Package terminal makes text safe and fit for a terminal: it cleans what
// strangers sent, cuts to a width and decides about colour.
//
// The commands of udplab call it before they draw. It never writes anything
// itself and keeps no state. Limits: Clean protects the terminal and the
// reading order, not the reader; look-alike letters pass.
package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean returns text from a peer in a form that is safe to draw on one line:
//
//   - Control characters are dropped: C0 with ESC, DEL, C1. What followed an
//     ESC stays, as visible and harmless text, so that a sequence without an
//     end cannot swallow the rest of the message.
//   - Invisible characters that reorder, split or hide text are dropped:
//     bidirectional overrides, isolates and marks, line and paragraph
//     separators, byte order marks, tags, zero-width space. Zero-width joiner
//     and non-joiner stay, emoji and several scripts need them.
//   - Tab, line feed and carriage return become one space each.
//   - Bytes that are not UTF-8 become \xNN.
//
// Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			const hex = "0123456789abcdef"
			b.WriteString(`\x`)
			b.WriteByte(hex[s[i]>>4])
			b.WriteByte(hex[s[i]&15])
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case !hidden(r):
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// isClean is the common case: nothing to change, nothing to copy.
func isClean(s string) bool {
	for i, r := range s {
		if hidden(r) {
			return false
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}

// hidden reports characters that act on the terminal or on the text around
// them instead of showing something: categories Cc (control), Cf (format), Zl
// and Zp (separators), less the two joiners.
func hidden(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	if r == zeroWidthNonJoiner || r == zeroWidthJoiner {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Cut shortens s to at most columns terminal columns, wide and combining
// characters counted as they are drawn, with an ellipsis where text was lost.
// Colour sequences of our own in s take no columns and survive.
func Cut(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	return ansi.Truncate(s, columns, "…")
}

// Width is how many terminal columns s takes, wide and combining characters
// counted as they are drawn and colour sequences as nothing.
func Width(s string) int { return ansi.StringWidth(s) }

// Colour reports whether to colour a stream: NO_COLOR (any value but empty)
// and TERM=dumb say no, CLICOLOR_FORCE (not empty, not "0") says yes even
// without a terminal, otherwise the stream being a terminal decides. See
// no-color.org and bixense.com/clicolors.
func Colour(isTerminal bool, lookupEnv func(string) (string, bool)) bool {
	get := func(name string) string {
		v, _ := lookupEnv(name)
		return v
	}
	if get("NO_COLOR") != "" {
		return false
	}
	if force := get("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return isTerminal && get("TERM") != "dumb"
}
