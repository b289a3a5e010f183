package chatui

import (
	"fmt"

	"udplab/cmd/internal/chat"
)

// marks are the signs behind a line. Each is followed by a word where it is not
// of the everyday kind.
type marks struct {
	queued, sent, acked, again, late, copied, lost, unknown string
	here, away                                              string // of the peer, in the status line
}

var (
	unicodeMarks = marks{"·", "✓", "✓✓", "↻", "⇅", "⧉", "✗", "?", "●", "○"}
	asciiMarks   = marks{".", "+", "++", "r", "o", "d", "x", "?", "*", "o"}
)

// own is the mark of an own line in the state that the event tells. Raw mode
// has no way to know what arrived: there a line stays sent.
func (k *marks) own(e *chat.Event, mode chat.Mode) string {
	switch e.Kind {
	case chat.Queued:
		return k.queued
	case chat.Sent:
		return k.sent
	case chat.Acked:
		if mode != chat.ReliableMode {
			return k.unknown
		}
		if e.Retransmits > 0 {
			return fmt.Sprintf("%s %s%d", k.acked, k.again, e.Retransmits)
		}
		return k.acked
	case chat.Failed:
		return k.lost + " " + e.Sentence()
	}
	return k.unknown
}

// peer is the mark of a line that came in; "" for one on time.
func (k *marks) peer(e *chat.Event, mode chat.Mode) string {
	switch e.Kind {
	case chat.Late:
		if e.Extent == 0 {
			return k.unknown + " " + e.Sentence()
		}
		return fmt.Sprintf("%s%d late", k.late, e.Extent)
	case chat.Duplicate:
		return k.copied + " copy"
	case chat.Damaged:
		return k.lost + " damaged"
	case chat.BareText:
		if mode != chat.TextMode {
			return "(bare text)"
		}
	}
	return ""
}
