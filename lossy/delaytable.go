package lossy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DelayTable is a distribution table as tc reads it (netem's .dist files): whole
// numbers from -32768 to 32767, of which each is as likely as any other. A sample
// t makes a delay of Delay + Jitter * t/8192, to the nearest nanosecond, by
// netem's arithmetic. So Jitter is the standard deviation only if the table's is
// 8192, which is not so of all that are about: a table is used as it is. Make one
// with ParseDistribution.
type DelayTable struct {
	file     string
	samples  string // 2 bytes each
	promises tableMoments
}

// MaxDelaySamples is how many numbers a table may have, as in tc.
const MaxDelaySamples = 16384

const tableScale = 8192 // NETEM_DIST_SCALE

func readDelayTable(text, file string, read ReadFile) (Distribution, error) {
	b, err := read.open(text, file)
	if err != nil {
		return nil, err
	}
	var samples []byte
	err = fileLines(file, string(b), func(line string) error {
		for _, word := range strings.Fields(line) {
			v, err := strconv.ParseInt(word, 10, 16)
			if err != nil {
				return fmt.Errorf("%q: want whole numbers from -32768 to 32767", word)
			}
			samples = binary.BigEndian.AppendUint16(samples, uint16(v))
		}
		return nil
	})
	if n := len(samples) / 2; err == nil && (n == 0 || n > MaxDelaySamples) {
		err = fmt.Errorf("%s has %d numbers: want 1 to %d", file, n, MaxDelaySamples)
	}
	if err != nil {
		return nil, err
	}
	return DelayTable{file, string(samples), momentsOfTable(samples)}, nil
}

// String is the law as ParseDistribution reads it.
func (d DelayTable) String() string { return "table:" + d.file }

func (d DelayTable) validate(*Profile) error {
	if d.samples == "" {
		return errors.New("a table of nothing")
	}
	return nil
}

func (d DelayTable) start(p *Profile, of streams) delayLaw {
	return &tableDelay{of(drawTable), d.samples, p.Delay, p.Jitter}
}

type tableDelay struct {
	draws      stream
	samples    string
	mean, unit time.Duration
}

func (d *tableDelay) fill(first uint64, delays *[batch]time.Duration) {
	for n := range delays {
		i := 2 * d.draws.below(first+uint64(n), uint64(len(d.samples)/2))
		t := int16(uint16(d.samples[i])<<8 | uint16(d.samples[i+1]))
		x := int64(d.unit) * int64(t) // at most 2^57
		if x >= 0 {
			x += tableScale / 2
		} else {
			x -= tableScale / 2
		}
		delays[n] = min(max(d.mean+time.Duration(x/tableScale), 0), MaxDelay)
	}
}
