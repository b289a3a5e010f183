package record

import (
	"slices"
	"strings"
	"testing"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

// measured makes a record with figures of one metric at one workload.
func measured(row, key string, figures map[string][]float64) *Record {
	r := &Record{}
	for _, name := range []string{contender.OursName, contender.QUICGoName, contender.SCTPName, contender.TCPName, contender.RawName, contender.LimitName} {
		for _, v := range figures[name] {
			r.Add(name, workload.Outcome{Row: row, Values: map[string]float64{key: v}})
		}
	}
	r.Finish()
	return r
}

func find(t *testing.T, r *Record, row, what string) Bar {
	t.Helper()
	i := slices.IndexFunc(r.Bars, func(b Bar) bool { return b.Workload == row && b.What == what })
	if i < 0 {
		t.Fatalf("no bar %q of %s", what, row)
	}
	return r.Bars[i]
}

// Bars on made-up figures, at the edge and on both sides of it.
func TestBarsAreJudged(t *testing.T) {
	tests := []struct {
		row, what, key, against string
		ours, other, got        float64
		want                    Verdict
	}{
		{"bulk-1", "goodput over quic-go's", "goodput_mbit_s", contender.QUICGoName, 4000, 1000, 4, Met},
		{"bulk-1", "goodput over quic-go's", "goodput_mbit_s", contender.QUICGoName, 3999, 1000, 3.999, Missed},
		{"bulk-1", "goodput over pion/sctp's", "goodput_mbit_s", contender.SCTPName, 5900, 1000, 5.9, Missed},
		{"bulk-1", "goodput over raw GSO+GRO's", "goodput_mbit_s", contender.LimitName, 30, 120, 0.25, Met},
		{"bulk-1", "CPU per byte over quic-go's", "cpu_ns_per_byte", contender.QUICGoName, 0.5, 2, 0.25, Met},
		{"bulk-1", "CPU per byte over quic-go's", "cpu_ns_per_byte", contender.QUICGoName, 1, 2, 0.5, Missed},
		{"bulk-1", "allocations per MiB", "allocs_per_mib", "", 10, 0, 10, Met},
		{"bulk-1", "allocations per MiB", "allocs_per_mib", "", 10.5, 0, 10.5, Missed},
		{"bulk-jumbo", "goodput over kernel TCP's", "goodput_mbit_s", contender.TCPName, 1, 2, 0.5, Met},
		{"ping-64", "p50 over raw UDP's", "p50_us", contender.RawName, 3, 2, 1.5, Met},
		{"ping-64", "p99 over raw UDP's", "p99_us", contender.RawName, 4, 2, 2, Missed},
		{"ping-64", "p50 over quic-go's", "p50_us", contender.QUICGoName, 5, 10, 0.5, Met},
		{"ping-64", "p99 over quic-go's", "p99_us", contender.QUICGoName, 11, 10, 1.1, Missed},
		{"connects", "connects a second over quic-go's", "connects_s", contender.QUICGoName, 5, 1, 5, Met},
		{"idle", "heap of a connection, client, bytes", "client_heap_bytes", "", 8192, 0, 8192, Met},
		{"idle", "heap of a connection, server, bytes", "server_heap_bytes", "", 8193, 0, 8193, Missed},
		{"idle", "CPU of 1,000, server, percent of a core", "server_cpu_percent", "", 0.04, 0, 0.04, Met},
		{"idle", "CPU of 1,000, client, percent of a core", "client_cpu_percent", "", 0.06, 0, 0.06, Missed},
	}
	for _, tt := range tests {
		r := measured(tt.row, tt.key, map[string][]float64{contender.OursName: {tt.ours}, tt.against: {tt.other}})
		bar := find(t, r, tt.row, tt.what)
		if bar.Verdict != tt.want || bar.Got != tt.got {
			t.Errorf("%s, %s, ours %v and %v: got %v, %s, want %v, %s", tt.row, tt.what, tt.ours, tt.other, bar.Got, bar.Verdict, tt.got, tt.want)
		}
		// Alone it says nothing about a ratio, and no other bar was measured.
		if n := r.Count(NotMeasured); n != len(bars)-1 {
			t.Errorf("%s, %s: %d bars not measured, want all but one of %d", tt.row, tt.what, n, len(bars))
		}
	}
}

func TestABarWithoutTheRivalIsNotMeasured(t *testing.T) {
	r := measured("bulk-1", "goodput_mbit_s", map[string][]float64{contender.OursName: {1e6}})
	if bar := find(t, r, "bulk-1", "goodput over quic-go's"); bar.Verdict != NotMeasured {
		t.Errorf("verdict %s", bar.Verdict)
	}
}

// The machine was slower from the second repetition on: the medians of both,
// 30 and 10, come from different times, and their ratio would be 3.
func TestRatiosAreOfRepetitions(t *testing.T) {
	r := measured("bulk-1", "goodput_mbit_s", map[string][]float64{
		contender.OursName:   {200, 20, 30},
		contender.QUICGoName: {100, 10, 5},
	})
	if ratio, ok := r.Ratio("bulk-1", "goodput_mbit_s", contender.OursName, contender.QUICGoName); !ok || ratio != 2 {
		t.Errorf("ratio %v, want 2, the median of 2, 2 and 6", ratio)
	}
	if got, _ := r.Median("bulk-1", "goodput_mbit_s", contender.OursName); got != 30 {
		t.Errorf("median %v, want 30", got)
	}
}

// A repetition without a figure has no ratio; one that stalled at some speed has.
func TestStalledRepetitions(t *testing.T) {
	r := &Record{}
	for i, quic := range []float64{0, 100, 50} {
		r.Add(contender.OursName, workload.Outcome{Row: "bulk-1", Values: map[string]float64{"goodput_mbit_s": 400}})
		o := workload.Outcome{Row: "bulk-1", Values: map[string]float64{"goodput_mbit_s": quic}}
		if i == 0 {
			o = workload.Outcome{Row: "bulk-1", Failed: "stalled after 17 bytes"}
		}
		r.Add(contender.QUICGoName, o)
	}
	r.Finish()
	if ratio, ok := r.Ratio("bulk-1", "goodput_mbit_s", contender.OursName, contender.QUICGoName); !ok || ratio != 6 {
		t.Errorf("ratio %v, want the mean of 4 and 8", ratio)
	}
	page := r.Markdown(workload.All())
	if !strings.Contains(page, "| 1 of 3 runs: stalled after 17 bytes |") {
		t.Errorf("the page does not say that a run stalled:\n%s", page)
	}
}

func TestFiguresHaveThousandsApart(t *testing.T) {
	for want, v := range map[string]float64{"0": 0.4, "999": 999, "1,000": 1000, "-1,000": -1000, "-100": -100, "12,345,678": 12345678} {
		if got := figure(v, 0); got != want {
			t.Errorf("figure(%v) is %q, want %q", v, got, want)
		}
	}
	if got := figure(1234.567, 2); got != "1,234.57" {
		t.Errorf("figure(1234.567, 2) is %q", got)
	}
}

func TestHereKnowsThisMachine(t *testing.T) {
	m := Here()
	if m.Cores < 1 || !strings.HasPrefix(m.Go, "go") || !strings.Contains(m.System, "/") || m.CPU == "" || m.Kernel == "" {
		t.Errorf("%+v", m)
	}
}
