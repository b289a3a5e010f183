package table

import (
	"fmt"
	"slices"
)

// Case is one row of the table: some work on a network, and what it has to
// reach.
type Case struct {
	Name    string // what --case selects by, never changed
	Title   string // for people
	Today   string // what others were measured to reach in this case
	Targets []Target

	work work
	// draws is how many seeds stand for each that was asked for, 0 for one: where
	// one run differs from the next by more than the bound is away, five runs
	// tell little.
	draws int
	// apart is why sockets may come out differently from the simulator here,
	// shown where they do.
	apart string
}

// seeds is how often the case is simulated.
func (c Case) seeds(o Options) int { return o.Seeds * max(c.draws, 1) }

// Target is one figure of a case and the bound it has to keep.
type Target struct {
	Measure Measure
	Sense   Sense
	Bound   float64 // in the measure's unit; without meaning for ReportOnly
}

// Sense says on which side of its bound a figure has to be.
type Sense uint8

const (
	AtLeast Sense = iota
	AtMost
	ReportOnly // there is no bound: the figure is shown and decides nothing
)

// met reports whether the figure keeps the bound.
func (t Target) met(figure float64) bool {
	switch t.Sense {
	case AtLeast:
		return figure >= t.Bound
	case AtMost:
		return figure <= t.Bound
	case ReportOnly:
		return true
	}
	panic("BUG: sense")
}

// String is the bound as people write it: ">= 46".
func (t Target) String() string {
	switch t.Sense {
	case AtLeast:
		return fmt.Sprintf(">= %v", t.Bound)
	case AtMost:
		return fmt.Sprintf("<= %v", t.Bound)
	case ReportOnly:
		return "report"
	}
	panic("BUG: sense")
}

// Measure is a kind of figure. Its String is the name in all outputs.
type Measure uint8

const (
	Goodput     Measure = iota // Mbit/s of messages delivered, from the dial on
	Wire                       // UDP payload bytes sent towards the receiver, per byte delivered
	Queue                      // ms, median standing queue in the bottleneck
	Spurious                   // % of the packets sent that were declared lost and had arrived
	Retransmits                // message and fragment frames sent again
	Share                      // of the flow that got less, of what both got
	FirstShare                 // of the flow that began first, of what both got
	Handshakes                 // connections opened
	P50                        // ms from Send to Receive that half of the messages did not exceed
	P99                        // ms that 99 % of the messages did not exceed
	P999                       // ms that 99.9 % of the messages did not exceed
	Held                       // ms that 99 % of the lines waited at most in the sender, more than without bulk
	Added                      // ms that 99 % of the lines took at most from Send to Receive, more than without bulk
	QueueMet                   // ms that 99 % of the lines waited at most in the bottleneck's queue
	TooLate                    // messages delivered after their deadline
	Unreported                 // messages that were not delivered and are not in both sides' counters, or are there and were
	Delivered                  // % of the messages sent
	Late                       // ms that 99 % of the datagrams through the proxy did not exceed; over sockets
	measureCount
)

var measures = [measureCount]struct {
	name, unit string
	digits     int
}{
	Goodput:     {"goodput", "Mbit/s", 2},
	Wire:        {"wire", "", 3},
	Queue:       {"queue", "ms", 1},
	Spurious:    {"spurious", "%", 2},
	Retransmits: {"retransmits", "", 0},
	Share:       {"share", "", 3},
	FirstShare:  {"first's share", "", 3},
	Handshakes:  {"handshakes", "", 0},
	P50:         {"p50", "ms", 1},
	P99:         {"p99", "ms", 1},
	P999:        {"p99.9", "ms", 1},
	Held:        {"held p99", "ms", 2},
	Added:       {"added p99", "ms", 2},
	QueueMet:    {"queue met p99", "ms", 2},
	TooLate:     {"too late", "", 0},
	Unreported:  {"unreported", "", 0},
	Delivered:   {"delivered", "%", 2},
	Late:        {"late", "ms", 1},
}

// String is the name in all outputs.
func (m Measure) String() string { return measures[m].name }

// Unit is what the figure is in, empty for a count or a ratio.
func (m Measure) Unit() string { return measures[m].unit }

// format writes a figure without its unit.
func (m Measure) format(figure float64) string {
	return fmt.Sprintf("%.*f", measures[m].digits, figure)
}

// MarshalText writes the name, for JSON.
func (m Measure) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// judged is the figure that a bound is held against, of those of the seeds: the
// median, but the worst of what is promised for each handshake and message.
func (m Measure) judged(figures []float64) float64 {
	switch m {
	case Handshakes:
		return slices.Min(figures)
	case TooLate, Unreported:
		return slices.Max(figures)
	}
	return median(figures)
}

// median is the middle of the figures, or the mean of the two in the middle.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Figures are what one run measured.
type Figures map[Measure]float64
