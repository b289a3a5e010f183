// Package units holds the flag values of udplab that carry a unit:
// probabilities, rates, sizes and durations that cannot be negative. Each is a
// pflag.Value over one plain number, refuses what is out of range with an error
// that says the range, and prints in a form it reads back.
//
// The commands use it for flags. What a probability or a rate looks like is
// decided by udplab/lossy, so that the flags, the HTTP API and scenario files
// cannot drift apart. The values are not safe for concurrent use.
package units

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
)

// Probability is a share from 0 to 1, written "5%" or "0.05".
type Probability float64

// Set reads what lossy.ParseProbability reads; a bare "5" is refused.
func (p *Probability) Set(s string) error {
	v, err := lossy.ParseProbability(s)
	if err == nil {
		*p = Probability(v)
	}
	return err
}

// String writes the share in percent.
func (p *Probability) String() string { return lossy.FormatProbability(float64(*p)) }

// Type names the value in help texts.
func (p *Probability) Type() string { return "percent" }

// Rate is a speed in bits per second, 0 = unlimited.
type Rate float64

// Set reads what lossy.ParseRate reads: "10mbit", "500kbit", "0".
func (r *Rate) Set(s string) error {
	v, err := lossy.ParseRate(s)
	if err == nil {
		*r = Rate(v)
	}
	return err
}

// String writes the rate with its unit.
func (r *Rate) String() string { return lossy.FormatRate(float64(*r)) }

// Type names the value in help texts.
func (r *Rate) Type() string { return "rate" }

// Duration is a time.Duration that is zero or more.
type Duration time.Duration

// Set reads Go's form, "20ms" or "1m30s".
func (d *Duration) Set(s string) error {
	v, err := lossy.ParseDuration(s)
	if err == nil {
		*d = Duration(v)
	}
	return err
}

// String is Go's form of the duration.
func (d *Duration) String() string { return time.Duration(*d).String() }

// Type names the value in help texts.
func (d *Duration) Type() string { return "duration" }

// Size is a number of bytes, zero or more.
type Size uint64

var sizeUnits = []struct {
	name  string
	bytes uint64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3},
	{"B", 1},
}

// Set reads a whole number with a unit, "64KiB" (1024) or "64kB" (1000), or
// without one, which means bytes.
func (z *Size) Set(s string) error {
	number, unit := s, uint64(1)
	for _, u := range sizeUnits {
		if head, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = head, u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
	if err != nil {
		return errors.New("not a size, write 1200, 64KiB or 1MB")
	}
	if n > (1<<63)/unit {
		return errors.New("too large for a size")
	}
	*z = Size(n * unit)
	return nil
}

// String is the number with the largest binary unit that divides it.
func (z *Size) String() string {
	n := uint64(*z)
	for _, u := range sizeUnits[:3] {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatUint(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatUint(n, 10) + "B"
}

// Type names the value in help texts.
func (z *Size) Type() string { return "size" }
