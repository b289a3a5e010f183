package chatui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"udplab/cmd/internal/terminal"
)

// maxEntries is how many lines the history keeps.
const maxEntries = 10_000

// entry is one line of the conversation or a note about it. Its strings are
// clean.
type entry struct {
	at   time.Time
	name string // "" = a note
	own  bool
	text string
	mark string

	rows    []string // wrapped for wrapped columns; nil = not yet
	wrapped int
}

// history is the lines above the status line. scroll counts rows from the end.
type history struct {
	entries []*entry
	own     map[uint64]*entry // own lines that can still change, by ID
	scroll  int
	unseen  int // lines that came while the reader was scrolled up
}

// add appends an entry. Who is scrolled up keeps seeing the same rows.
func (h *history) add(e *entry, s *style, columns int) {
	if len(h.entries) >= maxEntries {
		const drop = maxEntries / 10
		h.entries = append([]*entry(nil), h.entries[drop:]...)
	}
	h.entries = append(h.entries, e)
	if h.scroll > 0 {
		h.scroll += len(e.wrap(s, columns))
		h.unseen++
	}
}

// move scrolls by rows, up is positive.
func (h *history) move(rows, height, columns int, s *style) {
	h.scroll += rows
	if h.scroll > 0 { // not beyond the oldest row
		h.scroll = min(h.scroll, max(h.rowsUpTo(h.scroll+height, columns, s)-height, 0))
	}
	if h.scroll <= 0 {
		h.scroll, h.unseen = 0, 0
	}
}

// rowsUpTo counts rows from the end, and stops at most.
func (h *history) rowsUpTo(most, columns int, s *style) int {
	rows := 0
	for i := len(h.entries) - 1; i >= 0 && rows < most; i-- {
		rows += len(h.entries[i].wrap(s, columns))
	}
	return rows
}

// view is the rows to show, height of them, empty ones on top. It looks at no
// more entries than it shows and skips.
func (h *history) view(columns, height int, s *style) []string {
	rows := make([]string, height)
	at := height + h.scroll // row after the entry in hand, counted from the top
	for i := len(h.entries) - 1; i >= 0 && at > 0; i-- {
		wrapped := h.entries[i].wrap(s, columns)
		for j := len(wrapped) - 1; j >= 0 && at > 0; j-- {
			at--
			if at < height {
				rows[at] = wrapped[j]
			}
		}
	}
	return rows
}

// changed makes an entry draw itself anew.
func (e *entry) changed() { e.rows = nil }

// narrow is where the time of day gives way to the text.
const narrow = 40

// wrap is the entry in rows of at most that many columns.
func (e *entry) wrap(s *style, columns int) []string {
	if e.rows != nil && e.wrapped == columns {
		return e.rows
	}
	var b strings.Builder
	if columns >= narrow {
		b.WriteString(e.at.Format("15:04 "))
	}
	if e.name == "" {
		b.WriteString("-- ")
	} else {
		b.WriteString(s.name(terminal.Cut(e.name, max(columns/3, 3)), e.own))
		b.WriteString(": ")
	}
	b.WriteString(e.text)
	if e.mark != "" {
		b.WriteString("  " + e.mark)
	}
	e.rows = wrapped(b.String(), max(columns, 1))
	if e.name == "" {
		for i := range e.rows {
			e.rows[i] = s.note(e.rows[i])
		}
	}
	e.wrapped = columns
	return e.rows
}

// wrapped breaks text between words where it can. What ansi.Wrap leaves too
// wide, for words and characters wider than a row, is broken anywhere, and a
// character that no row can hold is left out.
func wrapped(text string, columns int) []string {
	var rows []string
	for row := range strings.SplitSeq(ansi.Wrap(text, columns, ""), "\n") {
		for part := range strings.SplitSeq(ansi.Hardwrap(row, columns, true), "\n") {
			rows = append(rows, ansi.Truncate(part, columns, ""))
		}
	}
	return rows
}
