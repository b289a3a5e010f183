package table

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"udplab/reliable/congestion"
)

// measured is an outcome with these figures for each seed.
func measured(seeds ...Figures) outcome {
	var out outcome
	for _, f := range seeds {
		out.seeds = append(out.seeds, attempt{figures: f, complete: true})
	}
	return out
}

func goodputs(values ...float64) outcome {
	var seeds []Figures
	for _, v := range values {
		seeds = append(seeds, Figures{Goodput: v, Wire: 1})
	}
	return measured(seeds...)
}

var bulkCase = Case{
	Name: "bulk", Title: "some bulk", Today: "others 3", apart: "sockets are slow",
	Targets: []Target{{Goodput, AtLeast, 46}, {Wire, AtMost, 1.07}},
}

func TestVerdicts(t *testing.T) {
	broken := goodputs(50, 50, 50)
	broken.seeds[1].err = errors.New("the oracle: a message is missing")
	cut := goodputs(50, 50, 50)
	cut.seeds[2] = attempt{err: errors.New("context canceled")}
	dropped := bulkCase
	dropped.Targets = []Target{{Goodput, ReportOnly, 0}}
	promised := bulkCase
	promised.Targets = []Target{{Handshakes, AtLeast, 1000}}
	punctual := bulkCase
	punctual.Targets = []Target{{TooLate, AtMost, 0}, {Unreported, AtMost, 0}}
	for _, c := range []struct {
		what string
		of   Case
		out  outcome
		want Verdict
	}{
		{"the median at its bound", bulkCase, goodputs(10, 46, 46), Pass},
		{"the median below it, the mean above", bulkCase, goodputs(45.9, 45.9, 90), Miss},
		{"of an even number the mean of the two in the middle", bulkCase, goodputs(0, 45, 47, 90), Pass},
		{"one figure of two missed", bulkCase, measured(Figures{Goodput: 50, Wire: 1.08}), Miss},
		{"a bound from above kept", bulkCase, measured(Figures{Goodput: 50, Wire: 1.07}), Pass},
		{"a seed that broke a promise, whatever its figures", bulkCase, broken, Miss},
		{"a seed cut short", bulkCase, cut, NotRun},
		{"no bound", dropped, goodputs(0), Reported},
		{"one seed of five with 999 of 1000 handshakes", promised, measured(
			Figures{Handshakes: 1000}, Figures{Handshakes: 1000}, Figures{Handshakes: 1000},
			Figures{Handshakes: 999}, Figures{Handshakes: 1000}), Miss},
		{"one message of one seed too late", punctual, measured(Figures{}, Figures{TooLate: 1}, Figures{}), Miss},
		{"one message of one seed not reported", punctual, measured(Figures{}, Figures{}, Figures{Unreported: 1}), Miss},
		{"no message too late", punctual, measured(Figures{}, Figures{}), Pass},
		{"all handshakes of all seeds", promised, measured(Figures{Handshakes: 1000}, Figures{Handshakes: 1000}), Pass},
	} {
		r := newReport(Options{Seeds: len(c.out.seeds)}, []Case{c.of}, []outcome{c.out})
		row := r.Rows[0]
		if row.Verdict != c.want {
			t.Errorf("%s: %s, want %s (%+v)", c.what, row.Verdict, c.want, row.Figures)
		}
		if missed := r.Missed == 1; missed != (c.want == Miss) {
			t.Errorf("%s: %d rows missed", c.what, r.Missed)
		}
		if r.Complete != (c.want != NotRun) {
			t.Errorf("%s: complete %v", c.what, r.Complete)
		}
	}
}

// over adds what was measured over sockets, and simulated for as long.
func over(out outcome, sockets, short float64) outcome {
	out.sockets = attempt{figures: Figures{Goodput: sockets, Late: 0.25}, complete: true}
	out.short = attempt{figures: Figures{Goodput: short}, complete: true}
	return out
}

