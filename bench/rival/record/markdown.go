package record

import (
	"fmt"
	"slices"
	"strings"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// Markdown is the record as a page: a table for each workload, the bars, what
// it was measured on.
func (r *Record) Markdown(workloads []workload.Workload) string {
	var b strings.Builder
	r.heading(&b)
	r.barTable(&b)
	for _, w := range workloads {
		for _, row := range w.Rows {
			r.workloadTable(&b, row, w)
		}
	}
	r.entrants(&b)
	return b.String()
}

func (r *Record) heading(b *strings.Builder) {
	fmt.Fprintf(b, "# udplab and its rivals\n\n")
	fmt.Fprintf(b, "%s, commit %s, %s, %s, Linux %s, %s, %d cores, load before %s. `%s`\n\n",
		r.Started.UTC().Format("2006-01-02 15:04 MST"), r.Commit, r.Machine.Go, r.Machine.System, r.Machine.Kernel,
		r.Machine.CPU, r.Machine.Cores, r.Machine.Load, strings.Join(r.Command, " "))
	fmt.Fprintf(b, "Medians of %d interleaved repetitions; datagrams of %d bytes of payload. `ours/` is ours over that line, of the "+
		"figure that stands beside it: the median of the ratios of each repetition.\n", r.Repetitions, r.Packet)
	if !r.Complete {
		fmt.Fprintf(b, "\n**The run was interrupted.**\n")
	}
}

func (r *Record) barTable(b *strings.Builder) {
	fmt.Fprintf(b, "\n## Bars: %d met, %d missed, %d not measured\n\n", r.Count(Met), r.Count(Missed), r.Count(NotMeasured))
	b.WriteString("| workload | figure | bar | measured | |\n|---|---|--:|--:|---|\n")
	for _, bar := range r.Bars {
		sign, got := "≤", figure(bar.Got, 2)
		if bar.AtLeast {
			sign = "≥"
		}
		if bar.Verdict == NotMeasured {
			got = ""
		}
		fmt.Fprintf(b, "| %s | %s | %s %s | %s | %s |\n", bar.Workload, bar.What, sign, figure(bar.Want, 2), got, bar.Verdict)
	}
}

func (r *Record) workloadTable(b *strings.Builder, row string, w workload.Workload) {
	cells := slices.DeleteFunc(slices.Clone(r.Cells), func(c Cell) bool { return c.Workload != row })
	if len(cells) == 0 {
		return
	}
	_, limited := r.Median(row, w.Main, contender.LimitName)
	fmt.Fprintf(b, "\n## %s\n\n| |", row)
	for _, m := range w.Metrics {
		fmt.Fprintf(b, " %s |", m.Title)
		if m.Key == w.Main {
			limited = limited && m.More
		}
	}
	fmt.Fprintf(b, " ours/ (%s) |", w.Main)
	if limited {
		b.WriteString(" % of limit |")
	}
	b.WriteString(" |\n|---|" + strings.Repeat("--:|", len(w.Metrics)+1))
	if limited {
		b.WriteString("--:|")
	}
	b.WriteString("---|\n")
	for _, c := range cells {
		r.line(b, &c, w, limited)
	}
}

func (r *Record) line(b *strings.Builder, c *Cell, w workload.Workload, limited bool) {
	fmt.Fprintf(b, "| %s |", c.Contender)
	for _, m := range w.Metrics {
		text := ""
		if v, ok := c.Medians[m.Key]; ok {
			text = figure(v, m.Digits)
		}
		fmt.Fprintf(b, " %s |", text)
	}
	text := ""
	if ratio, ok := r.Ratio(c.Workload, w.Main, contender.OursName, c.Contender); ok && c.Contender != contender.OursName {
		text = figure(ratio, 2)
	}
	fmt.Fprintf(b, " %s |", text)
	if limited {
		text = ""
		if share, ok := r.Ratio(c.Workload, w.Main, c.Contender, contender.LimitName); ok {
			text = figure(100*share, 1)
		}
		fmt.Fprintf(b, " %s |", text)
	}
	note := ""
	if failed := c.Failures(); len(failed) > 0 {
		note = fmt.Sprintf("%d of %d runs: %s", len(failed), len(c.Runs), strings.ReplaceAll(failed[0], "|", "/"))
	}
	fmt.Fprintf(b, " %s |\n", note)
}

func (r *Record) entrants(b *strings.Builder) {
	b.WriteString("\n## Who is who\n\n")
	for _, e := range r.Contenders {
		version := e.Version
		if version != "" {
			version = " " + version
		}
		fmt.Fprintf(b, "- **%s**%s: %s.\n", e.Name, version, e.About)
	}
}

// figure writes a number with that many digits after the point, and thousands
// apart.
func figure(v float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, v)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}
