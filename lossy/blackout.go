package lossy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a Blackout.
const (
	MaxOutages    = 64
	MaxOutageTime = 365 * 24 * time.Hour // latest begin, longest outage and period
)

// Outage is a time in which nothing passes, on the clock of the link: from At
// for For, and again each Every, if that is not 0.
type Outage struct{ At, For, Every time.Duration }

// Blackout is a schedule of outages, which may overlap. It is a comparable
// value; the zero value has none. Make one with NewBlackout or ParseBlackout.
type Blackout struct{ text string }

// NewBlackout returns the schedule of these outages. The error names what is
// out of range.
func NewBlackout(outages ...Outage) (Blackout, error) {
	if len(outages) > MaxOutages {
		return Blackout{}, fmt.Errorf("%d outages, at most %d", len(outages), MaxOutages)
	}
	lines := make([]string, len(outages))
	for i, o := range outages {
		if err := o.validate(); err != nil {
			return Blackout{}, err
		}
		lines[i] = o.String()
	}
	return Blackout{strings.Join(lines, "; ")}, nil
}

// ParseBlackout reads outages with a semicolon between them: "at=5s,for=3s"
// once, or "every=60s,for=200ms,first=10s" again and again. Without first the
// first begins after one period. Nothing at all is no outage.
func ParseBlackout(s string) (Blackout, error) {
	outages, err := parseOutages(s)
	if err != nil {
		return Blackout{}, err
	}
	return NewBlackout(outages...)
}

func parseOutages(s string) ([]Outage, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var outages []Outage
	for line := range strings.SplitSeq(s, ";") {
		t := parseValues("blackout", strings.TrimSpace(line), "at=5s,for=3s or every=60s,for=200ms")
		o := Outage{For: require(t, "for", ParseDuration)}
		if o.Every = read(t, "every", 0, ParseDuration); o.Every > 0 {
			o.At = read(t, "first", o.Every, ParseDuration)
		} else {
			o.At = require(t, "at", ParseDuration)
		}
		if err := t.done(); err != nil {
			return nil, err
		}
		outages = append(outages, o)
	}
	return outages, nil
}

// Outages returns the schedule as a list.
func (b Blackout) Outages() []Outage {
	outages, err := parseOutages(b.text)
	if err != nil {
		panic("BUG: a schedule that was read before: " + err.Error())
	}
	return outages
}

// String writes the schedule as ParseBlackout reads it, "" for none.
func (b Blackout) String() string { return b.text }

// String writes the outage as ParseBlackout reads it.
func (o Outage) String() string {
	switch o.Every {
	case 0:
		return fmt.Sprintf("at=%v,for=%v", o.At, o.For)
	case o.At:
		return fmt.Sprintf("every=%v,for=%v", o.Every, o.For)
	}
	return fmt.Sprintf("every=%v,for=%v,first=%v", o.Every, o.For, o.At)
}

func (o Outage) validate() error {
	switch {
	case o.At < 0 || o.At > MaxOutageTime:
		return fmt.Errorf("blackout %v: must begin between 0 and %v", o, MaxOutageTime)
	case o.For <= 0 || o.For > MaxOutageTime:
		return fmt.Errorf("blackout %v: must last for more than 0 and at most %v", o, MaxOutageTime)
	case o.Every < 0 || o.Every > MaxOutageTime:
		return fmt.Errorf("blackout %v: must repeat within %v", o, MaxOutageTime)
	case o.Every > 0 && o.Every <= o.For:
		return fmt.Errorf("blackout %v: would never end", o)
	}
	return nil
}

// Over lists the outages that are over at that time and do not come again.
func (b Blackout) Over(now time.Duration) []Outage {
	return slices.DeleteFunc(b.Outages(), func(o Outage) bool { return o.Every > 0 || now < o.At+o.For })
}

// covers says whether the outage holds at that time.
func (o Outage) covers(now time.Duration) bool {
	since := now - o.At
	if since < 0 {
		return false
	}
	if o.Every > 0 {
		since %= o.Every
	}
	return since < o.For
}

// dark says whether nothing passes at that time.
func dark(outages []Outage, now time.Duration) bool {
	return slices.ContainsFunc(outages, func(o Outage) bool { return o.covers(now) })
}
