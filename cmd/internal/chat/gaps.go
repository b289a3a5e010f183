package chat

import "udplab/reliable/raw"

// gaps words what a raw stream's account says about packets as what happened to
// lines. The two differ by hellos and goodbyes: their loss is no lost line. It
// is pure; the zero value is ready for the first packet of a stream.
type gaps struct {
	lines uint64 // the sender had sent by its highest packet
}

// arrived returns what to say about an intact message: up to two events, a Lost
// before the line itself. The events have kind, line and numbers; the time and
// the address are the caller's.
func (g *gaps) arrived(dst []Event, a raw.Arrival, m *Message) []Event {
	before := m.linesBefore()
	switch a.Kind {
	case raw.First, raw.InOrder, raw.Gap, raw.Jump:
		// Never more than packets are missing, whatever the sender says.
		if missing := min(before-min(g.lines, before), a.Missing); missing > 0 {
			e := Event{Kind: Lost, Name: m.Name, Missing: missing, Before: a.Kind == raw.First}
			if m.Kind == Bye {
				e.Reason = Goodbye
			}
			dst = append(dst, e)
		}
		g.lines = max(g.lines, m.ID)
		if a.Kind == raw.Jump {
			g.lines = m.ID
		}
	}
	if m.Kind != Text {
		return dst
	}
	e := Event{Kind: Received, ID: m.ID, Name: m.Name, Text: m.Text}
	switch a.Kind {
	case raw.Late:
		e.Kind, e.Extent = Late, a.Extent
	case raw.OutOfWindow:
		e.Kind = Late
	case raw.Duplicate:
		e.Kind = Duplicate
	}
	return append(dst, e)
}
