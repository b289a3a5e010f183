package table

import (
	"math"
	"slices"

	"udplab/reliable/congestion"
)

// Report is the table, judged. Its JSON is what -o json prints; within a
// version keys are only ever added.
type Report struct {
	Schema     string   `json:"schema"`
	Seeds      int      `json:"seeds"`
	Duration   float64  `json:"duration_seconds"`
	Messages   int      `json:"paced_messages"`
	Packet     int      `json:"packet_bytes"`
	Congestion string   `json:"congestion"`
	Sockets    *Sockets `json:"sockets,omitempty"` // how the second column was made
	Complete   bool     `json:"complete"`          // nothing was cut short
	Missed     int      `json:"missed"`            // rows
	Rows       []Row    `json:"rows"`
}

// Sockets says how the runs over sockets differ from the simulated ones.
type Sockets struct {
	Runs          int     `json:"runs"`
	Duration      float64 `json:"duration_seconds"`
	FlowsDuration float64 `json:"flows_duration_seconds"`
	PacedDuration float64 `json:"paced_duration_seconds"`
}

// Row is one case.
type Row struct {
	Case    string   `json:"case"`
	Title   string   `json:"title"`
	Today   string   `json:"measured_today"`
	Verdict Verdict  `json:"verdict"`
	Errors  []string `json:"errors,omitempty"`
	Figures []Figure `json:"figures"`
	// Late is how late 99 % of the datagrams left the proxy at most.
	Late *float64 `json:"sockets_late_ms,omitempty"`
}

// Figure is one measure of a case beside its target.
type Figure struct {
	Measure   Measure   `json:"measure"`
	Unit      string    `json:"unit,omitempty"`
	Target    string    `json:"target"`
	Verdict   Verdict   `json:"verdict"`
	Simulator float64   `json:"simulator"` // what is judged: the median, of handshakes the worst
	PerSeed   []float64 `json:"simulator_per_seed"`
	Short     *float64  `json:"simulator_as_long_as_sockets,omitempty"`
	Sockets   *float64  `json:"over_sockets,omitempty"`
	Apart     string    `json:"apart,omitempty"` // why the two differ by more than 5 %
}

// Verdict is what became of a row or a figure.
type Verdict string

const (
	Pass     Verdict = "pass"
	Miss     Verdict = "MISS"
	Reported Verdict = "report"  // it has no bound
	NotRun   Verdict = "not run" // it was cut short
)

const schema = "udplab/bench-table/v1"

// newReport judges what was measured.
func newReport(o Options, cases []Case, outcomes []outcome) *Report {
	r := &Report{
		Schema: schema, Seeds: o.Seeds, Duration: o.Duration.Seconds(), Messages: o.Messages, Packet: o.Packet,
		Congestion: o.Congestion, Complete: true, Rows: []Row{},
	}
	if o.Congestion == "" {
		r.Congestion = congestion.Default(congestion.Config{MaxPacket: o.Packet}).Name()
	}
	if o.Sockets {
		s := o.onSockets()
		r.Sockets = &Sockets{Runs: 1, Duration: s.duration.Seconds(), FlowsDuration: s.flows.Seconds(), PacedDuration: s.paced.Seconds()}
	}
	for i, c := range cases {
		row, complete := judge(c, &outcomes[i], o.Sockets)
		if row.Verdict == Miss {
			r.Missed++
		}
		r.Complete = r.Complete && complete
		r.Rows = append(r.Rows, row)
	}
	return r
}

// judge makes a row of what was measured of its case. complete: nothing of it
// was cut short.
func judge(c Case, out *outcome, sockets bool) (row Row, complete bool) {
	row = Row{Case: c.Name, Title: c.Title, Today: c.Today, Verdict: Reported, Figures: []Figure{}}
	complete = !sockets || out.sockets.complete
	for _, a := range out.seeds {
		if !a.complete {
			row.Verdict = NotRun
			return row, false
		}
		if a.err != nil {
			row.Errors = append(row.Errors, a.err.Error())
		}
	}
	if len(row.Errors) > 0 {
		row.Verdict = Miss
		return row, complete
	}
	if out.sockets.complete && out.sockets.err != nil {
		row.Errors = append(row.Errors, "over sockets: "+out.sockets.err.Error())
	}
	if late, ok := out.sockets.figures[Late]; ok {
		row.Late = &late
	}
	for _, t := range c.Targets {
		f := judgeFigure(c, t, out)
		switch {
		case f.Verdict == Miss:
			row.Verdict = Miss
		case f.Verdict == Pass && row.Verdict == Reported:
			row.Verdict = Pass
		}
		row.Figures = append(row.Figures, f)
	}
	return row, complete
}

func judgeFigure(c Case, t Target, out *outcome) Figure {
	f := Figure{Measure: t.Measure, Unit: t.Measure.Unit(), Target: t.String()}
	for _, a := range out.seeds {
		f.PerSeed = append(f.PerSeed, a.figures[t.Measure])
	}
	f.Simulator = t.Measure.judged(f.PerSeed)
	f.Verdict = Miss
	switch {
	case t.Sense == ReportOnly:
		f.Verdict = Reported
	case t.met(f.Simulator):
		f.Verdict = Pass
	}
	if v, ok := out.short.figures[t.Measure]; ok {
		f.Short = &v
	}
	if v, ok := out.sockets.figures[t.Measure]; ok {
		f.Sockets = &v
		f.Apart = apart(c, &f, out.sockets.figures[Late])
	}
	return f
}

// ends are the lowest and the highest of what the seeds gave.
func (f *Figure) ends() (low, high float64) {
	return slices.Min(f.PerSeed), slices.Max(f.PerSeed)
}

// apartFrom is the difference, as a share of the simulator's figure, from which
// on two figures need an explanation.
const apartFrom = 0.05

// differ reports whether two figures are further apart than that.
func differ(simulated, measured float64) bool {
	return math.Abs(measured-simulated) > apartFrom*math.Abs(simulated)
}
