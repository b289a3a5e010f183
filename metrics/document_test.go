package metrics

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

var update = flag.Bool("update", false, "write the tables of METRICS.md anew")

// The part of METRICS.md that is written by this test.
const (
	tablesBegin = "<!-- The tables are written by: go test ./metrics -run TestDocument -update -->\n"
	tablesEnd   = "<!-- end of the tables -->\n"
)

// TestDocument holds METRICS.md and what a scrape shows together: every family
// of ours is in it, with its type, its labels and its help, and nothing else.
func TestDocument(t *testing.T) {
	b, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have turned the line ends.
	document := strings.ReplaceAll(string(b), "\r\n", "\n")
	before, rest, ok := strings.Cut(document, tablesBegin)
	got, after, ok2 := strings.Cut(rest, tablesEnd)
	if !ok || !ok2 {
		t.Fatal("METRICS.md has lost the marks around its tables")
	}
	want := tables(t)
	if *update {
		if err := os.WriteFile("METRICS.md", []byte(before+tablesBegin+want+tablesEnd+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("METRICS.md differs from the registry; run with -update and review the diff.\nin the document:\n%s\nin the registry:\n%s", got, want)
	}
}

// tables renders one table per subsystem from a real scrape.
func tables(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, subsystem := range []string{"transport", "endpoint", "proxy", "application", "build"} {
		fmt.Fprintf(&b, "\n### %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", subsystem)
		for _, f := range ourFamilies(t) {
			if strings.HasPrefix(f.GetName(), "udplab_"+subsystem+"_") {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(),
					strings.ToLower(f.GetType().String()), strings.Join(labelNames(f), ", "), f.GetHelp())
			}
		}
	}
	b.WriteString("\n")
	for _, f := range ourFamilies(t) {
		if !strings.Contains(b.String(), "`"+f.GetName()+"`") {
			t.Errorf("%s belongs to no subsystem of METRICS.md", f.GetName())
		}
	}
	return b.String()
}

func labelNames(f *dto.MetricFamily) []string {
	var names []string
	for _, pair := range f.GetMetric()[0].GetLabel() {
		names = append(names, pair.GetName())
	}
	return names
}

// ourFamilies gathers everything whose name starts with udplab_.
func ourFamilies(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	families, err := fullRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
		return !strings.HasPrefix(f.GetName(), "udplab_")
	})
}

// TestLabelsAreClosed: a label value that is not in this table is a series
// somebody outside can make, or a word METRICS.md does not explain.
func TestLabelsAreClosed(t *testing.T) {
	closed := map[string][]string{
		labelMode:       {"raw", "reliable"},
		labelReason:     {"threshold", "time", "probe"},
		labelLimit:      {"application", "flow", "congestion", "pacing"},
		labelRung:       {"segments", "batch", "single", "portable"},
		labelFate:       {"superseded", "lost", "skipped", "passed_over", "stale", "dropped"},
		labelDirection:  {"up", "down"},
		labelImpairment: {"loss", "duplicate", "corrupt", "reorder"},
		labelMoment:     {"mean", "sd"},
		labelCause: {"loss", "queue", "blackout", "overload", "aqm", "policer", "mtu", "rule",
			"flow_limit", "flow_error", "flow_closed", "oversize", "nat", "kernel_tx", "kernel_rx"},
	}
	used := map[string]bool{}
	for _, f := range ourFamilies(t) {
		for _, metric := range f.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if f.GetName() == "udplab_build_info" {
					continue // one series, its values are those of this binary
				}
				used[pair.GetName()+"="+pair.GetValue()] = true
				if !slices.Contains(closed[pair.GetName()], pair.GetValue()) {
					t.Errorf("%s has %s=%q, which is not in the closed set %q", f.GetName(), pair.GetName(), pair.GetValue(), closed[pair.GetName()])
				}
			}
		}
	}
	for label, values := range closed {
		for _, value := range values {
			if !used[label+"="+value] {
				t.Errorf("no series has %s=%q, which the closed set allows", label, value)
			}
		}
	}
}

// Both modes must be there wherever the thing exists in both, or a comparison
// compares with nothing. What exists in one alone is listed with the reason.
func TestBothModesCarryTheSameNames(t *testing.T) {
	oneOnly := map[string]string{
		"udplab_transport_out_of_window_packets_total":    "reliable mode counts them as duplicates, it has the peer's acknowledged state to tell",
		"udplab_transport_limited_seconds_total":          "raw mode sends at once",
		"udplab_transport_queueing_delay_seconds":         "raw mode gets no answer to time",
		"udplab_transport_delivery_rate_bytes_per_second": "raw mode does not know what arrived",
		"udplab_transport_smoothed_rtt_seconds":           "raw mode gets no answer to time",
		"udplab_transport_rtt_variation_seconds":          "raw mode gets no answer to time",
		"udplab_transport_min_rtt_seconds":                "raw mode gets no answer to time",
		"udplab_transport_congestion_window_bytes":        "raw mode has no congestion control",
		"udplab_transport_pacing_rate_bytes_per_second":   "raw mode sends at once",
		"udplab_transport_min_packet_size_bytes":          "raw mode sends a message as one packet, whatever the path carries",
		"udplab_transport_reordering_window_seconds":      "raw mode declares lost at once and takes it back",
		"udplab_transport_loss_ratio":                     "raw mode does not know what became of the packets it sent",
		"udplab_transport_in_flight_bytes":                "raw mode cannot know what is in flight",
		"udplab_transport_send_queue_bytes":               "raw mode sends at once",
		"udplab_transport_receive_queue_bytes":            "raw mode keeps nothing back",
	}
	for _, f := range ourFamilies(t) {
		modes := map[string]bool{}
		for _, metric := range f.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if pair.GetName() == labelMode {
					modes[pair.GetValue()] = true
				}
			}
		}
		reason, excused := oneOnly[f.GetName()]
		switch {
		case len(modes) == 1 && !excused:
			t.Errorf("%s exists in one mode only: %v", f.GetName(), modes)
		case len(modes) != 1 && excused:
			t.Errorf("%s exists in %d modes, but should not in both: %s", f.GetName(), len(modes), reason)
		}
	}
}
