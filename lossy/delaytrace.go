package lossy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// DelayTrace takes the delays of a file in turn, and begins again behind the
// last: the packet of index i has entry i modulo their number, whether those
// before it were lost or not. Profile.Delay is added. Make one with
// ParseDistribution.
//
// Entries stand on lines of their own or are parted by commas or spaces; what
// follows a # is for people. They have a unit, or stand below a line that is the
// unit of all: ms.
//
// Or the file is a table as spreadsheets and data frames write it, of which the
// first line names the columns: the delays are in the one called owd,
// one_way_delay, delay, latency or rtt, in that order, or named behind the file's
// name. Its name may have the unit, as delay_ms has. An rtt is taken as it is, not
// halved.
type DelayTrace struct {
	file   string
	delays string // 8 bytes each
}

// MaxTraceDelays is how many delays a DelayTrace may have.
const MaxTraceDelays = 1 << 20

func readDelayTrace(text, file string, read ReadFile) (Distribution, error) {
	f, err := read.openTable(text, file)
	if err != nil {
		return nil, err
	}
	var delays []byte
	add := func(d time.Duration, _ []string) error {
		delays = binary.BigEndian.AppendUint64(delays, uint64(d))
		return nil
	}
	if f.headers != nil {
		err = f.delayRows(add)
	} else {
		err = delayList(f, add)
	}
	if n := len(delays) / 8; err == nil && (n == 0 || n > MaxTraceDelays) {
		err = fmt.Errorf("%s has %d delays: want 1 to %d", file, n, MaxTraceDelays)
	}
	if err != nil {
		return nil, err
	}
	return DelayTrace{file, string(delays)}, nil
}

// delayList reads delays in a row.
func delayList(f *tableFile, each func(time.Duration, []string) error) error {
	var unit delayReader
	return fileLines(f.name, f.text, func(line string) error {
		if unit.takes(line) {
			return nil
		}
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \t", r) }) {
			d, err := unit.read(word)
			if err != nil {
				return err
			}
			if err := each(d, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// String is the law as ParseDistribution reads it.
func (d DelayTrace) String() string { return "trace:" + d.file }

func (d DelayTrace) validate(p *Profile) error {
	if d.delays == "" {
		return errors.New("a trace of nothing")
	}
	return absolute(p)
}

func (d DelayTrace) start(p *Profile, _ streams) delayLaw {
	return &traceDelay{d.delays, p.Delay}
}

type traceDelay struct {
	delays string
	more   time.Duration
}

func (d *traceDelay) fill(first uint64, delays *[batch]time.Duration) {
	n := uint64(len(d.delays) / 8)
	i := first % n
	for k := range delays {
		delays[k] = min(time.Duration(word(d.delays, int(i)))+d.more, MaxDelay)
		if i++; i == n {
			i = 0
		}
	}
}
