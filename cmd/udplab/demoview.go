package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"udplab/cmd/internal/demo"
	"udplab/cmd/internal/terminal"
)

// demoView renders what a demonstration measured. It is pure: results in,
// lines out, none wider than width columns.
type demoView struct {
	width  int
	colour bool
}

// demoRow is one line of the table. A fault is something that went wrong for
// the application when it is not 0.
type demoRow struct {
	name  string
	short string // where the name does not fit
	value func(*demo.Half) string
	fault func(*demo.Half) int
}

func demoRows() []demoRow {
	number := func(of func(*demo.Half) int) func(*demo.Half) string {
		return func(h *demo.Half) string { return strconv.Itoa(of(h)) }
	}
	fault := func(name, short string, of func(*demo.Half) int) demoRow { return demoRow{name, short, number(of), of} }
	plain := func(name, short string, value func(*demo.Half) string) demoRow {
		return demoRow{name, short, value, nil}
	}
	return []demoRow{
		plain("sent", "sent", number(func(h *demo.Half) int { return h.Sent })),
		plain("delivered", "got", number(func(h *demo.Half) int { return h.Delivered })),
		fault("lost", "lost", func(h *demo.Half) int { return h.Lost }),
		fault("out of order", "late", func(h *demo.Half) int { return h.OutOfOrder }),
		fault("duplicate", "copy", func(h *demo.Half) int { return h.Duplicate }),
		fault("corrupt", "bad", func(h *demo.Half) int { return h.Corrupt }),
		plain("retransmits", "again", func(h *demo.Half) string { return strconv.FormatUint(h.Retransmits, 10) }),
		plain("wire bytes per payload byte", "wire", func(h *demo.Half) string { return ratio(h.WirePerPayload()) }),
		plain("latency p50", "p50", func(h *demo.Half) string { return latency(h.Latency.P50) }),
		plain("latency p99", "p99", func(h *demo.Half) string { return latency(h.Latency.P99) }),
	}
}

// ratio and latency write a dash while there is nothing to tell.
func ratio(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}

func latency(m demo.Millis) string {
	if !m.Known() {
		return "-"
	}
	return m.String()
}

// What the table needs with its full names, and with its short ones. A terminal
// that is narrower still gets the two numbers one after the other.
const (
	nameWidth       = 27
	shortNameWidth  = 5
	valueWidth      = 10
	tableWidth      = nameWidth + 2*valueWidth
	shortTableWidth = shortNameWidth + 2*valueWidth
)

// table is the comparison.
func (v demoView) table(r *demo.Result) []string {
	if v.width < shortTableWidth {
		return v.list(r)
	}
	width := shortNameWidth
	if v.width >= tableWidth {
		width = nameWidth
	}
	lines := []string{strings.Repeat(" ", width) + v.cell("raw", false) + v.cell("reliable", false)}
	for _, row := range demoRows() {
		name := row.short
		if width == nameWidth {
			name = row.name
		}
		lines = append(lines, fmt.Sprintf("%-*s", width, name)+
			v.cell(row.value(&r.Raw), row.isFault(&r.Raw))+v.cell(row.value(&r.Reliable), row.isFault(&r.Reliable)))
	}
	return lines
}

// list is the table for a terminal of a few columns: "lost 46/0", on several
// lines where one is too short.
func (v demoView) list(r *demo.Result) []string {
	lines := []string{terminal.Cut("raw/reliable", v.width)}
	for _, row := range demoRows() {
		raw, reliable := row.value(&r.Raw), row.value(&r.Reliable)
		if line := row.short + " " + raw + "/" + reliable; len(line) <= v.width {
			lines = append(lines, line)
			continue
		}
		lines = append(lines, terminal.Cut(row.short, v.width),
			terminal.Cut(" "+raw, v.width), terminal.Cut("/"+reliable, v.width))
	}
	return lines
}

// isFault reports whether the value is something that went wrong.
func (row demoRow) isFault(h *demo.Half) bool { return row.fault != nil && row.fault(h) > 0 }

// cell is a value at the right of its column, red if it is a fault and there
// is colour. The number says the same without.
func (v demoView) cell(value string, fault bool) string {
	pad := strings.Repeat(" ", max(1, valueWidth-len(value)))
	if fault && v.colour {
		return pad + "\x1b[31m" + value + "\x1b[0m"
	}
	return pad + value
}

// heading says what is sent and over what network.
func (v demoView) heading(c *demo.Config) []string {
	network := "network each way: " + c.Network.Up.String()
	if c.Network.Up != c.Network.Down {
		network = fmt.Sprintf("network up: %s; down: %s", c.Network.Up, c.Network.Down)
	}
	return append(
		v.wrap("", fmt.Sprintf("%d messages of %d bytes, %v a second, once raw and once reliable, seed %d",
			c.Messages, c.Size, c.Rate, c.Network.Seed)),
		v.wrap("", network)...)
}

// verdict is the judgement, each point wrapped under its challenge.
func (v demoView) verdict(r *demo.Result) []string {
	verdict := demo.Judge(r)
	var lines []string
	for _, p := range verdict.Points {
		lines = append(lines, terminal.Cut(p.Challenge, v.width))
		lines = append(lines, v.wrap("  raw       ", p.Raw)...)
		lines = append(lines, v.wrap("  reliable  ", p.Reliable)...)
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	return append(lines, v.wrap("", verdict.Conclusion)...)
}

// narrow is a width that leaves no room for text beside a label.
const narrow = 30

// wrap breaks text between words so that it stands beside its label, or below
// it on a narrow terminal. A word that does not fit at all is cut.
func (v demoView) wrap(label, text string) []string {
	var lines []string
	if label != "" && v.width < narrow {
		lines = append(lines, terminal.Cut(strings.TrimSpace(label)+":", v.width))
		label = ""
	}
	line, indent := label, strings.Repeat(" ", len(label))
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= v.width:
			line += " " + word
		default:
			lines = append(lines, terminal.Cut(line, v.width))
			line = indent + word
		}
	}
	return append(lines, terminal.Cut(line, v.width))
}

// report is the whole of the final text.
func (v demoView) report(c *demo.Config, r *demo.Result) string {
	lines := append(v.heading(c), "")
	lines = append(lines, v.table(r)...)
	lines = append(lines, "")
	lines = append(lines, v.verdict(r)...)
	return strings.Join(lines, "\n")
}

// line is the whole result in one, for where no table can be drawn.
func (v demoView) line(r *demo.Result) string {
	elapsed := time.Duration(r.Seconds * float64(time.Second)).Round(100 * time.Millisecond)
	if r.Raw.Sent+r.Reliable.Sent == 0 {
		return fmt.Sprintf("%v: opening the connection", elapsed)
	}
	half := func(h *demo.Half) string {
		s := fmt.Sprintf("%d of %d delivered", h.Delivered, h.Sent)
		for _, row := range demoRows() {
			if row.isFault(h) {
				s += fmt.Sprintf(", %s %s", row.value(h), row.name)
			}
		}
		return s
	}
	return fmt.Sprintf("%v: raw %s; reliable %s, %d retransmits", elapsed, half(&r.Raw), half(&r.Reliable), r.Reliable.Retransmits)
}
