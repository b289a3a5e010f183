package lossy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// DelayCDF is a law of delay by points of its distribution function: lines of a
// delay, and the probability of no more than that delay. Between two points the
// delays are spread evenly; two points of one delay are a share of packets that
// all have it, as is the probability of the first point. Both columns may only
// go up, and the last probability is 1. Profile.Delay is added. Make one with
// ParseDistribution.
//
// Columns are parted by a comma or spaces, and what follows a # is for people.
// Delays have a unit, or stand below a line that is the unit of all: ms.
// Probabilities are written 0.5 or 50%.
//
// Or the file is a table with a line of names, see DelayTrace; the probabilities
// are in a column called probability, cdf, cumulative, quantile, p or percentile,
// of which the last is of 100, as is one called cdf_percent.
type DelayCDF struct {
	file     string
	points   string  // of each its delay and its probability, 8 bytes both; then the guide
	promises moments // without Profile.Delay
}

// MaxCDFPoints is how many points a DelayCDF may have.
const MaxCDFPoints = 4096

// guides is into how many parts of equal probability the guide divides the
// points: it has, in 2 bytes, the first point beyond the beginning of each.
const guides = 4096

func readDelayCDF(text, file string, read ReadFile) (Distribution, error) {
	f, err := read.openTable(text, file)
	if err != nil {
		return nil, err
	}
	var delays []time.Duration
	var probabilities []float64
	add := func(d time.Duration, probability string) error {
		p, err := parseCumulative(probability)
		if err != nil {
			return err
		}
		if n := len(delays); n > 0 && (d < delays[n-1] || p < probabilities[n-1]) {
			return fmt.Errorf("\"%v %s\": goes down, both columns may only go up", d, probability)
		}
		delays, probabilities = append(delays, d), append(probabilities, p)
		return nil
	}
	if f.headers != nil {
		err = cdfTable(f, add)
	} else {
		err = cdfList(f, add)
	}
	switch n := len(delays); {
	case err != nil:
		return nil, err
	case n == 0 || n > MaxCDFPoints:
		return nil, fmt.Errorf("%s has %d points: want 1 to %d", file, n, MaxCDFPoints)
	case probabilities[n-1] != 1:
		return nil, fmt.Errorf("%s ends at probability %v: the last line must reach 1", file, probabilities[n-1])
	}
	return DelayCDF{file, packCDF(delays, probabilities), momentsOfCDF(delays, probabilities)}, nil
}

// cdfList reads lines of a delay and a probability.
func cdfList(f *tableFile, each func(d time.Duration, probability string) error) error {
	var unit delayReader
	return fileLines(f.name, f.text, func(line string) error {
		if unit.takes(line) {
			return nil
		}
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \t", r) })
		if len(words) != 2 {
			return fmt.Errorf("%q: want a delay and a probability, like 20ms,0.5", line)
		}
		d, err := unit.read(words[0])
		if err != nil {
			return err
		}
		return each(d, words[1])
	})
}

// probabilityNames are those of a column of cumulative probabilities.
var probabilityNames = []string{"probability", "cdf", "cumulative", "quantile", "p", "percentile"}

// cdfTable reads two columns of a table.
func cdfTable(f *tableFile, each func(d time.Duration, probability string) error) error {
	column, err := f.findNamed("probability", probabilityNames)
	if err != nil {
		return err
	}
	mark := ""
	if base, unit := splitHeader(f.headers[column]); base == "percentile" || unit == "%" {
		mark = "%"
	}
	return f.delayRows(func(d time.Duration, others []string) error {
		return each(d, strings.TrimSuffix(others[0], mark)+mark)
	}, column)
}

func parseCumulative(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	p, err := parseDecimal(number)
	if percent {
		p /= 100
	}
	if err != nil || p < 0 || p > 1 {
		return 0, fmt.Errorf("%q: want a probability from 0 to 1, or from 0%% to 100%%", text)
	}
	return p, nil
}

func packCDF(delays []time.Duration, probabilities []float64) string {
	var packed []byte
	for i, d := range delays {
		packed = binary.BigEndian.AppendUint64(packed, uint64(d))
		packed = binary.BigEndian.AppendUint64(packed, math.Float64bits(probabilities[i]))
	}
	for g := range guides {
		first := slices.IndexFunc(probabilities, func(p float64) bool { return p > float64(g)/guides })
		packed = binary.BigEndian.AppendUint16(packed, uint16(first))
	}
	return string(packed)
}

// String is the law as ParseDistribution reads it.
func (d DelayCDF) String() string { return "cdf:" + d.file }

func (d DelayCDF) validate(p *Profile) error {
	if d.points == "" {
		return errors.New("a distribution without points")
	}
	return absolute(p)
}

func (d DelayCDF) start(p *Profile, of streams) delayLaw {
	n := len(d.points) - 2*guides
	return &cdfDelay{of(drawCDF), d.points[:n], d.points[n:], p.Delay}
}

type cdfDelay struct {
	draws         stream
	points, guide string
	more          time.Duration
}

func (d *cdfDelay) fill(first uint64, delays *[batch]time.Duration) {
	var u [batch]float64
	var places [batch]int
	for i := range u {
		u[i] = d.draws.unit(first + uint64(i))
	}
	for i := range places { // a second variable would be a copy of the array
		places[i] = d.beyond(u[i])
	}
	for i := range delays {
		at := places[i]
		delay, p := d.point(at)
		if at > 0 {
			before, q := d.point(at - 1)
			// Evenly from the one point to the other.
			delay = before + time.Duration(float64(delay-before)*((u[i]-q)/(p-q)))
		}
		delays[i] = min(delay+d.more, MaxDelay)
	}
}

// beyond is the first point with a probability above u.
func (d *cdfDelay) beyond(u float64) int {
	g := int(u*guides) * 2
	i := int(d.guide[g])<<8 | int(d.guide[g+1])
	// Half of the time it is the next, which no processor can guess: so this one
	// step is no branch.
	if d.probability(i) <= u { // the last has 1, and u has not
		i++
	}
	for d.probability(i) <= u {
		i++
	}
	return i
}

func (d *cdfDelay) probability(i int) float64 { return math.Float64frombits(word(d.points, 2*i+1)) }

func (d *cdfDelay) point(i int) (time.Duration, float64) {
	return time.Duration(word(d.points, 2*i)), d.probability(i)
}
