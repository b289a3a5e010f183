// Package record is what a run leaves: every raw figure, what it was measured
// on, the medians and ratios made of them, and the bars of the fast path held
// against them. It measures nothing, so a record can be judged again.
package record

import (
	"slices"
	"time"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// Schema names the form of a Record in JSON.
const Schema = "udplab/rival/v1"

// Record is one run of the program.
type Record struct {
	Schema      string    `json:"schema"`
	Started     time.Time `json:"started"`
	Command     []string  `json:"command"`
	Commit      string    `json:"commit"` // of the checkout, with + if it was changed
	Machine     Machine   `json:"machine"`
	Modules     []Module  `json:"modules"`
	Packet      int       `json:"packet_bytes"`
	Repetitions int       `json:"repetitions"`
	Quick       bool      `json:"quick"`
	Complete    bool      `json:"complete"` // no signal ended it early
	Contenders  []Entrant `json:"contenders"`
	Cells       []Cell    `json:"cells"`
	Bars        []Bar     `json:"bars"`
}

// Machine is where it ran.
type Machine struct {
	Go     string `json:"go"`
	System string `json:"system"` // GOOS/GOARCH
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Load   string `json:"load"` // of the last 1, 5 and 15 minutes before it began
}

// Module is a Go module in the program.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// Entrant is a contender as it took part.
type Entrant struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	About   string `json:"about"`
}

// Cell is what a contender did at one workload.
type Cell struct {
	Workload  string             `json:"workload"`
	Contender string             `json:"contender"`
	Runs      []Run              `json:"runs"` // in the order of repetitions
	Medians   map[string]float64 `json:"medians"`
}

// Run is one repetition.
type Run struct {
	Values map[string]float64 `json:"values,omitempty"`
	Failed string             `json:"failed,omitempty"`
}

// Add puts an outcome into its cell.
func (r *Record) Add(contender string, o workload.Outcome) {
	run := Run{o.Values, o.Failed}
	if c := r.cell(o.Row, contender); c != nil {
		c.Runs = append(c.Runs, run)
		return
	}
	r.Cells = append(r.Cells, Cell{Workload: o.Row, Contender: contender, Runs: []Run{run}})
}

func (r *Record) cell(workload, contender string) *Cell {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Workload == workload && c.Contender == contender })
	if i < 0 {
		return nil
	}
	return &r.Cells[i]
}

// Finish makes the medians and judges the bars.
func (r *Record) Finish() {
	for i := range r.Cells {
		r.Cells[i].Medians = r.Cells[i].medians()
	}
	r.Bars = judge(r)
}

// medians are over the repetitions that have a figure; a stalled one counts
// with what it reached.
func (c *Cell) medians() map[string]float64 {
	all := make(map[string][]float64)
	for _, run := range c.Runs {
		for key, v := range run.Values {
			all[key] = append(all[key], v)
		}
	}
	medians := make(map[string]float64, len(all))
	for key, values := range all {
		medians[key] = median(values)
	}
	return medians
}

// Failures are the repetitions that something went wrong in.
func (c *Cell) Failures() []string {
	var failed []string
	for _, run := range c.Runs {
		if run.Failed != "" {
			failed = append(failed, run.Failed)
		}
	}
	return failed
}

// Ratio is a contender's figure over another's: the median of the ratios of
// repetitions, whose two runs were close in time, so that what slowed the
// machine down for a while slowed both.
func (r *Record) Ratio(workload, key, contender, other string) (float64, bool) {
	a, b := r.cell(workload, contender), r.cell(workload, other)
	if a == nil || b == nil {
		return 0, false
	}
	var ratios []float64
	for i := range min(len(a.Runs), len(b.Runs)) {
		x, ok := a.Runs[i].Values[key]
		y, also := b.Runs[i].Values[key]
		if ok && also && y != 0 {
			ratios = append(ratios, x/y)
		}
	}
	if len(ratios) == 0 {
		return 0, false
	}
	return median(ratios), true
}

// Median is a contender's own figure.
func (r *Record) Median(workload, key, contender string) (float64, bool) {
	c := r.cell(workload, contender)
	if c == nil {
		return 0, false
	}
	v, ok := c.Medians[key]
	return v, ok
}

// median of values, of which there is at least one; of an even number the mean
// of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Enter notes who takes part.
func (r *Record) Enter(contenders []contender.Contender) {
	for _, c := range contenders {
		e := Entrant{Name: c.Name, About: c.About}
		for _, m := range r.Modules {
			if m.Path == c.Module {
				e.Version = m.Version
			}
		}
		r.Contenders = append(r.Contenders, e)
	}
}
