package chatui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// field is one entry of the status line, in a long and a short form.
type field struct{ long, short string }

// status is the line above the input: the long forms if they fit, else the
// short ones, as many as fit, padded to the full width.
func (m *Model) status(columns int) string {
	fields := m.fields()
	line := joined(fields, func(f field) string { return f.long })
	if ansi.StringWidth(line) > columns {
		line = ""
		for n := len(fields); n > 0; n-- {
			line = joined(fields[:n], func(f field) string { return f.short })
			if ansi.StringWidth(line) <= columns {
				break
			}
		}
		line = terminal.Cut(line, columns)
	}
	return m.style.status(line + strings.Repeat(" ", max(columns-ansi.StringWidth(line), 0)))
}

func joined(fields []field, form func(field) string) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = form(f)
	}
	return strings.Join(texts, "  ")
}

// fields lists what the status line says, the most wanted first. Raw mode says
// nothing of what it cannot know.
func (m *Model) fields() []field {
	c := &m.counters
	number := func(long, short string, n uint64) field {
		return field{fmt.Sprintf("%s %d", long, n), fmt.Sprintf("%s %d", short, n)}
	}
	fields := []field{m.peerField(), {modeName(m.mode), modeName(m.mode)}}
	switch {
	case m.leaving:
		fields = append([]field{{"leaving, ctrl+c leaves at once", "leaving"}}, fields...)
	case m.history.unseen > 0:
		n := fmt.Sprintf("%d new below", m.history.unseen)
		fields = append([]field{{n, n}}, fields...)
	}
	fields = append(fields, number("sent", "sent", c.LinesSent))
	reliable := m.mode == chat.ReliableMode
	if reliable {
		fields = append(fields, number("delivered", "dlv", c.LinesDelivered))
	}
	fields = append(fields, number("lost", "lost", c.Lost))
	if reliable {
		fields = append(fields, number("retransmits", "rtx", c.Retransmits), timeField("rtt", c.RTT))
	}
	fields = append(fields,
		number("out of order", "ooo", c.OutOfOrder),
		number("duplicate", "dup", c.Duplicate),
		number("corrupt", "bad", c.Corrupt))
	if !reliable {
		fields = append(fields, timeField("jitter", c.Jitter))
	}
	return fields
}

func (m *Model) peerField() field {
	name := m.peerName
	if name == "" {
		name = "peer"
	}
	name = terminal.Cut(name, 16)
	if m.peerHere {
		return field{m.marks.here + " " + name, m.marks.here + name}
	}
	return field{m.marks.away + " " + name + " not there", m.marks.away + name}
}

func timeField(name string, d time.Duration) field {
	text := name + " -"
	if d > 0 {
		text = fmt.Sprintf("%s %.1fms", name, d.Seconds()*1e3)
	}
	return field{text, text}
}

func modeName(m chat.Mode) string {
	switch m {
	case chat.RawMode:
		return "raw"
	case chat.TextMode:
		return "raw text"
	case chat.ReliableMode:
		return "reliable"
	}
	panic("BUG: chatui: unknown mode")
}
