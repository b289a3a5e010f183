package table

import (
	"context"
	"reflect"
	"regexp"
	"sync/atomic"
	"testing"
	"time"
)

// small is a run of some cases that takes little.
func small() Options {
	o := DefaultOptions()
	o.Seeds, o.Duration, o.Sockets = 2, time.Second, false
	o.Cases = regexp.MustCompile("^(isolated-losses|bulk-1|bulk-5)$")
	return o
}

// Where a figure goes depends on the case and the seed, not on which core was
// first.
func TestRunsAreTheSameOnAnyNumberOfCores(t *testing.T) {
	const pieces = 2 + 2*bulkDraws*2 // two seeds of the losses, and more of either bulk
	var steps atomic.Int64
	progress := func(done, of int, what string) {
		steps.Add(1)
		if of != pieces || done >= of || what == "" {
			t.Errorf("progress %d of %d: %q, want %d pieces of work", done, of, what, pieces)
		}
	}
	first := Run(context.Background(), small(), progress)
	if steps.Load() != pieces {
		t.Errorf("%d pieces of work announced, want %d", steps.Load(), pieces)
	}
	if len(first.Rows) != 3 || first.Rows[0].Case != "bulk-1" || first.Rows[1].Case != "bulk-5" || first.Rows[2].Case != "isolated-losses" {
		t.Fatalf("rows %+v, want the three chosen in the table's order", first.Rows)
	}
	if again := Run(context.Background(), small(), func(int, int, string) {}); !reflect.DeepEqual(again, first) {
		t.Fatalf("%+v\nthen\n%+v", first, again)
	}
}

// What was finished before the signal stays; the rest says that it was not run.
func TestRunCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := small()
	o.Sockets = true
	r := Run(ctx, o, func(int, int, string) { cancel() })
	if r.Complete || len(r.Rows) != 3 {
		t.Fatalf("complete %v with %d rows, want a report of three that was cut short", r.Complete, len(r.Rows))
	}
	if last := r.Rows[2]; last.Verdict != NotRun || r.Missed != 0 {
		t.Errorf("the last row: %s, %d missed; want not run, and none", last.Verdict, r.Missed)
	}
}
