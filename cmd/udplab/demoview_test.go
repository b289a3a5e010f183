package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"udplab/cmd/internal/demo"
)

var update = flag.Bool("update", false, "write the golden files anew")

// demoSample is a run of the default configuration.
func demoSample() (demo.Config, demo.Result) {
	return demo.DefaultConfig(), demo.Result{
		Schema: demo.Schema, Seed: 1, Seconds: 4.583, Complete: true,
		Raw: demo.Half{
			Sent: 400, Delivered: 354, Lost: 46, OutOfOrder: 16, Duplicate: 12, Corrupt: 1,
			WireBytes: 90016, PayloadBytes: 70800, Latency: demo.Latency{P50: 41.471, P95: 52.031, P99: 79.295},
			Network: demo.Network{Datagrams: 400, Lost: 45, Duplicated: 12, Reordered: 16, Corrupted: 1},
		},
		Reliable: demo.Half{
			Sent: 400, Delivered: 400, Retransmits: 68,
			WireBytes: 111200, PayloadBytes: 80000, Latency: demo.Latency{P50: 124.031, P95: 262.399, P99: 1327.167}, Connect: 227.738,
			Network: demo.Network{Datagrams: 392, Lost: 43, Duplicated: 10, Reordered: 22, Corrupted: 2},
		},
	}
}

// The report at the widths of a log, a narrow window and one that is hardly
// there.
func TestDemoReport(t *testing.T) {
	cfg, result := demoSample()
	for _, width := range []int{80, 40, 10} {
		report := demoView{width: width}.report(&cfg, &result)
		demoGolden(t, fmt.Sprintf("report_%d", width), report+"\n")
	}
}

// No line may be wider than the terminal at any width: a terminal that wraps
// lines breaks what is drawn in place.
func TestDemoViewFitsEveryWidth(t *testing.T) {
	cfg, result := demoSample()
	cfg.Network.Down.Loss = 0.2
	for width := 1; width <= 120; width++ {
		for _, colour := range []bool{false, true} {
			v := demoView{width, colour}
			lines := append(v.table(&result), strings.Split(v.report(&cfg, &result), "\n")...)
			for _, line := range lines {
				if got := ansi.StringWidth(line); got > width {
					t.Errorf("at width %d: %q takes %d columns", width, line, got)
				}
			}
		}
	}
}

// Colour marks the faults and nothing else, and takes no information with it.
func TestDemoColourIsForFaults(t *testing.T) {
	_, result := demoSample()
	plain := strings.Join(demoView{width: 80}.table(&result), "\n")
	coloured := strings.Join(demoView{width: 80, colour: true}.table(&result), "\n")
	if strings.Contains(plain, "\x1b") {
		t.Errorf("without colour: %q", plain)
	}
	if got := ansi.Strip(coloured); got != plain {
		t.Errorf("less its colour:\n%s\nwant\n%s", got, plain)
	}
	// lost, out of order, duplicate and corrupt of raw mode.
	if got := strings.Count(coloured, "\x1b[31m"); got != 4 {
		t.Errorf("%d red numbers, want 4: %q", got, coloured)
	}
}

func TestDemoLine(t *testing.T) {
	_, result := demoSample()
	want := "4.6s: raw 354 of 400 delivered, 46 lost, 16 out of order, 12 duplicate, 1 corrupt; reliable 400 of 400 delivered, 68 retransmits"
	if got := (demoView{width: 80}).line(&result); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := (demoView{width: 80}).line(&demo.Result{Seconds: 2.04}), "2s: opening the connection"; got != want {
		t.Errorf("before the first message: got %q, want %q", got, want)
	}
}

// Before anything was delivered there is no ratio and no latency to show.
func TestDemoTableBeforeTheFirstMessage(t *testing.T) {
	_, result := demoSample()
	for _, h := range []*demo.Half{&result.Raw, &result.Reliable} {
		*h = demo.Half{Latency: demo.NoLatency()}
	}
	lines := demoView{width: 80}.table(&result)
	for _, line := range lines[len(lines)-3:] {
		if !strings.HasSuffix(line, "         -         -") {
			t.Errorf("line %q, want two dashes", line)
		}
	}
}

// demoGolden compares with testdata/demo/<name>.txt, or writes it.
func demoGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "demo", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have turned the line ends.
	if text := strings.ReplaceAll(string(want), "\r\n", "\n"); got != text {
		t.Errorf("%s: run with -update and review the diff\n got:\n%s\nwant:\n%s", name, got, text)
	}
}
