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
type DelayTrace struct {
	file   string
	delays string // 8 bytes each
}

// MaxTraceDelays is how many delays a DelayTrace may have.
const MaxTraceDelays = 1 << 20

func readDelayTrace(text, file string, read ReadFile) (Distribution, error) {
	b, err := read.open(text, file)
	if err != nil {
		return nil, err
	}
	var delays []byte
	var unit delayReader
	err = fileLines(file, b, func(line string) error {
		if unit.takes(line) {
			return nil
		}
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \t", r) }) {
			d, err := unit.read(word)
			if err != nil {
				return err
			}
			delays = binary.BigEndian.AppendUint64(delays, uint64(d))
		}
		return nil
	})
	if n := len(delays) / 8; err == nil && (n == 0 || n > MaxTraceDelays) {
		err = fmt.Errorf("%s has %d delays: want 1 to %d", file, n, MaxTraceDelays)
	}
	if err != nil {
		return nil, err
	}
	return DelayTrace{file, string(delays)}, nil
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
