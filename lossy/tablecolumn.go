package lossy

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// find returns the column asked for, or else the first of the known names that one
// column has, without its unit. A column that is alone needs no name.
func (f *tableFile) find(what string, known []string) (column int, err error) {
	if f.column != "" {
		at := slices.IndexFunc(f.headers, func(h string) bool { return strings.EqualFold(h, f.column) })
		if at < 0 {
			return 0, fmt.Errorf("%s has no column %q, only %s", f.name, f.column, f.list())
		}
		return at, nil
	}
	if len(f.headers) == 1 {
		return 0, nil
	}
	return f.findNamed(what, known)
}

// findNamed is find for a column that the user cannot name.
func (f *tableFile) findNamed(what string, known []string) (column int, err error) {
	for _, name := range known {
		var found []int
		for i, h := range f.headers {
			if base, _ := splitHeader(h); base == name {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return 0, fmt.Errorf("%s has several columns of %s: write which, as in %s:%s", f.name, what, f.name, f.headers[found[0]])
		}
	}
	return 0, fmt.Errorf("%s: none of the columns %s is known as %s (%s): write which, as in %s:%s",
		f.name, f.list(), what, strings.Join(known, ", "), f.name, f.headers[len(f.headers)-1])
}

// list names the columns for messages.
func (f *tableFile) list() string {
	const most = 8
	var quoted []string
	for _, h := range f.headers[:min(len(f.headers), most)] {
		quoted = append(quoted, fmt.Sprintf("%.40q", h))
	}
	if len(f.headers) > most {
		quoted = append(quoted, "...")
	}
	return strings.Join(quoted, ", ")
}

// splitHeader parts the name of a column, in small letters, from its unit: rtt_ms
// and "RTT (ms)" are rtt and ms. Without a unit it is "".
func splitHeader(header string) (base, unit string) {
	words := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool {
		return r != '%' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if n := len(words); n > 1 {
		if unit = headerUnits[words[n-1]]; unit != "" {
			words = words[:n-1]
		}
	}
	return strings.Join(words, "_"), unit
}

// headerUnits are the words for a unit in the name of a column.
var headerUnits = map[string]string{
	"s": "s", "sec": "s", "secs": "s", "seconds": "s",
	"ms": "ms", "msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms",
	"us": "us", "usec": "us", "usecs": "us", "micros": "us", "microseconds": "us", "µs": "us", "μs": "us",
	"ns": "ns", "nsec": "ns", "nanos": "ns", "nanoseconds": "ns",
	"%": "%", "percent": "%", "pct": "%",
}

// delayNames are those of a column of delays, the likeliest first.
var delayNames = []string{"owd", "one_way_delay", "delay", "latency", "rtt"}

// delayRows calls each with the delay of every line, and with what stands in other
// columns.
func (f *tableFile) delayRows(each func(d time.Duration, others []string) error, others ...int) error {
	column, err := f.find("delay", delayNames)
	if err != nil {
		return err
	}
	var reader delayReader
	if _, unit := splitHeader(f.headers[column]); unit != "%" {
		reader.unit = unit
	}
	return f.rows(func(cells []string) error {
		d, err := reader.read(cells[0])
		if err != nil {
			return err
		}
		return each(d, cells[1:])
	}, append([]int{column}, others...)...)
}
