package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Text is the table for people, at most width columns wide where it wraps.
func (r *Report) Text(width int) string {
	var b strings.Builder
	b.WriteString(wrap(r.heading(), width, ""))
	cells := [][]string{{"", "target", "simulator", "", ""}}
	if r.Sockets != nil {
		cells[0][4] = "sockets"
	}
	for i := range r.Rows {
		for j := range r.Rows[i].Figures {
			cells = append(cells, r.Rows[i].Figures[j].cells())
		}
	}
	widths := columnWidths(cells)
	b.WriteString("\n" + line(cells[0], widths))
	next := 1
	for i := range r.Rows {
		row := &r.Rows[i]
		fmt.Fprintf(&b, "\n%s", wrap(fmt.Sprintf("%s: %s", row.Case, row.Title), width, "  "))
		for j := range row.Figures {
			b.WriteString(line(cells[next], widths))
			if apart := row.Figures[j].Apart; apart != "" {
				b.WriteString(wrap("    sockets differ: "+apart, width, "    "))
			}
			next++
		}
		for _, e := range row.Errors {
			b.WriteString(wrap("    "+e, width, "    "))
		}
		if len(row.Figures) == 0 {
			fmt.Fprintf(&b, "  %s\n", row.Verdict)
		}
		if row.Today != "-" {
			b.WriteString(wrap("  measured today: "+row.Today, width, "    "))
		}
	}
	b.WriteString("\n" + wrap(r.Summary(), width, ""))
	return strings.TrimSuffix(b.String(), "\n")
}

// heading says how the figures were made.
func (r *Report) heading() string {
	text := fmt.Sprintf("The simulator decides: median of %s (bulk: %d; handshakes: the worst) in virtual time, %v s each (two flows %v s, paced %d messages), "+
		"packets of %d bytes, controller: %s.",
		count(r.Seeds, "seed"), bulkDraws*r.Seeds, r.Duration, flowsFactor*r.Duration, r.Messages, r.Packet, r.Congestion)
	if r.Sockets != nil {
		text += fmt.Sprintf(" The sockets column is one run each over loopback sockets through the proxy, %v s (two flows %v s, paced %v s).",
			r.Sockets.Duration, r.Sockets.FlowsDuration, r.Sockets.PacedDuration)
	}
	return text
}

// Summary is the last line: how many rows pass.
func (r *Report) Summary() string {
	passed, others := 0, 0
	for i := range r.Rows {
		switch r.Rows[i].Verdict {
		case Pass:
			passed++
		case Reported, NotRun:
			others++
		case Miss:
		}
	}
	text := fmt.Sprintf("%s: %d pass, %d missed", count(len(r.Rows), "row"), passed, r.Missed)
	if others > 0 {
		text += fmt.Sprintf(", %d without a verdict", others)
	}
	if !r.Complete {
		text += " (cut short)"
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// cells are the columns of one figure.
func (f *Figure) cells() []string {
	simulator := f.Measure.format(f.Simulator)
	if low, high := f.ends(); f.Measure.format(low) != f.Measure.format(high) {
		simulator += fmt.Sprintf(" (%s..%s)", f.Measure.format(low), f.Measure.format(high))
	}
	sockets := ""
	if f.Sockets != nil {
		sockets = f.Measure.format(*f.Sockets)
	}
	name := f.Measure.String()
	if f.Unit != "" {
		name += " " + f.Unit
	}
	return []string{name, f.Target, simulator, string(f.Verdict), sockets}
}

func columnWidths(cells [][]string) []int {
	widths := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	return widths
}

func line(cells []string, widths []int) string {
	var b strings.Builder
	for i, text := range cells {
		fmt.Fprintf(&b, "  %-*s", widths[i], text)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// wrap breaks a text between words so that no line is longer than width, if
// words allow; lines after the first begin with indent.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	lead := len(text) - len(strings.TrimLeft(text, " "))
	at := lead
	b.WriteString(text[:lead])
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if i > 0 && at+1+n > width {
			b.WriteString("\n" + indent)
			at = len(indent)
		} else if i > 0 {
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String() + "\n"
}
