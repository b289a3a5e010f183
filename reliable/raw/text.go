package raw

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is the most bytes of bare text in one datagram: the buffer of the
// tutorial chat, recvfrom(1024), which cuts or refuses what is longer.
const MaxText = 1024

// SendText sends text as bare UTF-8, without any packet around it, the way the
// tutorial chat does, in as many datagrams of at most MaxText bytes as it
// takes. A character is never cut in two: that chat's decode() would end its
// receiving thread. For the same reason bytes that are not UTF-8 are sent as
// U+FFFD. Empty text sends nothing. It returns how many datagrams left.
func (c *Conn) SendText(text string) (datagrams int, err error) {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	s := &c.sending
	s.Lock()
	defer s.Unlock()
	for text != "" {
		n := cut(text, MaxText)
		s.buf = append(s.buf[:0], text[:n]...)
		if err := c.write(s.buf); err != nil {
			return datagrams, err
		}
		s.stats.TextSent++
		s.stats.MessageBytesSent += uint64(n)
		datagrams++
		text = text[n:]
	}
	return datagrams, nil
}

// cut returns where to end the first piece of valid UTF-8 text: at most limit
// bytes (at least utf8.UTFMax), between two characters as people see them
// where that is possible, between two code points always.
func cut(text string, limit int) int {
	if len(text) <= limit {
		return len(text)
	}
	end := limit
	for !utf8.RuneStart(text[end]) {
		end--
	}
	for at := end; at > 0; {
		if !joined(text, at) {
			return at
		}
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return end // one character of more than limit bytes
}

// joined reports whether the code points on both sides of at belong to one
// character: the usual cases of Unicode Standard Annex 29 (combining marks,
// emoji with modifiers or joiners, flags, Hangul is left to its precomposed
// form). A wrong answer splits a character in two readable parts, no more.
func joined(text string, at int) bool {
	const zeroWidthJoiner = '\u200d'
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	switch {
	case before == '\r' && after == '\n':
		return true
	case before == zeroWidthJoiner || after == zeroWidthJoiner:
		return true
	case unicode.In(after, unicode.Mn, unicode.Me, unicode.Mc):
		return true
	case after >= 0x1F3FB && after <= 0x1F3FF: // skin tones
		return true
	case isFlagLetter(before) && isFlagLetter(after):
		return flagLetters(text[:at])%2 == 1
	}
	return false
}

// isFlagLetter reports regional indicators; two of them make a flag.
func isFlagLetter(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// flagLetters counts the regional indicators at the end of text.
func flagLetters(text string) int {
	n := 0
	for {
		r, size := utf8.DecodeLastRuneInString(text)
		if !isFlagLetter(r) {
			return n
		}
		n++
		text = text[:len(text)-size]
	}
}
