package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"udplab/cmd/internal/terminal"
	"udplab/lossy/settings"
)

// tableStyle is how tables look: with headings and aligned on a terminal, plain
// with tabs in a pipe, as those of toxiproxy-cli.
type tableStyle struct{ aligned, colour bool }

func newTableStyle(d deps) tableStyle {
	onTerminal := d.isTerminal(d.stdout)
	return tableStyle{onTerminal, terminal.Colour(onTerminal, d.lookupEnv)}
}

// text lays rows out; what is in them may come from strangers. With every row
// goes a line feed but for the last.
func (t tableStyle) text(heading []string, rows [][]string) string {
	cells := make([][]string, 0, len(rows)+1)
	add := func(row []string) {
		clean := make([]string, len(row))
		for i, cell := range row {
			clean[i] = terminal.Clean(cell)
		}
		cells = append(cells, clean)
	}
	if t.aligned {
		add(heading) // of pairs it is a row like any other
	}
	for _, row := range rows {
		add(row)
	}
	if !t.aligned {
		lines := make([]string, len(cells))
		for i, row := range cells {
			lines[i] = strings.Join(row, "\t")
		}
		return strings.Join(lines, "\n")
	}
	lines := align(cells)
	if t.colour {
		lines[0] = "\x1b[1m" + lines[0] + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}

// align pads every column but the last to its widest cell, as drawn.
func align(cells [][]string) []string {
	width := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, cell := range row {
			width[i] = max(width[i], terminal.Width(cell))
		}
	}
	lines := make([]string, len(cells))
	for i, row := range cells {
		var b strings.Builder
		for j, cell := range row {
			b.WriteString(cell)
			if j < len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[j]-terminal.Width(cell)+2))
			}
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// show prints a table, or what to say of an empty one, which is no data.
func (s *ctlSession) show(heading []string, rows [][]string, none string) {
	if len(rows) == 0 {
		s.say.note("%s", none)
		return
	}
	s.say.data("%s", s.table.text(heading, rows))
}

// print prints the API's answer as the one object of -o json, with its members
// as they are and the schema before them.
func (s *ctlSession) print(schema string, answer json.RawMessage) error {
	members, err := settings.ParseObject(answer)
	if err != nil {
		return fmt.Errorf("the API's answer: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schema":%q`, schema)
	for _, m := range members {
		if m.Name != "schema" {
			name, err := marshal(m.Name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, ",%s:%s", name, m.Value)
		}
	}
	b.WriteByte('}')
	return s.printRaw(b.Bytes())
}

// printUnder prints an answer as the only member of an object besides its schema.
func (s *ctlSession) printUnder(schema, name string, answer json.RawMessage) error {
	return s.printRaw(fmt.Appendf(nil, `{"schema":%q,%q:%s}`, schema, name, answer))
}

func (s *ctlSession) printRaw(object []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, object, "", "  "); err != nil {
		return err
	}
	s.say.data("%s", b.Bytes())
	return nil
}

// marshal is json.Marshal that leaves <, > and & as they are, without the line
// feed.
func marshal(v any) ([]byte, error) {
	b, err := settings.Marshal(v)
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// readAtMost reads what has at most so many bytes.
func readAtMost(r io.Reader, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = fmt.Errorf("larger than %d KiB", limit>>10)
	}
	return b, err
}