func TestSocketsAreExplainedWhereTheyDiffer(t *testing.T) {
	for _, c := range []struct {
		what           string
		sockets, short float64
		want           string
	}{
		{"5 % less", 47.5, 50, ""},
		{"5 % more", 52.5, 50, ""},
		{"less, and the simulator is not for as long", 47, 50, "sockets are slow"},
		{"more", 53, 50, "sockets are slow"},
		{"less, as the simulator is for as long", 40, 41, "the run is shorter: the simulator gives 41.00 for as long"},
		{"less than the simulator is for as long", 30, 41, "the run is shorter: the simulator gives 41.00 for as long; sockets are slow"},
	} {
		r := newReport(Options{Seeds: 1, Sockets: true}, []Case{bulkCase}, []outcome{over(goodputs(50), c.sockets, c.short)})
		if late := r.Rows[0].Late; late == nil || *late != 0.25 {
			t.Errorf("%s: lateness %v, want 0.25", c.what, late)
		}
		if got := r.Rows[0].Figures[0].Apart; got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if f := r.Rows[0].Figures[1]; f.Sockets != nil || f.Apart != "" {
			t.Errorf("%s: wire was not measured over sockets, and says %+v", c.what, f)
		}
	}
}

// Where the simulator's own seeds are as far apart, that is the reason; and a
// machine that was late is named where nothing else explains the figure.
func TestExplanationsNameSpreadAndLateness(t *testing.T) {
	for _, c := range []struct {
		out  outcome
		late float64
		want string
	}{
		{over(goodputs(40, 50, 60), 41, 50), 9, "one run is one draw: it lies between the simulator's seeds, 40.00 and 60.00"},
		{over(goodputs(49, 50, 51), 41, 50), 0.9, "sockets are slow"},
		{over(goodputs(49, 50, 51), 41, 50), 3.21, "sockets are slow; this machine was busy: 1 % of the datagrams left the proxy more than 3.2 ms late"},
	} {
		c.out.sockets.figures[Late] = c.late
		r := newReport(Options{Seeds: 3, Sockets: true}, []Case{bulkCase}, []outcome{c.out})
		if got := r.Rows[0].Figures[0].Apart; got != c.want {
			t.Errorf("late by %v: %q, want %q", c.late, got, c.want)
		}
	}
}

func TestSocketsDecideNothing(t *testing.T) {
	out := over(goodputs(50), 0, 50)
	if r := newReport(Options{Seeds: 1, Sockets: true}, []Case{bulkCase}, []outcome{out}); r.Rows[0].Verdict != Pass || !r.Complete {
		t.Errorf("nothing over sockets: %s", r.Rows[0].Verdict)
	}
	out.sockets = attempt{err: errors.New("no such device"), complete: true}
	r := newReport(Options{Seeds: 1, Sockets: true}, []Case{bulkCase}, []outcome{out})
	if row := r.Rows[0]; row.Verdict != Pass || len(row.Errors) != 1 || row.Errors[0] != "over sockets: no such device" {
		t.Errorf("failed over sockets: %s, errors %q", row.Verdict, row.Errors)
	}
	out.sockets = attempt{err: errors.New("context canceled")}
	if r := newReport(Options{Seeds: 1, Sockets: true}, []Case{bulkCase}, []outcome{out}); r.Complete {
		t.Error("cut short over sockets, and the report calls itself complete")
	}
}

// example is a report with everything a report can have.
func example() *Report {
	broken := measured(Figures{})
	broken.seeds[0].err = errors.New("the oracle: at 3s: message 4 was delivered twice")
	cut := outcome{seeds: []attempt{{}}}
	o := DefaultOptions()
	o.Congestion = "newreno"
	return newReport(o, []Case{
		bulkCase,
		{Name: "flows", Title: "two flows", Today: "-", Targets: []Target{{FirstShare, ReportOnly, 0}}},
		{Name: "broken", Title: "a broken promise", Today: "-", Targets: []Target{{Goodput, AtLeast, 1}}},
		{Name: "cut", Title: "a case that Ctrl-C came before", Today: "-", Targets: []Target{{Goodput, AtLeast, 1}}},
	}, []outcome{
		over(goodputs(44, 45, 47), 40, 41),
		measured(Figures{FirstShare: 0.45}),
		broken, cut,
	})
}

