package lossy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Distribution is a law of delay for Profile.Distribution: NormalDelay,
// ParetoDelay, ParetoNormalDelay, LogNormalDelay, NetemTable, DelayTable, DelayCDF
// or DelayTrace. They are plain values and may be compared; a String is what
// ParseDistribution reads back. MODEL.md has the formulas.
//
// A delay that the law would have below zero is zero, and one above MaxDelay is
// MaxDelay.
type Distribution interface {
	String() string
	validate(p *Profile) error
	// start returns the delays of one direction of one flow.
	start(p *Profile, of streams) delayLaw
}

// delayLaw gives each packet its delay, as a function of its index alone.
type delayLaw interface {
	// fill draws those of the packets from the first on. What a law has to
	// compute for each it does in loops of one step, for one packet's step does
	// not wait for another's.
	fill(first uint64, delays *[batch]time.Duration)
}

const distributions = "uniform, normal, pareto, paretonormal, lognormal, netem-normal, netem-pareto, netem-paretonormal, table:FILE, cdf:FILE or trace:FILE"

// ParseDistribution reads a law of delay as people write it; "uniform" is nil:
//
//	uniform, normal, pareto, paretonormal, lognormal
//	netem-normal, netem-pareto, netem-paretonormal    the tables of tc
//	table:FILE    a distribution table of netem
//	cdf:FILE      lines of a delay and the probability of no more than that
//	trace:FILE    delays, taken in turn
//
// Behind FILE there may be the name of a column, as in trace:pings.csv:rtt_ms; see
// DelayTrace. read reads the file; with nil, a law that names one is refused (ErrNamesFile).
func ParseDistribution(text string, read ReadFile) (Distribution, error) {
	text = strings.TrimSpace(text)
	for _, d := range []Distribution{NormalDelay{}, ParetoDelay{}, ParetoNormalDelay{}, LogNormalDelay{}} {
		if text == d.String() {
			return d, nil
		}
	}
	kind, file, _ := strings.Cut(text, ":")
	switch {
	case text == "uniform":
		return nil, nil
	case text == "netem-normal" || text == "netem-pareto" || text == "netem-paretonormal":
		return netemTable(text), nil
	case kind == "table":
		return readDelayTable(text, file, read)
	case kind == "cdf":
		return readDelayCDF(text, file, read)
	case kind == "trace":
		return readDelayTrace(text, file, read)
	}
	return nil, fmt.Errorf("%q is no distribution of delay: write it like %s", text, distributions)
}

func (p Profile) validateDistribution() error {
	if p.Distribution == nil {
		return nil
	}
	if err := p.Distribution.validate(&p); err != nil {
		return fmt.Errorf("delay-distribution %v: %w", p.Distribution, err)
	}
	return nil
}

// fileLines calls each with what stands in every line of a file that is not
// empty, without what follows a #; an error is told with the line's number.
func fileLines(file, text string, each func(line string) error) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := each(line); err != nil {
			return fmt.Errorf("%s, line %d: %w", file, number, err)
		}
	}
	return nil
}

// delayReader reads the delays of a file: with a unit, or without one behind a
// line, or in a column, that has the unit of all.
type delayReader struct{ unit string }

// takes says whether the line is a unit and not a delay.
func (r *delayReader) takes(line string) bool {
	if line == "s" || line == "ms" || line == "us" || line == "µs" || line == "ns" {
		r.unit = line
		return true
	}
	return false
}

func (r *delayReader) read(text string) (time.Duration, error) {
	if r.unit != "" {
		text = withUnit(text, r.unit)
	}
	d, err := ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%w; or give a line with the unit of all, like ms, or call the column delay_ms", err)
	}
	if d > MaxDelay {
		return 0, fmt.Errorf("%v: a delay is at most %v", d, MaxDelay)
	}
	return d, nil
}

// withUnit is a number with a unit, written without an exponent, and what is no
// number as it is.
func withUnit(text, unit string) string {
	if strings.Trim(text, "0123456789.") == "" {
		return text + unit
	}
	if v, err := parseDecimal(text); err == nil {
		return strconv.FormatFloat(v, 'f', -1, 64) + unit
	}
	return text
}

// absolute refuses what has no meaning with delays that a file has as they are.
func absolute(p *Profile) error {
	if p.Jitter > 0 {
		return fmt.Errorf("jitter %v: has no place beside a law that has its own", p.Jitter)
	}
	return nil
}

// delayOf rounds to the nearest nanosecond within the bounds.
func delayOf(nanoseconds float64) time.Duration {
	if d := time.Duration(nanoseconds + 0.5); uint64(d) <= uint64(MaxDelay) {
		return d
	}
	return time.Duration(min(max(nanoseconds, 0), float64(MaxDelay)) + 0.5) // seldom, and dear
}
