package metrics

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// wantSeries compares everything the collector says under the given names with
// the text a scrape would show; HELP lines are left out of want, METRICS.md is
// where they are checked.
func wantSeries(t *testing.T, c prometheus.Collector, want string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{} // by name
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			name, _, _ := strings.Cut(strings.ReplaceAll(line, "{", " "), " ")
			lines[name] += line + "\n"
		}
	}
	names := slices.Collect(maps.Keys(lines))
	var full strings.Builder
	for _, f := range families {
		if text, ok := lines[f.GetName()]; ok {
			fmt.Fprintf(&full, "# HELP %s %s\n# TYPE %s %s\n%s", f.GetName(), f.GetHelp(),
				f.GetName(), strings.ToLower(f.GetType().String()), text)
			delete(lines, f.GetName())
		}
	}
	for name := range lines {
		t.Errorf("no series of %s", name)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(full.String()), names...); err != nil {
		t.Error(err)
	}
}

// numbered returns a snapshot whose unsigned fields all differ, the first is
// factor, the second 2*factor and so on.
func numbered[S any](factor uint64) S {
	var s S
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Uint64:
			f.SetUint(factor * uint64(i+1))
		case addsUp(v.Type().Field(i)):
			f.SetInt(int64(factor) * int64(i+1))
		}
	}
	return s
}

// checkAdd proves that add sums every unsigned field of S, so a counter that
// is new in S can't be forgotten here, and leaves all other fields alone.
func checkAdd[S any](t *testing.T, add func(total, s *S)) {
	t.Helper()
	total, one := numbered[S](1), numbered[S](100)
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanInt() && !addsUp(v.Type().Field(i)) {
			f.SetInt(math.MaxInt32)
		}
	}
	add(&total, &one)
	if want := numbered[S](101); !reflect.DeepEqual(total, want) {
		t.Errorf("added snapshot:\n got %+v\nwant %+v", total, want)
	}
}

// addsUp reports whether a field is a time that only grows: by its name, for
// gauges are times as well.
func addsUp(f reflect.StructField) bool {
	return f.Type.Kind() == reflect.Int64 && strings.HasPrefix(f.Name, "Time")
}

type fakeStats struct{ Events uint64 }

func newFakeLedger() *ledger[fakeStats] {
	return newLedger(func(total, s *fakeStats) { total.Events += s.Events })
}

func TestLedgerKeepsWhatARetiredSourceCounted(t *testing.T) {
	l := newFakeLedger()
	first, second := fakeStats{5}, fakeStats{7}
	retireFirst := l.open(func() fakeStats { return first })
	l.open(func() fakeStats { return second })

	first.Events = 6 // counted between the last scrape and the end
	retireFirst()
	retireFirst()
	first.Events = 1000 // the source is not asked again
	total, retired, live := l.read()
	if total.Events != 13 || retired.Events != 6 || len(live) != 1 || live[0].Events != 7 {
		t.Errorf("total %d, retired %d, live %v; want 13, 6, [{7}]", total.Events, retired.Events, live)
	}
}

// Sources that retire while others read must be counted once: twice or never
// would make a counter jump.
func TestLedgerTotalNeverFallsWhileSourcesRetire(t *testing.T) {
	const sources = 500
	l := newFakeLedger()
	retire := make([]func(), sources)
	for i := range retire {
		retire[i] = l.open(func() fakeStats { return fakeStats{1} })
	}
	var group sync.WaitGroup
	group.Go(func() {
		for _, r := range retire {
			r()
		}
	})
	for range 200 {
		if total, _, _ := l.read(); total.Events != sources {
			t.Errorf("total while retiring: got %d, want %d", total.Events, sources)
			break
		}
	}
	group.Wait()
	if _, retired, live := l.read(); retired.Events != sources || len(live) != 0 {
		t.Errorf("after all ended: retired %d, live %d; want %d, 0", retired.Events, len(live), sources)
	}
}

// countSeries counts the series of one name.
func countSeries(t *testing.T, c prometheus.Collector, name string) int {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	n, err := testutil.GatherAndCount(registry, name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
