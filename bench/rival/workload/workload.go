package workload

import (
	"context"
	"slices"
	"time"

	"udplab/bench/rival/contender"
)

// Workload is one kind of work. Its rows are variants that are measured one
// after the other, or all at once, by the same call of Run.
type Workload struct {
	Name    string
	Rows    []string // in the order of the report
	Metrics []Metric
	Main    string // key of the metric that ratios are about
	// Takes says whether a contender takes part.
	Takes func(contender.Contender) bool
	// SideBySide says that contenders run at the same time, because the work
	// is long and needs no CPU to speak of.
	SideBySide bool
	// Run measures each row once. It returns after limit at the latest, if the
	// contender's Close returns.
	Run func(ctx context.Context, c contender.Contender, s Settings) []Outcome
}

// Metric is a figure.
type Metric struct {
	Key    string // in records; the unit is its end
	Title  string // in tables
	Digits int    // after the point
	// More says that a larger figure is better.
	More bool
}

// Outcome is a row of one run.
type Outcome struct {
	Row    string
	Values map[string]float64 // by Metric.Key; those not measured are missing
	// Failed says why there are no figures, or why they are not the whole story:
	// a contender that stalled, and how far it had got.
	Failed string
}

// Settings are how much work there is.
type Settings struct {
	Packet int  // bytes of UDP payload of full datagrams
	Quick  bool // a second or two for each outcome: does it still run?
}

// length is one duration of work, or a short one of a quick run.
func (s Settings) length(full, quick time.Duration) time.Duration {
	if s.Quick {
		return quick
	}
	return full
}

// All returns the workloads in the order of the report.
func All() []Workload {
	return slices.Concat(bulks(), pings(), []Workload{connects(), idles(), games(), bottlenecks()})
}

func anyone(contender.Contender) bool { return true }

// one is a Run of a workload with one row: run is given grace to end, and after
// that its context ends.
func one(row string, grace time.Duration, run func(context.Context, contender.Contender, Settings) (map[string]float64, error)) func(context.Context, contender.Contender, Settings) []Outcome {
	return func(ctx context.Context, c contender.Contender, s Settings) []Outcome {
		ctx, cancel := context.WithTimeout(ctx, grace)
		defer cancel()
		values, err := run(ctx, c, s)
		o := Outcome{Row: row, Values: values}
		if err != nil {
			o.Failed = err.Error()
		}
		return []Outcome{o}
	}
}