func TestReportNamesTheDefaultController(t *testing.T) {
	want := congestion.Default(congestion.Config{MaxPacket: 1452}).Name()
	if got := newReport(DefaultOptions(), nil, nil).Congestion; got != want {
		t.Errorf("controller %q, want the library's %q", got, want)
	}
}

func TestText(t *testing.T) {
	want := `The simulator decides: median of 5 seeds (bulk: 15; handshakes: the worst) in
virtual time, 15 s each (two flows 60 s, paced 20000 messages), packets of 1452
bytes, controller: newreno. The sockets column is one run each over loopback
sockets through the proxy, 5 s (two flows 10 s, paced 8 s).

                  target   simulator                     sockets

bulk: some bulk
  goodput Mbit/s  >= 46    45.00 (44.00..47.00)  MISS    40.00
    sockets differ: the run is shorter: the simulator gives 41.00 for as long
  wire            <= 1.07  1.000                 pass
  measured today: others 3

flows: two flows
  first's share   report   0.450                 report

broken: a broken promise
    the oracle: at 3s: message 4 was delivered twice
  MISS

cut: a case that Ctrl-C came before
  not run

4 rows: 0 pass, 2 missed, 2 without a verdict (cut short)`
	if got := example().Text(80); got != want {
		t.Errorf("text:\n%s\nwant:\n%s", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	_, got, _ := strings.Cut(example().Markdown(), "\n\n")
	want := `| case | measured today | to reach | simulator | | sockets |
|---|---|---|---|---|---|
| some bulk | others 3 | goodput Mbit/s >= 46, wire <= 1.07 | 45.00 (44.00..47.00), 1.000 | MISS | 40.00 |
| two flows | - | first's share report | 0.450 | report |  |
| a broken promise | - |  |  | MISS |  |
| a case that Ctrl-C came before | - |  |  | not run |  |

- bulk, goodput over sockets: the run is shorter: the simulator gives 41.00 for as long
- broken: the oracle: at 3s: message 4 was delivered twice

4 rows: 0 pass, 2 missed, 2 without a verdict (cut short)`
	if got != want {
		t.Errorf("markdown:\n%s\nwant:\n%s", got, want)
	}
}

func TestCSV(t *testing.T) {
	var b strings.Builder
	if err := example().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	want := `case,measure,unit,target,simulator,simulator_low,simulator_high,verdict,sockets,apart
bulk,goodput,Mbit/s,>= 46,45,44,47,MISS,40,the run is shorter: the simulator gives 41.00 for as long
bulk,wire,,<= 1.07,1,1,1,pass,,
flows,first's share,,report,0.45,0.45,0.45,report,,
broken,,,,,,,MISS,,
cut,,,,,,,not run,,
`
	if b.String() != want {
		t.Errorf("csv:\n%s\nwant:\n%s", b.String(), want)
	}
}

// The keys are what scripts read: they change with the schema or not at all.
func TestJSON(t *testing.T) {
	r := example()
	r.Rows = r.Rows[:1]
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"udplab/bench-table/v1","seeds":5,"duration_seconds":15,"paced_messages":20000,"packet_bytes":1452,"congestion":"newreno",` +
		`"sockets":{"runs":1,"duration_seconds":5,"flows_duration_seconds":10,"paced_duration_seconds":8},"complete":false,"missed":2,"rows":[` +
		`{"case":"bulk","title":"some bulk","measured_today":"others 3","verdict":"MISS","figures":[` +
		`{"measure":"goodput","unit":"Mbit/s","target":"\u003e= 46","verdict":"MISS","simulator":45,"simulator_per_seed":[44,45,47],` +
		`"simulator_as_long_as_sockets":41,"over_sockets":40,"apart":"the run is shorter: the simulator gives 41.00 for as long"},` +
		`{"measure":"wire","target":"\u003c= 1.07","verdict":"pass","simulator":1,"simulator_per_seed":[1,1,1]}],"sockets_late_ms":0.25}]}`
	if string(got) != want {
		t.Errorf("json:\n%s\nwant:\n%s", got, want)
	}
}
