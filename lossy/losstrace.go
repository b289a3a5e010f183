package lossy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// LossTrace loses packets as a file says: a 0 for each packet that is kept and a
// 1 for each that is lost, in order. Behind the last it begins again. The packet
// of index i has the fate of entry i modulo their number. Make one with
// ParseLossModel.
//
// Entries may stand on lines of their own or side by side, with spaces, commas
// or nothing between them. What follows a # is for people.
//
// Or the file is a table with a line of names, see DelayTrace: the fates are in the
// column called lost, loss, dropped or drop, or else, the other way round, in
// received, delivered or arrived, as 0 and 1, false and true or no and yes.
type LossTrace struct {
	file  string
	fates string // "0" and "1"
}

func readLossTrace(text, file string, read ReadFile) (LossModel, error) {
	f, err := read.openTable(text, file)
	if err != nil {
		return nil, err
	}
	var fates strings.Builder
	if f.headers != nil {
		err = lossTable(f, &fates)
	} else {
		err = lossList(f, &fates)
	}
	if err == nil && fates.Len() == 0 {
		err = fmt.Errorf("%s is empty: want a 0 (kept) or 1 (lost) for each packet", f.name)
	}
	if err != nil {
		return nil, err
	}
	return LossTrace{file, fates.String()}, nil
}

// lossList reads fates in a row.
func lossList(f *tableFile, fates *strings.Builder) error {
	return fileLines(f.name, f.text, func(line string) error {
		for _, c := range line {
			switch c {
			case '0', '1':
				fates.WriteRune(c)
			case ' ', ',', '\t', '\r':
			default:
				return fmt.Errorf("%q: want 0 (kept) or 1 (lost)", c)
			}
		}
		return nil
	})
}

// The names of a column of fates; received is the other way round.
var (
	lostNames     = []string{"lost", "loss", "dropped", "drop"}
	receivedNames = []string{"received", "delivered", "arrived"}
)

// lossTable reads a column of a table.
func lossTable(f *tableFile, fates *strings.Builder) error {
	column, err := f.find("loss", slices.Concat(lostNames, receivedNames))
	if err != nil {
		return err
	}
	lost, kept := "1", "0"
	if base, _ := splitHeader(f.headers[column]); slices.Contains(receivedNames, base) {
		lost, kept = kept, lost
	}
	return f.rows(func(cells []string) error {
		switch strings.ToLower(cells[0]) {
		case "1", "1.0", "true", "yes":
			fates.WriteString(lost)
		case "0", "0.0", "false", "no":
			fates.WriteString(kept)
		default:
			return fmt.Errorf("%.40q in column %q: want 0 or 1", cells[0], f.headers[column])
		}
		return nil
	}, column)
}

// String is the model as ParseLossModel reads it.
func (l LossTrace) String() string { return "trace:" + l.file }

func (l LossTrace) validate() error {
	if l.fates == "" {
		return errors.New("a trace of nothing")
	}
	return nil
}

func (l LossTrace) start(streams, lossProcess) lossProcess { return &lossTrace{fates: l.fates} }

type lossTrace struct {
	fates string
	lost  bool
}

func (l *lossTrace) takes(index uint64) bool {
	l.lost = l.fates[index%uint64(len(l.fates))] == '1'
	return l.lost
}

func (l *lossTrace) odds() expectation { return certain(l.lost) }
