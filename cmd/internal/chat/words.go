package chat

import "fmt"

// Sentence says in plain words what an event means, without its line. It is
// empty for lines on time and for own lines that are under way. It holds what a
// stranger sent: clean it before drawing.
func (e *Event) Sentence() string {
	switch e.Kind {
	case Lost:
		return e.lostSentence()
	case Late:
		if e.Extent == 0 {
			return fmt.Sprintf("late by more than %d, or a copy", maxExtentShown)
		}
		return fmt.Sprintf("late: overtaken, %s earlier", count(e.Extent, "arrival"))
	case Duplicate:
		return "arrived again"
	case Damaged:
		return "damaged on the way"
	case BareText:
		return "bare text"
	case Failed:
		return "not sent: " + e.Reason
	case Acked:
		if e.Retransmits > 0 {
			return "delivered, repaired after " + count(uint64(e.Retransmits), "retransmit")
		}
		return "delivered"
	case Peer:
		return e.peerSentence()
	}
	return ""
}

// maxExtentShown is the window of the account behind Late (raw.Window).
const maxExtentShown = 1024

func (e *Event) lostSentence() string {
	switch {
	case e.Before:
		return count(e.Missing, "message") + " sent before this side listened, or lost"
	case e.Reason == Goodbye:
		return count(e.Missing, "message") + " lost before the goodbye"
	}
	return count(e.Missing, "message") + " lost before this one"
}

func (e *Event) peerSentence() string {
	name := e.Name
	if name == "" {
		name = "the peer"
	}
	switch e.Peer {
	case PeerWaiting:
		return e.Reason + "; the chat goes on when the peer comes"
	case PeerJoined:
		return name + " is here"
	case PeerLeft:
		return name + " left"
	case PeerGone:
		return name + " is gone: " + e.Reason
	case PeerBack:
		return name + " is back"
	case PeerRestarted:
		return name + " was restarted and is here again"
	case PeerRenamed:
		return e.Text + " is now called " + name
	case PeerOtherMode, PeerBusy:
		return e.Reason
	}
	panic("BUG: chat: peer event without a state")
}

// count is "1 message" or "2 messages".
func count(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
