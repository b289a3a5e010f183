package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/record"
	"udplab/bench/rival/workload"
)

// diary notes who ran when.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) workload(name string) workload.Workload {
	return workload.Workload{
		Name: name, Rows: []string{name}, Main: "x",
		Takes: func(contender.Contender) bool { return true },
		Run: func(_ context.Context, c contender.Contender, _ workload.Settings) []workload.Outcome {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.lines = append(d.lines, name+" "+c.Name)
			return []workload.Outcome{{Row: name, Values: map[string]float64{"x": float64(len(d.lines))}}}
		},
	}
}

func contenders(names ...string) []contender.Contender {
	var cs []contender.Contender
	for _, name := range names {
		cs = append(cs, contender.Contender{Name: name})
	}
	return cs
}

// All contenders run once before any runs again, each time behind another one;
// a workload is over before the next begins.
func TestRepetitionsAreInterleaved(t *testing.T) {
	var d diary
	p := plan{workloads: []workload.Workload{d.workload("v"), d.workload("w")}, contenders: contenders("a", "b", "c"), repetitions: 3}
	var r record.Record
	p.run(t.Context(), &r)
	want := "v a, v b, v c, v b, v c, v a, v c, v a, v b, w a, w b, w c, w b, w c, w a, w c, w a, w b"
	if got := strings.Join(d.lines, ", "); got != want {
		t.Errorf("ran\n%s, want\n%s", got, want)
	}
	// Figures stand in the order of repetitions whoever began.
	var of []string
	for _, run := range r.Cells[0].Runs {
		of = append(of, fmt.Sprint(run.Values["x"]))
	}
	if r.Cells[0].Contender != "a" || strings.Join(of, " ") != "1 6 8" || !r.Complete {
		t.Errorf("the first cell is %s of %v", r.Cells[0].Contender, of)
	}
}

func TestOnlyWhoTakesPartRuns(t *testing.T) {
	var d diary
	w := d.workload("w")
	w.Takes = func(c contender.Contender) bool { return c.Name != "b" }
	plan{workloads: []workload.Workload{w}, contenders: contenders("a", "b"), repetitions: 2}.run(t.Context(), &record.Record{})
	if got := strings.Join(d.lines, ", "); got != "w a, w a" {
		t.Errorf("ran %s", got)
	}
}

// Side by side, contenders meet: each waits for all the others.
func TestSideBySide(t *testing.T) {
	var here sync.WaitGroup
	here.Add(3)
	w := workload.Workload{
		Name: "w", Rows: []string{"w"}, SideBySide: true,
		Takes: func(contender.Contender) bool { return true },
		Run: func(context.Context, contender.Contender, workload.Settings) []workload.Outcome {
			here.Done()
			here.Wait()
			return []workload.Outcome{{Row: "w"}}
		},
	}
	var r record.Record
	plan{workloads: []workload.Workload{w}, contenders: contenders("a", "b", "c"), repetitions: 1}.run(t.Context(), &r)
	if len(r.Cells) != 3 {
		t.Errorf("%d cells, want 3", len(r.Cells))
	}
}

// A signal keeps what was measured, drops what was not finished, and says so.
func TestACutShortRunKeepsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var d diary
	w := d.workload("w")
	inner := w.Run
	w.Run = func(ctx context.Context, c contender.Contender, s workload.Settings) []workload.Outcome {
		if len(d.lines) == 2 {
			cancel()
		}
		return inner(ctx, c, s)
	}
	var r record.Record
	plan{workloads: []workload.Workload{w}, contenders: contenders("a", "b", "c"), repetitions: 5}.run(ctx, &r)
	if len(r.Cells) != 2 || r.Complete {
		t.Errorf("%d cells, complete: %v", len(r.Cells), r.Complete)
	}
}

// A contender that never returns is left behind, and named.
func TestWhoNeverEndsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		w := workload.Workload{
			Name: "w", Rows: []string{"w-1", "w-2"}, Takes: func(contender.Contender) bool { return true },
			Run: func(_ context.Context, c contender.Contender, _ workload.Settings) []workload.Outcome {
				if c.Name == "stuck" {
					<-release
				}
				return []workload.Outcome{{Row: "w-1"}, {Row: "w-2"}}
			},
		}
		var r record.Record
		plan{workloads: []workload.Workload{w}, contenders: contenders("stuck", "well"), repetitions: 1}.run(t.Context(), &r)
		if len(r.Cells) != 4 {
			t.Fatalf("%d cells, want 4", len(r.Cells))
		}
		for i, c := range r.Cells {
			if stuck := i < 2; stuck != (len(c.Failures()) == 1) {
				t.Errorf("%s of %s: %v", c.Workload, c.Contender, c.Failures())
			}
		}
	})
}

func TestChoosingWorkloads(t *testing.T) {
	var all []workload.Workload
	for _, name := range []string{"bulk-1", "bulk-8", "ping-64", "idle"} {
		all = append(all, workload.Workload{Name: name})
	}
	for text, want := range map[string]string{
		"":               "bulk-1 bulk-8 ping-64 idle",
		"bulk":           "bulk-1 bulk-8",
		"idle,bulk-8":    "bulk-8 idle",
		"ping-64,nobody": "ping-64 unknown: nobody",
		"bul":            " unknown: bul",
	} {
		chosen, unknown := choose(all, list(text))
		var names []string
		for _, w := range chosen {
			names = append(names, w.Name)
		}
		got := strings.Join(names, " ")
		if len(unknown) > 0 {
			got += " unknown: " + strings.Join(unknown, " ")
		}
		if got != want {
			t.Errorf("%q chooses %q, want %q", text, got, want)
		}
	}
}

func TestRotated(t *testing.T) {
	for n, want := range [][]int{{1, 2, 3}, {2, 3, 1}, {3, 1, 2}, {1, 2, 3}} {
		if got := rotated([]int{1, 2, 3}, n); !slices.Equal(got, want) {
			t.Errorf("rotated by %d: %v, want %v", n, got, want)
		}
	}
	if got := rotated([]int(nil), 2); got != nil {
		t.Errorf("nothing rotated: %v", got)
	}
}
