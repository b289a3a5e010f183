package netem

import (
	"fmt"
	"strings"
)

// SyntaxError says where a line is not one that netem takes, and why.
type SyntaxError struct {
	Column int    // of the word at fault in bytes, from 1; behind the end if one is lacking
	Word   string // as it stands there
	Err    error
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("at %d: %v", e.Column, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *SyntaxError) Unwrap() error { return e.Err }

// maxLine is the longest line that is read, in bytes.
const maxLine = 4096

type word struct {
	text   string
	column int
}

// words is the line that is read, word after word. After an error nothing more is
// given out, and the first error is kept.
type words struct {
	list []word
	next int
	end  int // column behind the line
	err  *SyntaxError
}

func split(line string) *words {
	w := &words{end: len(line) + 1}
	if len(line) > maxLine {
		w.err = &SyntaxError{Column: maxLine, Err: fmt.Errorf("the line has more than %d bytes", maxLine)}
		return w
	}
	for at := 0; at < len(line); {
		if strings.ContainsRune(" \t\r\n", rune(line[at])) {
			at++
			continue
		}
		end := strings.IndexAny(line[at:], " \t\r\n")
		if end < 0 {
			end = len(line) - at
		}
		w.list = append(w.list, word{line[at : at+end], at + 1})
		at += end
	}
	return w
}

// more says whether there is another word.
func (w *words) more() bool { return w.err == nil && w.next < len(w.list) }

func (w *words) take() string {
	w.next++
	return w.list[w.next-1].text
}

// fail keeps the error of the word taken last.
func (w *words) fail(format string, args ...any) {
	if w.err == nil {
		last := w.list[w.next-1]
		w.err = &SyntaxError{last.column, last.text, fmt.Errorf(format, args...)}
	}
}

// number says whether the next word begins like a number, which is how tc tells a
// further value from the next keyword.
func (w *words) number(signed bool) bool {
	if !w.more() {
		return false
	}
	c := w.list[w.next].text[0]
	return c >= '0' && c <= '9' || signed && c == '-'
}

// value reads the word that must follow.
func value[T any](w *words, what string, parse func(string) (T, error)) (v T) {
	if w.err != nil {
		return v
	}
	if !w.more() {
		w.err = &SyntaxError{Column: w.end, Err: fmt.Errorf("%s lacks its value", what)}
		return v
	}
	v, err := parse(w.take())
	if err != nil {
		w.fail("%s: %w", what, err)
	}
	return v
}

// further is value for a number that may follow.
func further[T any](w *words, at *T, what string, parse func(string) (T, error)) bool {
	if !w.number(false) {
		return false
	}
	*at = value(w, what, parse)
	return w.err == nil
}
