package demo

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The results below are runs of the default configuration, as they were
// measured or, where a promise is broken, made up.
func judged() map[string]*Result {
	return map[string]*Result{
		"default damage": {
			Seed: 1, Complete: true,
			Raw: Half{
				Sent: 400, Delivered: 354, Lost: 46, OutOfOrder: 16, Duplicate: 12, Corrupt: 1,
				WireBytes: 90016, PayloadBytes: 70800, Latency: Latency{41.471, 52.031, 79.295},
				Network: Network{Datagrams: 400, Lost: 45, Duplicated: 12, Reordered: 16, Corrupted: 1},
			},
			Reliable: Half{
				Sent: 400, Delivered: 400, Retransmits: 68,
				WireBytes: 111200, PayloadBytes: 80000, Latency: Latency{124.031, 262.399, 327.167}, Connect: 227.738,
				Network: Network{Datagrams: 392, Lost: 43, Duplicated: 10, Reordered: 22, Corrupted: 2},
			},
		},
		"no damage": {
			Seed: 1, Complete: true,
			Raw: Half{
				Sent: 400, Delivered: 400,
				WireBytes: 90016, PayloadBytes: 80000, Latency: Latency{40.2, 40.9, 41.5},
				Network: Network{Datagrams: 400},
			},
			Reliable: Half{
				Sent: 400, Delivered: 400,
				WireBytes: 108000, PayloadBytes: 80000, Latency: Latency{40.3, 41.0, 41.7}, Connect: 160.8,
				Network: Network{Datagrams: 640},
			},
		},
		"total blackout": {
			Seed: 1, Complete: true,
			Raw: Half{
				Sent: 400, Lost: 400, WireBytes: 90016, Latency: NoLatency(),
				Network: Network{Datagrams: 400, Lost: 400},
			},
			Reliable: Half{
				Sent: 400, Lost: 400, WireBytes: 7200, Latency: NoLatency(), Connect: 5000,
				Network: Network{Datagrams: 6, Lost: 6},
				Error:   "no connection: no answer within 5s",
			},
		},
		"slow link": {
			Seed: 1, Complete: true,
			Raw: Half{
				Sent: 400, Delivered: 180, Lost: 220,
				WireBytes: 90016, PayloadBytes: 36000, Latency: Latency{140, 141, 142},
				Network: Network{Datagrams: 400, QueueDrops: 220},
			},
			Reliable: Half{
				Sent: 400, Delivered: 400, Retransmits: 1,
				WireBytes: 95000, PayloadBytes: 80000, Latency: Latency{2140, 5100, 11200}, Connect: 162,
				Network: Network{Datagrams: 160, QueueDrops: 1},
			},
		},
		"broken promises": {
			Seed: 1, Complete: false,
			Raw: Half{
				Sent: 10, Delivered: 9, Lost: 1, OutOfOrder: 1, Duplicate: 1, Corrupt: 1,
				WireBytes: 2250, PayloadBytes: 1800, Latency: Latency{1, 2, 3},
				Network: Network{Datagrams: 10, Lost: 1},
			},
			Reliable: Half{
				Sent: 10, Delivered: 8, Lost: 2, OutOfOrder: 2, Duplicate: 1, Corrupt: 1, Retransmits: 1,
				WireBytes: 3000, PayloadBytes: 1600, Latency: Latency{1, 2, 3}, Connect: 9.96,
				Network: Network{Datagrams: 1, Reordered: 1, Duplicated: 1, Corrupted: 1},
			},
		},
		"stopped before the start": {
			Raw:      Half{Latency: NoLatency()},
			Reliable: Half{Latency: NoLatency()},
		},
	}
}

func TestVerdict(t *testing.T) {
	for name, result := range judged() {
		verdict := Judge(result)
		var b strings.Builder
		for _, p := range verdict.Points {
			fmt.Fprintf(&b, "%s\n  raw:      %s\n  reliable: %s\n", p.Challenge, p.Raw, p.Reliable)
		}
		fmt.Fprintf(&b, "%s\n", verdict.Conclusion)
		golden(t, name, b.String())
	}
}

// golden compares with testdata/verdict/<name>.txt, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "verdict", strings.ReplaceAll(name, " ", "_")+".txt")
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
