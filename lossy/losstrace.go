package lossy

import (
	"errors"
	"fmt"
	"strings"
)

// LossTrace loses packets as a file says: a 0 for each packet that is kept and a
// 1 for each that is lost, in order. Behind the last it begins again. The packet
// of index i has the fate of entry i modulo their number. Make one with
// ParseLossModel.
//
// Entries may stand on lines of their own or side by side, with spaces, commas
// or nothing between them. What follows a # is for people.
type LossTrace struct {
	file  string
	fates string // "0" and "1"
}

func readLossTrace(text, file string, read ReadFile) (LossModel, error) {
	b, err := read.open(text, file)
	if err != nil {
		return nil, err
	}
	var fates strings.Builder
	number := 0
	for line := range strings.Lines(string(b)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		for _, c := range line {
			switch c {
			case '0', '1':
				fates.WriteRune(c)
			case ' ', ',', '\t', '\r', '\n':
			default:
				return nil, fmt.Errorf("%s, line %d: %q: want 0 (kept) or 1 (lost)", file, number, c)
			}
		}
	}
	if fates.Len() == 0 {
		return nil, fmt.Errorf("%s is empty: want a 0 (kept) or 1 (lost) for each packet", file)
	}
	return LossTrace{file, fates.String()}, nil
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

func (l *lossTrace) odds() (float64, float64) { return certain(l.lost), 1 }
