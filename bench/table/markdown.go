package table

import (
	"fmt"
	"strings"
)

// Markdown is the table for a document: one row a case.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(r.heading() + "\n\n")
	b.WriteString("| case | measured today | to reach | simulator | | sockets |\n|---|---|---|---|---|---|\n")
	var notes []string
	for i := range r.Rows {
		row := &r.Rows[i]
		var targets, figures, sockets []string
		for j := range row.Figures {
			f := &row.Figures[j]
			cells := f.cells()
			targets = append(targets, cells[0]+" "+cells[1])
			figures = append(figures, cells[2])
			if f.Sockets != nil {
				sockets = append(sockets, cells[4])
			}
			if f.Apart != "" {
				notes = append(notes, fmt.Sprintf("%s, %s over sockets: %s", row.Case, f.Measure, f.Apart))
			}
		}
		for _, e := range row.Errors {
			notes = append(notes, fmt.Sprintf("%s: %s", row.Case, e))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", row.Title, row.Today,
			strings.Join(targets, ", "), strings.Join(figures, ", "), row.Verdict, strings.Join(sockets, ", "))
	}
	for _, note := range notes {
		fmt.Fprintf(&b, "\n- %s", note)
	}
	if len(notes) > 0 {
		b.WriteString("\n")
	}
	return b.String() + "\n" + r.Summary()
}
