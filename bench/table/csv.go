package table

import (
	"encoding/csv"
	"io"
	"strconv"
)

// WriteCSV writes one line for each figure, under a line of column names. What
// was not measured is empty.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"case", "measure", "unit", "target", "simulator", "simulator_low", "simulator_high", "verdict", "sockets", "apart",
	}}
	for i := range r.Rows {
		row := &r.Rows[i]
		for j := range row.Figures {
			f := &row.Figures[j]
			low, high := f.ends()
			sockets := ""
			if f.Sockets != nil {
				sockets = number(*f.Sockets)
			}
			rows = append(rows, []string{
				row.Case, f.Measure.String(), f.Unit, f.Target, number(f.Simulator), number(low), number(high),
				string(f.Verdict), sockets, f.Apart,
			})
		}
		if len(row.Figures) == 0 {
			rows = append(rows, []string{row.Case, "", "", "", "", "", "", string(row.Verdict), "", ""})
		}
	}
	return out.WriteAll(rows)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
