package record

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/workload"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is a record with a little of everything.
func sample() *Record {
	r := &Record{
		Schema: Schema, Started: time.Date(2026, 11, 29, 22, 0, 0, 0, time.UTC),
		Command: []string{"rival", "--only", "bulk-1"}, Commit: "0123456789ab+",
		Machine: Machine{Go: "go1.26.8", System: "linux/amd64", Kernel: "6.18.44", CPU: "A CPU", Cores: 2, Load: "0.10 0.20 0.30"},
		Modules: []Module{{"github.com/quic-go/quic-go", "v0.65.0"}, {"udplab", "this checkout"}},
		Packet:  1452, Repetitions: 3, Complete: true,
	}
	r.Enter([]contender.Contender{
		{Name: contender.OursName, About: "messages", Module: "udplab"},
		{Name: contender.QUICGoName, About: "QUIC", Module: "github.com/quic-go/quic-go"},
		{Name: contender.LimitName, About: "the limit"},
	})
	for i := range 3 {
		f := float64(i)
		r.Add(contender.OursName, workload.Outcome{Row: "bulk-1", Values: map[string]float64{
			"goodput_mbit_s": 20000 + f, "cpu_ns_per_byte": 0.5, "allocs_per_mib": 1.25, "alloc_bytes_per_mib": 100,
		}})
		quic := workload.Outcome{Row: "bulk-1", Values: map[string]float64{"goodput_mbit_s": 5000 - f, "cpu_ns_per_byte": 2}}
		if i == 2 {
			quic.Failed = "stalled after 17 bytes"
		}
		r.Add(contender.QUICGoName, quic)
		r.Add(contender.LimitName, workload.Outcome{Row: "bulk-1", Values: map[string]float64{"goodput_mbit_s": 80000}})
	}
	r.Finish()
	return r
}

// The form of a record is a promise to whoever reads it: names and places only
// change with the schema. -update rewrites the files.
func TestRecordsHaveOneForm(t *testing.T) {
	r := sample()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "record.json", string(text)+"\n")
	golden(t, "record.md", r.Markdown(workload.All()))
	var again Record
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &again); diff != "" {
		t.Errorf("read back it differs:\n%s", diff)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
