package lossy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// tableFile is a file of which a column has what a model reads, as spreadsheets
// and data frames write it:
//
//	seq,rtt_ms,lost
//	0,20.5,0
//
// Its first line that is not empty has the names of the columns, by which a column
// is found, or by the one behind a colon after the file's name. Cells are parted
// by tabs, semicolons, commas or spaces, the first of these that is in that line,
// and may stand in double quotes. Between semicolons a comma in a number is its
// point. Lines that begin with # are for people.
type tableFile struct {
	name    string
	text    string
	column  string // asked for by name, "" = none
	headers []string
	below   string // the lines below the headers,
	before  int    // and how many stand before them
	parted  byte
}

// maxColumns is how many columns a table may have.
const maxColumns = 1000

// openTable reads a file whose name may be followed by that of a column. If a file
// has the whole for its name, it is that.
func (read ReadFile) openTable(text, name string) (f *tableFile, err error) {
	f = &tableFile{name: name}
	b, err := read.open(text, name)
	at := strings.LastIndexByte(name, ':')
	if err != nil && !errors.Is(err, ErrNamesFile) && at > len("C") && at < len(name)-1 && !strings.ContainsAny(name[at:], `/\`) {
		f.name, f.column = name[:at], strings.TrimSpace(name[at+1:])
		b, err = read.open(text, f.name)
	}
	if err != nil {
		return nil, err
	}
	f.text = string(b)
	if err := f.readHeaders(); err != nil {
		return nil, err
	}
	if f.column != "" && f.headers == nil {
		return nil, fmt.Errorf("%s has no column %q: it does not begin with a line of names", f.name, f.column)
	}
	return f, nil
}

// readHeaders finds out whether the file has names for its columns: words, but for
// the one that is the unit of a plain list.
func (f *tableFile) readHeaders() error {
	rest := f.text
	for line := range strings.Lines(f.text) {
		f.before++
		rest = rest[len(line):]
		if blank(line) {
			continue
		}
		f.parted = separatorOf(line)
		plain, _, _ := strings.Cut(line, "#") // behind which a list has remarks
		if f.named(plain) && !new(delayReader).takes(strings.TrimSpace(plain)) {
			f.headers, f.below = f.cells(line, maxColumns+1), rest
		}
		if f.parted == ' ' {
			f.headers = joined(f.headers)
		}
		if len(f.headers) > maxColumns {
			return fmt.Errorf("%s, line %d: more than %d columns", f.name, f.before, maxColumns)
		}
		return nil
	}
	return nil
}

// joined has the units in brackets, as in RTT (ms), with what they are of, where
// spaces part the columns.
func joined(headers []string) (list []string) {
	for _, h := range headers {
		if n := len(list); n > 0 && (strings.HasPrefix(h, "(") || strings.HasPrefix(h, "[")) {
			list[n-1] += " " + h
		} else {
			list = append(list, h)
		}
	}
	return list
}

// blank says whether a line of a table has nothing for us.
func blank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

func separatorOf(line string) byte {
	for _, c := range []byte("\t;,") {
		if strings.IndexByte(line, c) >= 0 {
			return c
		}
	}
	return ' '
}

// cells takes a line apart, into so many cells at most.
func (f *tableFile) cells(line string, most int) (cells []string) {
	line = strings.TrimRight(line, "\r\n")
	for more := true; more && len(cells) < most; {
		if f.parted == ' ' {
			if line = strings.TrimLeft(line, " "); line == "" {
				break
			}
		}
		end := f.cellEnd(line)
		cell := strings.TrimSpace(line[:end])
		if more = end < len(line); more {
			line = line[end+1:]
		}
		cells = append(cells, strings.TrimSpace(strings.Trim(cell, `"`)))
	}
	return cells
}

func (f *tableFile) cellEnd(line string) int {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == f.parted && !quoted:
			return i
		}
	}
	return len(line)
}

// named says whether a cell of a line begins with a letter.
func (f *tableFile) named(line string) bool {
	begins := true
	for _, r := range line {
		switch {
		case r == rune(f.parted):
			begins = true
		case r == ' ' || r == '"':
		case begins && (unicode.IsLetter(r) || r == '_'):
			return true
		default:
			begins = false
		}
	}
	return false
}

// rows calls each with what the lines below the headers have in some columns; an
// error is told with the line's number. What it is given is its own until it
// returns.
func (f *tableFile) rows(each func(cells []string) error, columns ...int) error {
	number := f.before
	chosen := make([]string, len(columns))
	for line := range strings.Lines(f.below) {
		number++
		if blank(line) {
			continue
		}
		cells := f.cells(line, len(f.headers))
		var err error
		for i, column := range columns {
			if column >= len(cells) || cells[column] == "" {
				err = fmt.Errorf("nothing in column %q", f.headers[column])
				break
			}
			chosen[i] = f.point(cells[column])
		}
		if err == nil {
			err = each(chosen)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", f.name, number, err)
		}
	}
	return nil
}

// point writes a number with the point that we read.
func (f *tableFile) point(cell string) string {
	if f.parted == ';' && !strings.Contains(cell, ".") {
		return strings.Replace(cell, ",", ".", 1)
	}
	return cell
}
